"""Times, queries, sizes and memory of one database."""

from __future__ import annotations

import resource
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.cache import caches
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from collector.base.days import utc_day
from collector.base.garbage import reduce_collections
from collector.collecting import freshness
from collector.models import Member, UsageEvent
from detection.engine import detect
from detection.models import DetectionSettings
from detection.replay import past
from detection.replay.backtest import backtest
from detection.replay.preview import preview
from incidents.lifecycle import take_in
from tests.bench.hourly import Echo, run

REPEATS = 20
BACKTEST_MEMBERS = 2_000


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one thing done several times."""

    name: str
    median: float
    p95: float
    cold: float | None = None  # where nothing was kept
    cpu: float = 0  # median of this process's own processor time: comparable on a busy machine
    queries: int | None = None


def pages() -> list[Timing]:
    """Server time of each page, asked again and again by a signed-in administrator."""
    client = _client()
    reduce_collections()
    member = Member.objects.order_by("pk").first()
    addresses = {
        "overview": "/",
        "overview, cycle": "/?period=cycle",
        "insights": "/insights",
        "member": f"/users/{member.email}" if member else "/",
        "incidents": "/incidents",
        "settings": "/settings",
        "chargeback": "/chargeback",
    }
    return [_page(client, name, address) for name, address in addresses.items()]


def detection(now: datetime) -> list[Timing]:
    """One detection run, the first (which stores) and the ones after it."""
    reports = []

    def run() -> None:
        reports.append(detect(now, data_ages=freshness.ages(now)))

    first = timed("detection, first", run, repeats=1)
    take_in(reports[0], now)
    again = timed("detection, again", run, repeats=3)
    # Ten thousand members' months of events are more than a replay is for.
    replayed = [_backtest(now), _preview(now)] if Member.objects.count() <= BACKTEST_MEMBERS else []
    return [first, again, *replayed]


def _backtest(now: datetime) -> Timing:
    """Thirty days replayed hour by hour, reading them included."""
    policy, last = DetectionSettings.get_solo(), utc_day(now)
    first = last - timedelta(days=29)
    steps = past.replayed(first, last, 1, now)
    return timed(
        "backtest, 30 days",
        lambda: backtest(past.load_history(first, last, policy), policy, steps),
        repeats=1,
    )


def _preview(now: datetime) -> Timing:
    """What “Test on the past 30 days” takes the worker."""
    policy = DetectionSettings.get_solo()
    return timed("preview of settings", lambda: preview(policy, now), repeats=1)


def hourly(now: datetime) -> list[Timing]:
    """A run of the hour without the network."""
    echo = Echo()
    wall, cpu = _once(lambda: run(now, echo))
    own = wall - echo.wall * 1000
    return [Timing("hourly run, no network", own, own, cpu=cpu - echo.cpu * 1000)]


def timed(
    name: str,
    work: Callable[[], object],
    *,
    repeats: int = REPEATS,
    cold: float | None = None,
    queries: int | None = None,
) -> Timing:
    taken = sorted(_once(work) for _ in range(repeats))
    walls, cpus = zip(*taken, strict=True)
    p95 = walls[round(0.95 * (repeats - 1))]
    return Timing(name, statistics.median(walls), p95, cold, statistics.median(cpus), queries)


def _once(work: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def database_megabytes() -> float:
    """The whole database on disk, indices included."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_database_size(current_database())")
            return float(cursor.fetchone()[0]) / 1e6
    return Path(settings.DATABASES["default"]["NAME"]).stat().st_size / 1e6


def peak_megabytes() -> float:
    """Most memory this process has held."""
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6


def events() -> int:
    return UsageEvent.objects.count()


def _client() -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    user, _ = get_user_model().objects.get_or_create(username="bench", is_staff=True, is_superuser=True)
    client.force_login(user)
    return client


def _page(client: Client, name: str, address: str) -> Timing:
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address, follow=True)
    if answer.status_code != 200:
        return Timing(f"{name} ({answer.status_code})", 0, 0)
    queries = len(captured)
    cold = _without(caches["pages"].clear, client, address)
    return timed(name, lambda: client.get(address), cold=cold, queries=queries)


def _without(forget: Callable[[], object], client: Client, address: str) -> float:
    """Median of a few answers, each after `forget`."""

    def forgetful() -> float:
        forget()
        return _once(lambda: client.get(address))[0]

    return statistics.median(forgetful() for _ in range(5))

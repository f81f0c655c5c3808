"""One size of company on the database that DATABASE_URL names: build it if it is empty, then measure."""

from __future__ import annotations

import os
import sys
import time
from datetime import UTC, datetime

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
os.environ["LOG_LEVEL"] = "ERROR"
django.setup()

from django.core.management import call_command  # noqa: E402  Django must be set up first
from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from collector.models import Member, UsageEvent  # noqa: E402
from tests.bench import measure  # noqa: E402
from tests.bench.company import Size, build  # noqa: E402


def main(members: int, days: int, events: float) -> None:
    call_command("migrate", verbosity=0)
    if not Member.objects.exists():
        _build(Size(members, days, events))
    newest = UsageEvent.objects.order_by("-occurred_at").values_list("occurred_at", flat=True).first()
    now = newest or timezone.now()
    _print(members, [*measure.pages(), *measure.detection(now), *measure.hourly(now)])


def _build(size: Size) -> None:
    started = time.monotonic()
    now = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    with transaction.atomic():
        build(size, now)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(f"built {measure.events():,} events in {time.monotonic() - started:.0f} s", flush=True)


def _print(members: int, timings: list[measure.Timing]) -> None:
    columns = ("what", "median ms", "p95 ms", "cold ms", "cpu ms", "queries")
    table = Table(*columns, title=_title(members))
    for timing in timings:
        figures = (timing.median, timing.p95, timing.cold, timing.cpu, timing.queries)
        table.add_row(timing.name, *("" if figure is None else f"{figure:.0f}" for figure in figures))
    table.caption = (
        f"database {measure.database_megabytes():,.0f} MB, peak memory {measure.peak_megabytes():,.0f} MB"
    )
    Console(width=100).print(table)


def _title(members: int) -> str:
    return f"{members:,} members, {measure.events():,} events, {connection.vendor}"


main(int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]))

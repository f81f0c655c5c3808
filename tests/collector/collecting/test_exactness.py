"""Whatever happens on the way, after the next clean run the database is the API's truth, row for row."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from unittest import mock

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from collector.collecting import runs
from collector.collecting.due import window_of
from collector.collecting.windows import closed_minute
from collector.cursor import events as reading
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.limits import Limiter
from collector.models import MemberModelDay, UsageEvent
from collector.sources import events
from sandbox import Clock, Sandbox, build_company
from sandbox.faults import KINDS, Mishaps

START = datetime(2026, 9, 14, 9, 17, 20, tzinfo=UTC)
FIRST = START.replace(second=0) - timedelta(days=30)
COMPANY = build_company(members=12, days=8, seed=11, now=START, ahead_days=10)

TOKENS = ("inputTokens", "outputTokens", "cacheWriteTokens", "cacheReadTokens")


class Killed(BaseException):
    """The process ends here."""


# Where a kill may strike, and at which use of it: between requests, while rows are written, before the
# totals, before the watermark.
PLACES = {
    "collector.cursor.client.CursorClient._try": 25,
    "collector.base.upsert.FactTable._write": 9,
    "collector.facts.rollups.recompute": 4,
    "collector.collecting.watermarks.extend": 4,
}
kills = st.sampled_from(sorted(PLACES)).flatmap(
    lambda place: st.tuples(st.just(place), st.integers(0, PLACES[place]))
)
# Hours that pass, and then a run: a plain one (None), one that is killed, one that another overlaps.
steps = st.tuples(st.integers(0, 30), st.one_of(st.none(), kills, kills, st.just("overlap")))
# Several pages and parts to every window, so that every fault finds its place.
SMALL = {"PAGE_SIZE": 40, "LARGEST_PART": 150, "AIM": 100}
SOURCES = ("events", "activity")


def dies_at(place: str, call: int) -> Any:
    """Let the `call`-th use of `place` end the process."""
    module, _, name = place.rpartition(".")
    real: Callable[..., Any] = _resolve(place)
    calls = iter(range(10**6))

    def maybe(*args: Any, **kwargs: Any) -> Any:
        if next(calls) == call:
            raise Killed
        return real(*args, **kwargs)

    return mock.patch(place, maybe)


def _resolve(place: str) -> Any:
    parts = place.split(".")
    found: Any = __import__(".".join(parts[:2]), fromlist=["_"])
    for part in parts[2:]:
        found = getattr(found, part)
    return found


def true_rows(sandbox: Sandbox, until: datetime) -> Counter[tuple]:
    rows = sandbox.truth(FIRST, until).rows
    return Counter(_true_row(row) for row in rows)


def _true_row(row: dict[str, Any]) -> tuple:
    account = row.get("serviceAccountId", "null")
    nobody = "unattributed" if account == "null" else f"service-account:{account}"
    usage = row.get("tokenUsage") or {}
    return (
        int(row["timestamp"]),
        row.get("userEmail", "").lower() or nobody.lower(),
        row["model"],
        row["kind"],
        Decimal(str(row["chargedCents"])),
        row["isChargeable"],
        row.get("conversationId", ""),
        *(usage.get(name) for name in TOKENS),
    )


def stored_rows() -> Counter[tuple]:
    rows = UsageEvent.objects.values_list(
        "occurred_at",
        "member__email",
        "model",
        "kind",
        "charged_cents",
        "is_chargeable",
        "conversation_id",
        "input_tokens",
        "output_tokens",
        "cache_write_tokens",
        "cache_read_tokens",
    )
    return Counter((round(at.timestamp() * 1000), *rest) for at, *rest in rows)


def true_totals(rows: Counter[tuple]) -> dict[tuple, Decimal]:
    totals: Counter[tuple] = Counter()
    for (ms, email, model, _, cents, *_), number in rows.items():
        totals[email, model, datetime.fromtimestamp(ms / 1000, UTC).date()] += cents * number
    return {key: cents for key, cents in totals.items() if cents}


def stored_totals() -> dict[tuple, Decimal]:
    totals: Counter[tuple] = Counter()
    for *key, cents in MemberModelDay.objects.values_list("member__email", "model", "day", "total_cents"):
        totals[tuple(key)] += cents
    return {key: cents for key, cents in totals.items() if cents}


class Story:
    """One sandbox in trouble, and a collector that has to live with it."""

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self.client = CursorClient(
            sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True), sleep=lambda seconds: None
        )

    @property
    def now(self) -> datetime:
        return self.sandbox.clock.now()

    def tell(self, hours: int, trouble: Any) -> None:
        self.sandbox.clock.advance(hours=hours)
        if trouble is None:
            self.collect(contextlib.nullcontext())
        elif trouble == "overlap":
            self.collect(mock.patch.object(events.rollups, "recompute", self.intrude))
        else:
            self.collect(dies_at(*trouble))

    def collect(self, patch: Any) -> None:
        with contextlib.suppress(Killed, CursorApiError), patch:
            runs.collect(self.now, client=self.client, sources=SOURCES)

    def intrude(self, touched: Any, at: datetime) -> None:
        """Another process, whose lease the first one lost, reads the same while the first is writing."""
        with mock.patch.object(events.rollups, "recompute", recompute):
            recompute(touched, at)
            window = window_of("events", self.now)
            assert window
            with contextlib.suppress(CursorApiError):
                events.sync(self.client, window)

    def end_well(self) -> None:
        self.sandbox.faults.clear()
        report = runs.collect(self.now, client=self.client)
        assert report.failed == []


recompute = events.rollups.recompute


@pytest.mark.slow
@pytest.mark.overlaps(reason="the second collector is played inside the first one's transaction")
class ExactnessTest(TestCase):
    @settings(
        max_examples=8,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],  # a failing story is short enough to read; telling it shorter takes minutes
    )
    @given(st.integers(0, 10**6), st.lists(steps, min_size=4, max_size=7))
    def test_after_any_trouble_the_next_clean_run_makes_the_database_the_truth(
        self, seed: int, story: list[tuple]
    ):
        switches = {"late_share": 0.1, "revised_share": 0.1, "enforces_limits": False}
        with (
            Sandbox(COMPANY, clock=Clock(START), **switches) as sandbox,
            mock.patch.multiple(reading, **SMALL),
        ):
            sandbox.faults = sandbox.api.faults = Mishaps(seed)
            for kind in KINDS.values():
                sandbox.faults.sometimes(kind(0), 0.05)
            told = Story(sandbox)
            for step in story:
                told.tell(*step)
            told.end_well()
            truth = true_rows(sandbox, closed_minute(told.now))
        assert stored_rows() == truth
        assert stored_totals() == true_totals(truth)

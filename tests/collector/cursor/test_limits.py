from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from collector.cursor import limits
from collector.cursor.limits import Limiter, class_of
from collector.models import RequestSlot

pytestmark = pytest.mark.django_db
START = datetime(2026, 9, 16, 15, 0, 0, tzinfo=UTC)
EVENTS = "/teams/filtered-usage-events"


class FastClock:
    """Time that passes only by waiting."""

    def __init__(self) -> None:
        self.now = START

    def sleep(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def limiter(self) -> Limiter:
        return Limiter(now=lambda: self.now, sleep=self.sleep)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/teams/members", ("admin", 20)),
        ("/teams/groups", ("admin", 20)),
        (EVENTS, ("events", 60)),
        ("/analytics/team/dau", ("team-analytics", 100)),
        ("/analytics/by-user/mcp", ("by-user-analytics", 50)),
        ("/analytics/ai-code/commits", ("ai-code", 20)),
    ],
)
def test_each_address_counts_towards_its_documented_limit(path, expected):
    assert class_of(path) == expected


def busiest_minute(sent: list[datetime]) -> int:
    """The most requests that any minute, begin it when it may, has seen."""
    return max(sum(at <= other < at + timedelta(seconds=60) for other in sent) for at in sent)


def test_two_workers_together_never_exceed_the_minute_wherever_it_begins():
    clock, sent = FastClock(), []
    workers = [clock.limiter(), clock.limiter()]
    for number in range(150):
        workers[number % 2].wait(EVENTS)
        sent.append(clock.now)
    assert busiest_minute(sent) == 60


def test_a_long_reading_loses_less_than_two_percent_to_caution():
    clock = FastClock()
    limiter = clock.limiter()
    for _ in range(787):  # 30 days of 1,000 members, in parts
        limiter.wait(EVENTS)
    assert (clock.now - START) <= timedelta(minutes=787 / 60 * 1.02)


def test_classes_do_not_wait_for_each_other():
    clock = FastClock()
    limiter = clock.limiter()
    for _ in range(20):
        limiter.wait("/teams/members")
    limiter.wait(EVENTS)
    assert clock.now == START
    limiter.wait("/teams/spend")
    assert clock.now == START + timedelta(seconds=61)


def test_a_slot_taken_meanwhile_by_another_worker_is_not_taken_twice(monkeypatch):
    clock = FastClock()
    monkeypatch.setitem(limits.PER_MINUTE, EVENTS, ("events", 2))
    clock.limiter().wait(EVENTS)
    first = RequestSlot.objects.order_by("free_at", "number").first()
    real, stale = limits._reserve, Counter()

    def now() -> datetime:
        # Between reading a slot and taking it, somebody else takes it.
        if not stale["done"]:
            stale["done"] += 1
            RequestSlot.objects.filter(pk=first.pk).update(free_at=clock.now + limits.REST)
        return clock.now

    assert real("events", 2, now) == START + timedelta(seconds=61)


def test_slots_taken_by_a_clock_an_hour_ahead_hold_nobody_up():
    clock = FastClock()
    clock.now = START + timedelta(hours=1)
    for _ in range(60):
        clock.limiter().wait(EVENTS)
    clock.now = START
    for _ in range(60):
        clock.limiter().wait(EVENTS)
    assert clock.now == START
    clock.limiter().wait(EVENTS)
    assert clock.now == START + limits.REST

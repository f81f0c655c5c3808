"""How fast, and how gently, under the vendor's real limits: told by a clock that only waiting moves."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.cursor.pages import Page
from sandbox import Sandbox, build_company

from .test_limits import FastClock

pytestmark = pytest.mark.django_db
END = datetime(2026, 9, 16, 15, tzinfo=UTC)
WEEKDAY, WEEKEND = 34_000, 2_000  # events a day of 1,000 members


def happened_by(instant: datetime) -> int:
    """Events from 1 August to `instant`: nearly all of them on weekdays from 11:00 to 22:00."""
    begin = datetime(2026, 8, 1, tzinfo=UTC)
    days = (instant - begin).days
    whole = sum(daily(begin + timedelta(days=day)) for day in range(days))
    hours = (instant - begin - timedelta(days=days)) / timedelta(hours=1)
    return whole + int(daily(instant) * (0.1 * hours / 24 + 0.9 * min(max(hours - 11, 0), 11) / 11))


def daily(instant: datetime) -> int:
    return WEEKEND if instant.weekday() >= 5 else WEEKDAY


def test_thirty_days_of_a_thousand_members_take_hardly_longer_than_the_limits_allow(monkeypatch):
    clock, asked = FastClock(), []
    limiter = clock.limiter()

    def page(reader, window: Window, number: int, notes) -> Page[int]:
        limiter.wait(reading.PATH)
        asked.append(number)
        first, last = happened_by(window.start_at), happened_by(window.end_at)
        rows = list(range(first, last))[(number - 1) * 1000 : number * 1000]
        return Page(rows, last - first, has_more=number * 1000 < last - first)

    monkeypatch.setattr(reading.EventReader, "_page", page)
    window = Window(END - timedelta(days=30), END, END)
    parts = list(reading.EventReader(None, None).parts_of(window))
    events = [event for part in parts for event in part.events]
    assert events == list(range(happened_by(window.start_at), happened_by(window.end_at)))
    assert max(len(part.events) for part in parts) <= reading.LARGEST_PART
    at_best = timedelta(minutes=len(events) / 1000 / 60)
    taken = clock.now - FastClock().now
    print(f"{len(events):,} events, {len(asked)} requests, {taken / at_best:.3f} times the best possible")
    assert taken <= 1.1 * at_best


def test_two_workers_never_cause_a_429():
    clock = FastClock()
    company = build_company(members=3, days=3, seed=1, now=END)
    with Sandbox(company) as sandbox:
        sandbox.limits.clock = lambda: clock.now.timestamp()
        workers = [
            CursorClient(sandbox.url, sandbox.key, limiter=Limiter(now=lambda: clock.now, sleep=clock.sleep))
            for _ in range(2)
        ]
        for number in range(160):
            worker = workers[number % 2]
            worker.post("/teams/filtered-usage-events", {"pageSize": 1})
            worker.get("/analytics/team/dau")
            if number % 4 == 0:
                worker.get("/teams/members")
            clock.sleep(0.3)
        assert sandbox.limits.refused == {}
        busiest = sandbox.limits.busiest_minute()
    assert busiest["events"] <= 60
    assert busiest["admin"] <= 20

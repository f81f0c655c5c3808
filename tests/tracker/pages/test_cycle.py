"""The billing cycle: which day it is, what it compares with, and what is said where it is not known."""

from datetime import UTC, date, datetime

import pytest

from collector.models import BillingCycle
from tracker.reports import cycle
from tracker.reports.days import Days

TURNS = BillingCycle(
    start_at=datetime(2026, 11, 4, 21, 23, tzinfo=UTC), end_at=datetime(2026, 12, 4, 21, 23, tzinfo=UTC)
)
NEXT = BillingCycle(start_at=TURNS.end_at, end_at=datetime(2027, 1, 4, 21, 23, tzinfo=UTC))
MONTH = BillingCycle(start_at=datetime(2026, 11, 1, tzinfo=UTC), end_at=datetime(2026, 12, 1, tzinfo=UTC))


def report(of, at, sums=None, last=None, known_from=None):
    return cycle.report(of, last, Days(sums or {}), known_from, at)


@pytest.mark.parametrize(
    ("of", "at", "expected"),
    [
        (TURNS, datetime(2026, 11, 4, 21, 23, tzinfo=UTC), (1, 31, 30)),
        (TURNS, datetime(2026, 11, 5, 0, 0, tzinfo=UTC), (2, 31, 29)),
        (TURNS, datetime(2026, 12, 3, 23, 59, 59, tzinfo=UTC), (30, 31, 1)),
        (TURNS, datetime(2026, 12, 4, 21, 22, 59, tzinfo=UTC), (31, 31, 0)),
        (NEXT, datetime(2026, 12, 4, 21, 23, tzinfo=UTC), (1, 32, 31)),
        (MONTH, datetime(2026, 11, 1, 0, 0, tzinfo=UTC), (1, 30, 29)),
        (MONTH, datetime(2026, 11, 30, 23, 59, 59, tzinfo=UTC), (30, 30, 0)),
    ],
)
def test_a_cycle_never_has_more_days_behind_it_than_it_is_long(of, at, expected):
    found = report(of, at)
    assert (found.day_number, found.length, found.days_left) == expected


def test_the_days_on_which_a_cycle_turns_count_for_their_part_of_the_forecast():
    left = cycle.days_left(TURNS, date(2026, 11, 4))
    assert len(left) == 31
    assert left[0].share == pytest.approx(2.6167 / 24, abs=1e-4)  # 21:23 to midnight
    assert left[1].share == 1
    assert left[-1].share == pytest.approx(21.3833 / 24, abs=1e-4)
    assert [each.share for each in cycle.days_left(MONTH, date(2026, 11, 30))] == [1]

"""The billing cycle: which day it is, what it compares with, and what is said where it is not known."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.models import BillingCycle
from tests.groups.factories import make_day, make_member
from tracker.filters import parse_filters
from tracker.periods import Period
from tracker.reports import cycle
from tracker.reports.days import Days
from tracker.reports.overview import Overview
from tracker.reports.teams import Teams
from tracker.reports.usage import Day

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
    left = cycle.remaining_days(TURNS, date(2026, 11, 4))
    assert len(left) == 31
    assert left[0].share == pytest.approx(2.6167 / 24, abs=1e-4)  # 21:23 to midnight
    assert left[1].share == 1
    assert left[-1].share == pytest.approx(21.3833 / 24, abs=1e-4)
    assert [each.share for each in cycle.remaining_days(MONTH, date(2026, 11, 30))] == [1]


def test_the_hours_in_which_a_cycle_began_are_compared_with_nothing():
    last = BillingCycle(start_at=datetime(2026, 10, 4, 21, 23, tzinfo=UTC), end_at=TURNS.start_at)
    spent = {(date(2026, 10, 4) + timedelta(days=n), True): Day(Decimal(1_000)) for n in range(1)}
    spent |= {(date(2026, 10, 5) + timedelta(days=n), False): Day(Decimal(1_000)) for n in range(31)}
    for hour, day in ((23, 4), (9, 5)):
        at = datetime(2026, 11, day, hour, tzinfo=UTC)
        assert report(TURNS, at, spent, last, date(2026, 9, 1)).change is None
    spent[date(2026, 11, 5), False] = Day(Decimal(3_000))
    found = report(TURNS, datetime(2026, 11, 6, 9, tzinfo=UTC), spent, last, date(2026, 9, 1))
    assert found.change == 0.5  # $30 of one whole day, against $10 and $10


@pytest.mark.parametrize(
    ("today", "known_until", "expected"),
    [
        (date(2026, 11, 4), None, []),
        (date(2026, 11, 5), None, []),
        (date(2026, 11, 7), None, [date(2026, 11, 5), date(2026, 11, 6)]),
        (date(2026, 11, 7), datetime(2026, 11, 6, 12, tzinfo=UTC), [date(2026, 11, 5)]),
        (date(2026, 11, 7), datetime(2026, 11, 6, tzinfo=UTC), [date(2026, 11, 5)]),
    ],
)
def test_averages_of_a_cycle_count_its_whole_known_days(today, known_until, expected):
    shown = Period("cycle", date(2026, 11, 4), today - timedelta(days=1), today, TURNS, known_until)
    assert shown.averaged == expected


def test_a_cycle_that_turns_at_midnight_averages_its_first_day_too():
    shown = Period("cycle", date(2026, 11, 1), date(2026, 11, 2), date(2026, 11, 3), MONTH)
    assert shown.averaged == [date(2026, 11, 1), date(2026, 11, 2)]


@pytest.mark.django_db
def test_a_forecast_is_the_same_whatever_period_is_shown_and_however_short_the_last_cycle_was():
    now = datetime(2026, 11, 6, 12, tzinfo=UTC)
    short = BillingCycle(start_at=datetime(2026, 10, 28, 21, 23, tzinfo=UTC), end_at=TURNS.start_at)
    BillingCycle.objects.bulk_create([short, TURNS])
    member = make_member("ann@example.com")
    for ago in range(28):
        make_day(member, now.date() - timedelta(days=ago), 1_000 + 50 * ago)
    found = set()
    for period in ("24h", "7d", "30d", "cycle"):
        asked = parse_filters(QueryDict(f"period={period}"), now)
        rows = {row.forecast_cents for row in Teams(asked).rows}
        found |= {round(cents) for cents in (Overview(asked).cycle.forecast.expected_cents, *rows)}
    assert len(found) == 1

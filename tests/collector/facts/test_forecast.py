"""The forecast from literal days: 2 to 15 November 2026 are two weeks from a Monday."""

from datetime import date, timedelta

import pytest

from collector.facts.forecast import RemainingDay, forecast

MONDAY = date(2026, 11, 2)


def history(weeks, weekday=100.0, weekend=10.0):
    days = [MONDAY + timedelta(days=n) for n in range(7 * weeks)]
    return [(day, weekend if day.weekday() >= 5 else weekday) for day in days]


def left(*days):
    return [RemainingDay(day) for day in days]


def test_weekdays_and_weekends_cost_what_they_cost():
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    made = forecast(history(2), 1_000, 0, left(friday, saturday))
    # 1,000 spent, a weekday at 100, a weekend day at 10; no scatter, no band.
    assert (made.low_cents, made.expected_cents, made.high_cents) == (1_110, 1_110, 1_110)


def test_the_band_widens_with_the_scatter_of_days():
    steady = history(2)
    restless = [(day, cents + (50 if day.day % 2 else -50)) for day, cents in steady if day.weekday() < 5]
    restless += [(day, cents) for day, cents in steady if day.weekday() >= 5]
    made = forecast(sorted(restless), 0, 0, left(date(2026, 11, 17)))
    # One weekday: 100 expected, variance 2,500 and a tenth of it for the mean of ten; 1.2816 sigmas.
    assert made.high_cents - made.expected_cents == pytest.approx(1.2816 * (2_500 * 1.1) ** 0.5)


def test_the_band_opens_day_by_day_up_to_its_end():
    made = forecast(
        history(1) + history(2, weekday=200.0)[7:], 0, 0, left(*(date(2026, 11, n) for n in (17, 18)))
    )
    assert [day for day, _ in made.path] == [date(2026, 11, 17), date(2026, 11, 18)]
    widths = [high - low for low, high in made.band]
    assert 0 < widths[0] < widths[1]
    assert made.band[-1] == (made.low_cents, made.high_cents)


def test_today_costs_what_it_has_cost_already_if_that_is_more():
    today = date(2026, 11, 17)
    assert forecast(history(2), 0, 300, left(today)).expected_cents == 300
    assert forecast(history(2), 0, 40, left(today)).expected_cents == 100


def test_the_low_end_is_never_below_what_is_spent():
    wild = [(day, 400.0 if day.day == 3 else 0.0) for day, _ in history(2)]
    assert forecast(wild, 900, 50, left(date(2026, 11, 17))).low_cents == 950


def test_part_of_a_day_costs_part_of_it():
    made = forecast(
        history(2), 0, 0, [RemainingDay(date(2026, 11, 17)), RemainingDay(date(2026, 11, 18), 0.25)]
    )
    assert made.expected_cents == 125


@pytest.mark.parametrize("days", [0, 13])
def test_too_little_history_makes_no_forecast(days):
    assert forecast(history(2)[:days], 0, 0, left(date(2026, 11, 17))) is None


def test_only_the_newest_four_weeks_count():
    old = [(day - timedelta(days=28), 9_999.0) for day, _ in history(4)]
    made = forecast(old + history(4), 0, 0, left(date(2026, 11, 30)))
    assert made.expected_cents == 100


def test_the_day_that_reaches_a_budget_is_named():
    days = [date(2026, 11, 16) + timedelta(days=n) for n in range(5)]
    made = forecast(history(2), 0, 0, left(*days))
    assert made.day_reaching(250) == date(2026, 11, 18)
    assert made.day_reaching(501) is None


def test_where_no_more_can_be_spent_it_stops_there():
    friday, saturday = date(2026, 11, 20), date(2026, 11, 21)
    capped = forecast(history(2), 1_000, 0, left(friday, saturday)).capped(1_050)
    assert (capped.low_cents, capped.expected_cents, capped.high_cents) == (1_050, 1_050, 1_050)
    assert capped.path == ((friday, 1_050), (saturday, 1_050))
    assert capped.day_reaching(1_050) == friday

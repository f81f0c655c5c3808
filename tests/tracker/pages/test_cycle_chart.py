"""The chart of the cycle ends where the cards say, however the cycle lies."""

from dataclasses import replace

import pytest
from django.http import QueryDict

from tests.tracker.pages import company
from tracker import filters
from tracker.pages.overview import cycle_chart
from tracker.reports.overview import Overview
from tracker.widgets import formats


@pytest.fixture
def cycle(acme):
    return Overview(filters.parse_filters(QueryDict(""), company.NOW)).cycle


def lines(cycle):
    return {series.name: list(series.values) for series in cycle_chart(cycle).series}


def end(values):
    return [value for value in values if value is not None][-1]


def cents(value):
    return pytest.approx(float(value) / 100, abs=0.005)


def test_the_lines_end_at_the_figures_of_the_cards(cycle):
    drawn = lines(cycle)
    assert end(drawn["This cycle"]) == cents(cycle.spent.total_cents)
    assert end(drawn["Last cycle"]) == cents(cycle.last_cents)
    assert end(drawn["Forecast"]) == cents(cycle.forecast.expected_cents)
    assert end(drawn["Likely at least"]) == cents(cycle.forecast.low_cents)
    assert end(drawn["Likely at most"]) == cents(cycle.forecast.high_cents)


def test_a_cycle_that_turns_within_a_day_is_shown_on_all_days_it_touches(cycle):
    chart = cycle_chart(replace(cycle, last_daily=[]))
    assert (chart.labels[0], chart.labels[-1], len(chart.labels)) == ("4 Nov", "4 Dec", 31)


def test_a_longer_last_cycle_makes_the_axis_longer(cycle):
    # October has a day more than November.
    chart = cycle_chart(cycle)
    assert (len(chart.labels), chart.labels[-1], chart.titles[-1]) == (32, "", "Day 32 of the last cycle")


def test_the_forecast_starts_at_the_last_real_point(cycle):
    drawn = lines(cycle)
    today = (company.TODAY - company.CYCLE_START.date()).days
    for name in ("Forecast", "Likely at least", "Likely at most"):
        assert drawn[name][today - 1 : today + 1] == [None, drawn["This cycle"][today]]


def test_on_the_last_day_the_forecast_still_ends_at_its_own_figure(cycle):
    forecast = cycle.forecast
    only_today = replace(forecast, path=forecast.path[-1:], band=forecast.band[-1:])
    drawn = lines(replace(cycle, forecast=only_today))
    assert end(drawn["Forecast"]) == cents(forecast.expected_cents)


def test_a_band_far_above_the_lines_is_cut_and_the_caption_says_how_high_it_goes(cycle):
    def drawn(times):
        most = cycle.forecast.expected_cents * times
        band = tuple((low, most) for low, _ in cycle.forecast.band)
        return cycle_chart(replace(cycle, forecast=replace(cycle.forecast, high_cents=most, band=band)))

    wild, calm = drawn(20), drawn(1)
    lines = max(v for s in wild.series if s.band != "high" for v in s.values if v is not None)
    assert wild.ceiling == pytest.approx(2 * lines, rel=0.1)
    most = formats.money_short(cycle.forecast.expected_cents * 20)
    assert wild.caption.endswith(f"The likely range goes on above the chart, up to {most}.")
    assert (calm.ceiling, calm.data["ceiling"], "above the chart" in calm.caption) == (None, None, False)


def test_table_and_csv_have_the_band(cycle):
    head = cycle_chart(cycle).csv_rows[0]
    names = ["This cycle", "Likely at least", "Likely at most", "Forecast", "Last cycle"]
    assert head == ["Day", *(f"{name} (USD)" for name in names)]

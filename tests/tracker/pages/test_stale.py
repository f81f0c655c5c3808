"""Days after the last reading are unknown: no page takes them for free, or for idle."""

import csv
from datetime import UTC, date, datetime

import pytest
from django.http import QueryDict

from collector.models import MemberModelDay, Watermark
from tests.tracker.pages import company
from tracker import filters
from tracker.reports.member import MemberReport
from tracker.reports.overview import Overview

# Collection stopped on Thursday at 13:05; it is Monday.
STOPPED = datetime(2026, 11, 19, 13, 5, tzinfo=UTC)


@pytest.fixture
def stopped(acme):
    Watermark.objects.update(complete_until_at=STOPPED)
    MemberModelDay.objects.filter(day__gt=STOPPED.date()).delete()


def read(query):
    return Overview(filters.parse_filters(QueryDict(query), company.NOW, known_until=STOPPED))


@pytest.mark.parametrize(
    "path", ["/", "/insights", "/users/ana.novak@acme.example", "/incidents", "/settings", "/chargeback"]
)
def test_every_page_says_since_when_and_what_to_do(stopped, client, path):
    text = client.get(path).text
    assert "No news since 19 Nov 2026, 13:05 UTC." in text
    assert "python manage.py import_usage_csv FILE" in text


def test_with_a_key_the_hourly_job_is_what_to_look_at(stopped, client, settings):
    settings.CURSOR_ADMIN_API_KEY = "key_of_a_test"
    assert "python manage.py run_pipeline" in client.get("/").text


def test_fresh_figures_say_nothing_of_the_kind(acme, client):
    assert "No news since" not in client.get("/").text
    assert "as of" not in client.get("/").text


def test_averages_stop_at_the_last_day_that_is_wholly_known(stopped):
    report = read("period=7d")  # 16 to 22 November
    whole = [
        fact.cents for fact in company.facts() if date(2026, 11, 16) <= fact.at.date() <= date(2026, 11, 18)
    ]
    assert abs(report.per_day.total_cents - sum(whole) / 3) < 0.0001


def test_charts_are_empty_where_nothing_is_known(stopped, client):
    for address in ("/?csv=daily&period=7d", "/users/ana.novak@acme.example?csv=tokens&period=7d"):
        _, *rows = csv.reader(client.get(address).text.splitlines())
        assert [row[1] == "" for row in rows] == [False] * 4 + [True] * 4


def test_the_cycle_and_its_forecast_are_as_of_the_last_reading(stopped):
    stale = read("").cycle
    at_the_time = Overview(filters.parse_filters(QueryDict(""), STOPPED)).cycle
    assert stale.day_number == 20
    assert stale.as_of == STOPPED
    assert stale.change == at_the_time.change
    assert stale.forecast == at_the_time.forecast


def test_no_seat_is_called_unused_for_days_of_which_nothing_is_known(stopped, client):
    report = read("period=3d")
    assert report.unused_seats == []
    assert report.per_day is None
    text = client.get("/?period=3d").text
    assert "seats nobody used" not in text
    assert "no data for these days yet" in text


def test_unused_seats_are_as_of_the_last_reading(stopped, client):
    assert "nobody used</a> as of 19 Nov 2026, 13:05 UTC" in client.get("/?period=7d").text


def test_a_member_has_no_idle_days_after_the_last_reading(stopped):
    ana = company.Member.objects.get(email="ana.novak@acme.example")
    report = MemberReport(
        ana, filters.parse_filters(QueryDict("period=7d"), company.NOW, known_until=STOPPED)
    )
    assert [day.day.day for day in report.known_days] == [16, 17, 18, 19]


def test_imported_usage_is_known_to_the_end_of_its_newest_day(stopped, client):
    Watermark.objects.all().delete()
    assert "No news since 20 Nov 2026, 00:00 UTC." in client.get("/").text


def test_adoption_counts_the_days_of_which_something_is_known(stopped):
    assert read("period=7d").team.bounds.days == 4  # 16 to 19 November

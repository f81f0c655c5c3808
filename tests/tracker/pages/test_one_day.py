"""The page of one day, against sums of the raw events."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.models import Member, UsageEvent
from incidents.models import Incident
from tests.surfaces import surface_for
from tests.tracker.pages import company
from tests.tracker.pages.company import FIRST_DAY, NOW, TODAY
from tracker import filters
from tracker.pages.one_day import drivers
from tracker.reports.one_day import DayLine, DayReport
from tracker.reports.usage import Totals

pytestmark = pytest.mark.usefixtures("acme")
DAY = date(2026, 11, 12)  # a Thursday, on which Ben moved


def report_of(day: date = DAY, query: str = "", visible: frozenset[int] | None = None) -> DayReport:
    return DayReport(day, filters.parse_filters(QueryDict(query), NOW, visible, NOW))


def events_of(day: date) -> list[UsageEvent]:
    return list(UsageEvent.objects.filter(occurred_at__date=day).select_related("member"))


def sums_by(key, events) -> dict:
    sums: dict = defaultdict(Decimal)
    for event in events:
        sums[key(event)] += event.charged_cents
    return dict(sums)


def test_members_models_and_surfaces_add_up_to_the_events_of_the_day():
    report, events = report_of(), events_of(DAY)
    assert {line.subject.pk: line.totals.total_cents for line in report.members} == sums_by(
        lambda event: event.member_id, events
    )
    assert {line.subject.key: line.totals.total_cents for line in report.models} == sums_by(
        lambda event: event.model, events
    )
    expected = sums_by(lambda event: surface_for(event).label.lower(), events)
    assert {line.subject.lower(): line.totals.total_cents for line in report.surfaces} == expected
    assert report.total.totals.total_cents == sum(event.charged_cents for event in events)


def test_of_a_day_before_the_first_usage_nothing_is_known():
    assert not report_of(FIRST_DAY - timedelta(days=1)).is_known
    assert report_of(FIRST_DAY).is_known


def test_no_day_before_the_first_usage_is_offered(client):
    assert "The day before" in client.get(f"/days/{FIRST_DAY + timedelta(days=1)}").text
    assert "The day before" not in client.get(f"/days/{FIRST_DAY}").text
    assert "The day before" not in client.get(f"/days/{FIRST_DAY - timedelta(days=1)}").text


def test_active_members_are_people():
    served = {fact.email for fact in company.facts() if fact.at.date() == DAY and fact.is_served}
    assert company.BOT in served
    assert report_of().active_members == len(served - {company.BOT})


def test_the_hours_add_up_and_today_stops_at_now():
    assert report_of().hours == [
        sum((e.charged_cents for e in events_of(DAY) if e.occurred_at.hour == hour), Decimal(0))
        for hour in range(24)
    ]
    today = report_of(TODAY)
    assert today.hours[NOW.hour] is not None
    assert today.hours[NOW.hour + 1 :] == [None] * (23 - NOW.hour)
    assert not today.is_over
    assert today.next is None


def test_a_usual_weekday_is_the_mean_of_the_weekdays_before():
    past = [DAY - timedelta(days=back) for back in range(1, 29)]
    weekdays = [day for day in past if day.weekday() < 5 and day >= FIRST_DAY]
    spent = sum(event.charged_cents for day in weekdays for event in events_of(day))
    report = report_of()
    assert report.usual_of == f"the {len(weekdays)} weekdays before"
    assert report.total.usual_cents == pytest.approx(spent / len(weekdays))
    assert sum(report.usual_hours) == pytest.approx(spent / len(weekdays))


def test_the_first_day_has_nothing_to_compare_with():
    report = report_of(FIRST_DAY)
    assert report.usual_of == ""
    assert report.total.usual_cents is None
    assert report.usual_hours is None


def test_a_group_has_whoever_was_in_it_on_the_day():
    data = report_of(query="group=Data")
    expected = sum(
        event.charged_cents
        for event in events_of(DAY)
        if event.member.email in ("eva.novak@acme.example", "gail.brandt@acme.example", company.MOVER)
    )
    assert data.total.totals.total_cents == expected
    assert sum(cents for cents in data.hours if cents is not None) == expected


def test_a_reader_who_may_see_one_member_gets_nothing_of_the_others():
    ana = Member.objects.get(email="ana.novak@acme.example")
    report = report_of(visible=frozenset({ana.pk}))
    assert {line.subject.pk for line in report.members} <= {ana.pk}
    assert report.total.totals.total_cents == sum(
        e.charged_cents for e in events_of(DAY) if e.member_id == ana.pk
    )


def test_incidents_that_began_on_the_day_are_listed(client):
    at = NOW.replace(day=12, hour=9)
    fields = {"cause": "spend", "severity": "warning", "status": "open", "message": "Ana spent $80"}
    ana = Member.objects.get(email="ana.novak@acme.example")
    Incident.objects.create(member=ana, onset_at=at, detected_at=NOW, last_run_at=NOW, **fields)
    assert len(report_of().incidents) == 1
    assert report_of(DAY - timedelta(days=1)).incidents == []
    assert "Ana spent $80" in client.get(f"/days/{DAY}").text


def test_an_incident_is_listed_on_each_day_until_it_is_resolved():
    at = NOW.replace(day=10, hour=9)
    fields = {"cause": "spend", "severity": "warning", "message": "Much was spent", "last_run_at": NOW}
    incident = Incident.objects.create(onset_at=at, detected_at=at, **fields)
    assert report_of().incidents == [incident]
    Incident.objects.update(status="resolved", resolved_at=NOW.replace(day=12, hour=0))
    assert report_of().incidents == [incident]
    assert report_of(DAY + timedelta(days=1)).incidents == []


def test_who_drives_a_day_is_named_first(client):
    report = report_of()
    (ana, ben, cleo, *_) = (line.subject for line in report.members)
    spent = {ana: (9_000, 8_900), ben: (4_000, 500), cleo: (9_000, 1_000)}

    def line(who, cents, usual):
        return DayLine(who, Totals(total_micro=cents * 10**6), Decimal(usual))

    members = [line(who, *cents) for who, cents in spent.items()]
    assert [driver.subject for driver in drivers(line(None, 22_000, 10_400), members)] == [cleo, ben]
    assert drivers(line(None, 11_000, 10_400), members) == []
    text = client.get(f"/days/{DAY}").text
    assert ("Most of what is above usual" in text) == bool(drivers(report.total, report.members))


def test_the_page_costs_few_queries_and_exports_its_tables(client, django_assert_max_num_queries):
    client.get(f"/days/{DAY}")
    with django_assert_max_num_queries(20):
        text = client.get(f"/days/{DAY}").text
    assert "Thu 12 Nov 2026" in text
    assert "the 20 weekdays before" in text
    for key in ("hours", "members", "models", "surfaces"):
        answer = client.get(f"/days/{DAY}?csv={key}")
        assert f'filename="day-{DAY}-{key}.csv"' in answer["Content-Disposition"]


@pytest.mark.parametrize("day", ["2026-11-24", "2026-02-30", "1999-01-01", "x", "２０２６-11-12"])
def test_what_is_no_day_that_has_begun_is_not_found(client, day):
    assert client.get(f"/days/{day}").status_code == 404

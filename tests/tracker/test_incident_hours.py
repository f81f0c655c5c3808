"""The chart of an incident's hours: what is not known is empty, never nothing spent."""

from datetime import timedelta
from decimal import Decimal

import pytest

from collector.models import MemberModelDay, MemberModelHour
from incidents.models import Incident, IncidentAnomaly
from tests.incidents.factories import HOUR, NOON, make_anomaly, make_incident, make_member
from tracker.reports.incident import hours, incident_report

pytestmark = pytest.mark.django_db

ONSET = NOON - 3 * HOUR
LATER = NOON + timedelta(days=30)


@pytest.fixture
def incident():
    incident = make_incident()
    spent = {"member": incident.member, "total_cents": Decimal(900), "updated_at": NOON}
    MemberModelHour.objects.create(hour_at=ONSET, **spent)
    MemberModelDay.objects.create(day=ONSET.date(), **spent)
    return incident


def only_the_total_is_known_of(incident, day):
    MemberModelHour.objects.filter(hour_at__date=day).delete()
    MemberModelDay.objects.update_or_create(
        member=incident.member, day=day, defaults={"total_cents": 100, "updated_at": NOON}
    )


def test_hours_that_nobody_has_read_are_left_out(incident):
    assert incident_report(incident, LATER).hours[-1].at == ONSET + 47 * HOUR
    assert incident_report(incident, LATER, known_until=NOON).hours[-1].at == NOON - HOUR


def test_hours_of_which_only_the_total_of_the_day_is_known_are_empty(incident):
    only_the_total_is_known_of(incident, ONSET.date() - timedelta(days=1))
    found = {hour.at: (hour.cents, hour.running_cents) for hour in hours(incident, LATER)}
    assert found[ONSET - 10 * HOUR] == (None, None)
    assert found[ONSET] == (900, None)  # nine of the 24 hours up to it are known
    assert found[ONSET + 20 * HOUR] == (0, 900)


def test_the_hours_are_the_same_after_their_events_were_pruned(incident, django_assert_num_queries):
    assert not incident.member.usage_events.exists()
    with django_assert_num_queries(2):
        found = {hour.at: hour.cents for hour in hours(incident, LATER)}
    assert (found[ONSET - HOUR], found[ONSET]) == (0, 900)


def test_the_hours_around_a_price_that_rose_are_those_of_its_model(incident, client):
    other = {"member": incident.member, "model": "gpt-5.5", "total_cents": Decimal(70), "updated_at": NOON}
    MemberModelHour.objects.create(hour_at=ONSET, **other)
    team = make_incident(cause="price", message="gpt-5.5 costs twice as much.")
    Incident.objects.filter(pk=team.pk).update(member=None)
    anomaly = make_anomaly(
        team=True, rule="price_change", cause="price", metric="price_ratio", observed=2.0, bound=1.0,
        expected=1.0, operands={"model": "gpt-5.5"}, explanation={},
    )  # fmt: skip
    IncidentAnomaly.objects.create(incident=team, anomaly=anomaly, joined_at=NOON)
    team.refresh_from_db()
    assert {hour.at: hour.cents for hour in incident_report(team, LATER).hours}[ONSET] == 70
    text = client.get(team.get_absolute_url()).text
    assert "Only spend on gpt-5.5." in text
    assert "any rise" in text


def test_the_page_says_that_they_are_not_known(incident, client):
    said = "Hours of which only the day’s total is known are empty."
    assert said not in client.get(incident.get_absolute_url()).text
    only_the_total_is_known_of(incident, ONSET.date())
    assert said in client.get(incident.get_absolute_url()).text
    assert "2026-03-02 09:00 UTC,," in client.get(f"{incident.get_absolute_url()}?csv=hours").text


def test_an_incident_of_the_team_leads_to_whom_it_names_and_says_when_it_was_detected(client):
    member = make_member("carl@example.com")
    incident = make_incident(member, cause="limit", onset_at=None)
    Incident.objects.filter(pk=incident.pk).update(member=None)
    finding = make_anomaly(team=True, cause="limit", operands={"member_ids": [member.pk]})
    IncidentAnomaly.objects.create(incident=incident, anomaly=finding, joined_at=NOON)
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert f'<dt>Member</dt><dd><a href="{member.get_absolute_url()}">Carl</a></dd>' in page
    assert "<dt>Detected</dt><dd>2 Mar 2026, 12:00 UTC" in page and "The hours around the detection" in page

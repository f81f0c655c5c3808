"""The chart of an incident's hours: what is not known is empty, never nothing spent."""

from datetime import timedelta
from decimal import Decimal

import pytest

from collector.models import Pruning, UsageEvent
from tests.incidents.factories import HOUR, NOON, make_incident
from tracker.reports.incident import hours, incident_report

pytestmark = pytest.mark.django_db

ONSET = NOON - 3 * HOUR
LATER = NOON + timedelta(days=30)


@pytest.fixture
def incident():
    incident = make_incident()
    UsageEvent.objects.create(
        member=incident.member,
        occurred_at=ONSET,
        charged_cents=Decimal(900),
        first_seen_at=NOON,
        changed_at=NOON,
    )
    return incident


def test_hours_that_nobody_has_read_are_left_out(incident):
    assert incident_report(incident, LATER).hours[-1].at == ONSET + 47 * HOUR
    assert incident_report(incident, LATER, known_until=NOON).hours[-1].at == NOON - HOUR


def test_hours_whose_events_were_pruned_are_empty(incident):
    day_before = ONSET.date() - timedelta(days=1)
    Pruning.objects.create(first_day=day_before - timedelta(days=9), last_day=day_before, started_at=LATER)
    found = {hour.at: (hour.cents, hour.running_cents) for hour in hours(incident, LATER)}
    assert found[ONSET - 10 * HOUR] == (None, None)
    assert found[ONSET] == (900, None)  # nine of the 24 hours up to it are known
    assert found[ONSET + 20 * HOUR] == (0, 900)


def test_the_page_says_that_they_were_pruned(incident, client):
    said = "Hours whose events were pruned are empty."
    assert said not in client.get(incident.get_absolute_url()).text
    Pruning.objects.create(first_day=ONSET.date(), last_day=ONSET.date(), started_at=LATER)
    assert said in client.get(incident.get_absolute_url()).text
    assert "2026-03-02 09:00 UTC,," in client.get(f"{incident.get_absolute_url()}?csv=hours").text

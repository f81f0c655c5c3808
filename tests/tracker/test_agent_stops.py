"""Stopping the cloud agent behind an incident, at the sandbox."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine

from incidents.models import Incident, IncidentAnomaly
from sandbox import Clock, Sandbox, build_company
from tests.incidents.factories import HOUR, NOON, make_anomaly, make_incident, make_member, make_runaway

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def served() -> Iterator[Sandbox]:
    people = build_company(members=10, days=10, seed=7, now=NOON)
    with Sandbox(people, clock=Clock(NOON), enforces_limits=False) as running:
        yield running


@pytest.fixture
def incident(settings, served) -> Iterator[Incident]:
    settings.CURSOR_API_URL, settings.CURSOR_AGENTS_API_KEY = served.url, served.key
    member = make_member()
    make_runaway(member, NOON - 3 * HOUR)
    with time_machine.travel(NOON + HOUR, tick=False):
        found = make_incident(member)
        IncidentAnomaly.objects.create(incident=found, anomaly=make_anomaly(member), joined_at=NOON)
        yield found


def stop(client, incident: Incident) -> str:
    return client.post(f"/incidents/{incident.pk}/stop-agent", follow=True).content.decode()


def test_the_run_is_cancelled_and_the_timeline_says_who_asked(client, incident):
    assert "Stop its run now" in client.get(f"/incidents/{incident.pk}").content.decode()
    assert "The run of bc-775b694a-0000 is cancelled in Cursor." in stop(client, incident)
    assert [entry.sentence for entry in incident.timeline.filter(step="note")] == [
        "Note by visitor (page): asks Cursor to stop bc-775b694a-0000",
        "Note by visitor (page): The run of bc-775b694a-0000 is cancelled in Cursor.",
    ]
    assert "is cancelled in Cursor" in stop(client, incident)  # again: the same


def test_without_the_key_there_is_a_link_and_no_button(client, incident, settings):
    settings.CURSOR_AGENTS_API_KEY = ""
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert "Open the agent in Cursor" in page and "Stop its run now" not in page
    assert "set CURSOR_AGENTS_API_KEY" in stop(client, incident)


def test_once_the_incident_is_resolved_there_is_nothing_to_stop(client, incident):
    client.post(f"/incidents/{incident.pk}/resolve")
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert "Ask " in page and "Open the agent in Cursor" not in page and "Stop its run now" not in page


def test_what_cursor_refuses_is_shown_and_noted(client, incident, settings):
    settings.CURSOR_AGENTS_API_KEY = "wrong"
    assert "Cursor did not stop bc-775b694a-0000" in stop(client, incident)
    assert "Cursor did not stop" in incident.timeline.last().sentence


def test_a_viewer_cannot_stop_an_agent(sign_in, incident):
    client = sign_in("viewer")
    assert client.post(f"/incidents/{incident.pk}/stop-agent").status_code == 403
    assert not incident.timeline.filter(step="note").exists()

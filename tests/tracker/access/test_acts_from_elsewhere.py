"""What is done by a button in Slack or at a pager is in the audit log, with the name of who did it."""

from __future__ import annotations

import pytest

from tests.incidents import conftest as incident_fixtures
from tests.incidents.factories import HOUR, NOON, make_incident, make_member
from tests.tracker import test_hooks
from tests.tracker.slack_buttons import SECRET, payload, post
from tracker.access.sentences import sentence
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db
slack = incident_fixtures.slack


@pytest.fixture(autouse=True)
def set_up(slack, settings, time_machine):
    settings.DASHBOARD_URL = "https://costs.example.com"
    settings.SLACK_SIGNING_SECRET = settings.PAGERDUTY_WEBHOOK_SECRET = SECRET
    slack.emails["U1"] = "bob@example.com"
    make_member("bob@example.com")
    time_machine.move_to(NOON + HOUR, tick=False)


def log() -> list[str]:
    return [sentence(entry) for entry in AuditEntry.objects.filter(action="change").order_by("pk")]


def press(client, action: str, number: int, **fields):
    post(client, payload(action, str(number), **fields), sent=(NOON + HOUR).timestamp())


def test_a_press_in_slack_is_logged_once_and_only_where_it_did_something(client):
    incident = make_incident()
    for user in ("U1", "U1", "U-unknown"):
        press(client, "acknowledge", incident.pk, user=user, trigger_id=str(AuditEntry.objects.count()))
    press(client, "expected", incident.pk)
    assert log() == [
        f"Bob acknowledged incident #{incident.pk}: in Slack",
        f"Bob gave a verdict on incident #{incident.pk}: in Slack",
    ]


def test_an_act_at_the_pager_is_logged_and_an_event_that_changes_nothing_is_not(client):
    incident = make_incident(status="alerted", alerted_at=NOON)
    for event in ("incident.acknowledged", "incident.acknowledged", "incident.annotated"):
        assert test_hooks.from_pagerduty(client, incident, event).status_code == 200
    assert log() == [f"Ada Byron acknowledged incident #{incident.pk}: in PagerDuty"]


def test_a_form_that_came_too_late_or_was_refused_is_no_act(sign_in):
    incident = make_incident(status="alerted", alerted_at=NOON)
    for person in ("ada@company.com", "bob@company.com"):
        browser = sign_in("responder", person)
        browser.post(f"/incidents/{incident.pk}/acknowledge")
        browser.post("/incidents/bulk", {"action": "acknowledge", "incident": [incident.pk]})
        browser.post(f"/incidents/{incident.pk}/verdict", {"verdict": ""})
    assert log() == [f"Responder Person acknowledged incident #{incident.pk}"]

"""Acknowledged in PagerDuty or Opsgenie, acknowledged here: signed, in order, and nothing else."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import datetime

import pytest
import time_machine

from incidents import lifecycle
from incidents.models import Incident, IncidentSettings
from tests.incidents.factories import ADA, HOUR, NOON, make_incident

pytestmark = pytest.mark.django_db
SECRET = "0123456789abcdef0123456789abcdef"


@pytest.fixture(autouse=True)
def incident(settings):
    settings.DASHBOARD_URL = "https://costs.example.com"
    settings.PAGERDUTY_WEBHOOK_SECRET = settings.OPSGENIE_WEBHOOK_TOKEN = SECRET
    with time_machine.travel(NOON + HOUR, tick=False):
        yield make_incident(status="alerted", alerted_at=NOON)


def from_pagerduty(
    client,
    incident: Incident,
    event_type: str,
    at: datetime | str = NOON + HOUR,
    secret: str = SECRET,
    key: str = "",
    name: object = "Ada Byron",
):
    event = {
        "id": "01ABC",
        "event_type": event_type,
        "occurred_at": str(at),
        "agent": {"summary": name, "type": "user_reference"},
        "data": {"id": "PGR0VU2", "incident_key": key or f"costs.example.com-incident-{incident.pk}"},
    }
    body = json.dumps({"event": event})
    signature = hmac.new(secret.encode(), body.encode(), hashlib.sha256).hexdigest()
    headers = {"X-PagerDuty-Signature": f"v1={'0' * 64},v1={signature}"}
    answer = client.post("/hooks/pagerduty", body, content_type="application/json", headers=headers)
    incident.refresh_from_db()
    return answer


def from_opsgenie(client, incident: Incident, action: str, token: str = SECRET):
    alert = {
        "alias": f"costs.example.com-incident-{incident.pk}",
        "username": "ada@example.com",
        "updatedAt": int((NOON + HOUR).timestamp() * 1000) * 1_000_000,
    }
    answer = client.post(
        "/hooks/opsgenie",
        json.dumps({"action": action, "alert": alert}),
        content_type="application/json",
        headers={"Authorization": f"Bearer {token}"},
    )
    incident.refresh_from_db()
    return answer


def test_what_is_acknowledged_and_resolved_at_pagerduty_is_so_here(client, incident):
    assert from_pagerduty(client, incident, "incident.acknowledged").status_code == 200
    assert (incident.status, incident.acknowledged_by) == ("acknowledged", "Ada Byron")
    assert incident.timeline.last().sentence == "Acknowledged by Ada Byron (PagerDuty)"
    from_pagerduty(client, incident, "incident.resolved")
    assert (incident.status, incident.resolved_by) == ("resolved", "Ada Byron")


def test_what_is_acknowledged_and_closed_at_opsgenie_is_so_here(client, incident):
    assert from_opsgenie(client, incident, "Acknowledge").status_code == 200
    assert incident.timeline.last().sentence == "Acknowledged by ada@example.com (Opsgenie)"
    from_opsgenie(client, incident, "Close")
    assert incident.status == "resolved"


def test_a_wrong_signature_or_token_changes_nothing(client, incident, settings):
    assert from_pagerduty(client, incident, "incident.acknowledged", secret="another").status_code == 403
    assert from_opsgenie(client, incident, "Acknowledge", token="another").status_code == 403
    settings.PAGERDUTY_WEBHOOK_SECRET = settings.OPSGENIE_WEBHOOK_TOKEN = ""
    assert from_pagerduty(client, incident, "incident.acknowledged", secret="").status_code == 403
    assert from_opsgenie(client, incident, "Acknowledge", token="").status_code == 403
    assert incident.status == "alerted"


@pytest.mark.parametrize("key", ["other.example.com-incident-1", "costs.example.com-incident-x", "costs"])
def test_incidents_of_others_are_let_be(client, incident, key):
    assert from_pagerduty(client, incident, "incident.acknowledged", key=key).status_code == 200
    assert incident.status == "alerted"


def test_a_repeated_resolution_does_not_close_what_was_reopened_since(client, incident):
    lifecycle.resolve(incident, ADA, "page", NOON + HOUR)
    lifecycle.reopen(incident, ADA, "page", NOON + 2 * HOUR)
    from_pagerduty(client, incident, "incident.resolved", at=NOON + HOUR)
    assert incident.status == "open"


def test_a_late_acknowledgement_does_not_answer_for_one_that_has_expired_since(client, incident):
    IncidentSettings.objects.create(acknowledgement_hours=1)
    lifecycle.acknowledge(incident, ADA, "page", NOON + HOUR)
    assert lifecycle.expire_acknowledgements(NOON + 2 * HOUR) == 1
    from_pagerduty(client, incident, "incident.acknowledged", at=NOON + HOUR)
    assert incident.status == "open"
    from_pagerduty(client, incident, "incident.acknowledged", at=NOON + 2 * HOUR)
    assert incident.status == "acknowledged"


HUGE = "9" * 6_000  # more digits than Python reads
SENSELESS = [
    "",
    "[]",
    "{}",
    '{"event": 7}',
    '{"event": {"data": {}, "occurred_at": "x"}}',
    "[" * 100_000,
    '{"event": ' * 50_000 + "1" + "}" * 50_000,
    f'{{"event": {HUGE}}}',
    f'{{"action": "Close", "alert": {{"alias": "costs.example.com-incident-1", "updatedAt": {HUGE}}}}}',
    '{"action": "Close", "alert": {"alias": "costs.example.com-incident-1", "updatedAt": 1e999}}',
    '{"action": "Close", "alert": {"alias": "costs.example.com-incident-1", "updatedAt": -9e30}}',
    '{"action": "Close", "alert": {"alias": "costs.example.com-incident-1", "updatedAt": -1e20}}',
    '{"action": "Close", "alert": {"alias": ["costs.example.com-incident-1"], "updatedAt": NaN}}',
    b"\xff\xfe{",
]


@pytest.mark.parametrize("body", SENSELESS, ids=lambda body: f"{body[:40]}")
@pytest.mark.parametrize("service", ["pagerduty", "opsgenie"])
def test_a_signed_body_without_sense_changes_nothing_and_is_not_sent_again(client, incident, service, body):
    headers = signed(body if isinstance(body, bytes) else body.encode())
    answer = client.post(f"/hooks/{service}", body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    incident.refresh_from_db()
    assert incident.status == "alerted"


def signed(body: bytes) -> dict[str, str]:
    signature = hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
    return {"X-PagerDuty-Signature": f"v1={signature}", "Authorization": f"Bearer {SECRET}"}


@pytest.mark.parametrize("at", ["9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59"])
def test_an_event_at_the_end_of_the_calendar_is_no_fault(client, incident, at):
    assert from_pagerduty(client, incident, "incident.acknowledged", at=at).status_code == 200


@pytest.mark.parametrize("name", ["A\0da", "\ud800", "x" * 10_000, ["Ada"], {"a": None}, "<b>\u202eAda"])
def test_an_odd_name_acts_as_a_plain_one(client, incident, name):
    assert from_pagerduty(client, incident, "incident.acknowledged", name=name).status_code == 200
    assert incident.status == "acknowledged"
    assert client.get(incident.get_absolute_url()).status_code == 200

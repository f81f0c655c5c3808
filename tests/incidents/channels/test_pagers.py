"""PagerDuty and Opsgenie: what they are sent as an incident goes on, on services of one's own."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from incidents import digests, lifecycle
from incidents.channels import http
from incidents.models import Channel, Notification, Origin
from incidents.notifying import outbox
from tests.incidents.factories import ADA, HOUR, NOON, make_channel
from tests.incidents.steps import open_incidents

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def site(settings, service):
    settings.DASHBOARD_URL = "https://costs.example.com"
    settings.PAGERDUTY_EVENTS_URL = f"{service.url}/v2/enqueue"
    settings.OPSGENIE_API_URL = service.url


def live_through(incident) -> None:
    """Opened, noted, acknowledged and resolved, each delivered."""
    outbox.deliver_due(NOON)
    lifecycle.note(incident, ADA, Origin.PAGE, NOON + HOUR, "asked Carl")
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
    outbox.deliver_due(NOON + 2 * HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + 3 * HOUR)
    outbox.deliver_due(NOON + 3 * HOUR)


def test_pagerduty_triggers_acknowledges_and_resolves_under_one_key(service):
    channel = make_channel("pager")
    (incident,) = open_incidents()
    live_through(incident)
    key = f"costs.example.com-incident-{incident.pk}"
    assert [(body["event_action"], body["dedup_key"]) for body in service.bodies] == [
        ("trigger", key),
        ("acknowledge", key),
        ("resolve", key),
    ]
    first = service.bodies[0]
    assert first["routing_key"] == channel.target
    assert first["payload"]["summary"] == "Warning: Carl spent $412 in 24 h, 8.2x the usual $50."
    assert first["payload"]["severity"] == "warning"
    assert first["client_url"] == f"https://costs.example.com/incidents/{incident.pk}"
    assert not Notification.objects.waiting().exists()


def test_opsgenie_creates_acknowledges_and_closes_by_alias(service):
    make_channel("opsgenie")
    (incident,) = open_incidents()
    live_through(incident)
    alias = f"costs.example.com-incident-{incident.pk}"
    assert [call.path for call in service.calls] == [
        "/v2/alerts",
        f"/v2/alerts/{alias}/acknowledge?identifierType=alias",
        f"/v2/alerts/{alias}/close?identifierType=alias",
    ]
    assert {call.headers["Authorization"] for call in service.calls} == {
        "GenieKey 01234567-89ab-cdef-0123-456789abcdef"
    }
    first = service.bodies[0]
    assert (first["alias"], first["priority"]) == (alias, "P3")
    assert len(first["message"]) <= 130


@pytest.mark.parametrize("kind", ["pager", "opsgenie"])
def test_several_incidents_page_one_by_one(service, kind):
    make_channel(kind)
    open_incidents(5)
    assert outbox.deliver_due(NOON).sent == 5
    assert len(service.calls) == 5


@pytest.mark.parametrize(("kind", "calls"), [("pager", 2), ("opsgenie", 2)])
def test_a_test_is_opened_and_closed_at_once_also_for_a_channel_not_saved_yet(service, kind, calls):
    channel = Channel(name="new", kind=kind, target="0123456789abcdef0123456789abcdef")
    assert outbox.send_test(channel, NOON).startswith("test-")
    assert len(service.calls) == calls
    assert not Channel.objects.exists()


def test_a_refused_key_is_reported_without_the_key(service):
    channel = make_channel("pager")
    open_incidents()
    service.status = 400
    assert outbox.deliver_due(NOON).failed == 1
    error = Notification.objects.get().error
    assert error == "PagerDuty answered HTTP 400: the key or the message was refused; check the key."
    assert channel.target not in error


@pytest.mark.parametrize("asked", ["900", "899.5", "date"])
def test_as_long_is_waited_as_the_service_asks(service, asked):
    make_channel("opsgenie")
    open_incidents()
    in_a_quarter_of_an_hour = format_datetime(datetime.now(UTC) + timedelta(minutes=15), usegmt=True)
    service.status = 429
    service.headers = {"Retry-After": in_a_quarter_of_an_hour if asked == "date" else asked}
    outbox.deliver_due(NOON)
    waiting = Notification.objects.get()
    assert timedelta(minutes=14) < waiting.due_at - NOON < timedelta(minutes=16)


def test_an_answer_that_never_ends_is_given_up_after_the_total_deadline(service, monkeypatch):
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    make_channel("pager")
    open_incidents()
    service.trickle = 0.05
    assert outbox.deliver_due(NOON).failed == 1
    notification = Notification.objects.get()
    assert "did not answer within" in notification.error
    assert notification.is_uncertain


def test_pagers_get_no_digests(monkeypatch):
    make_channel("pager")
    built = []
    monkeypatch.setattr(digests, "build_digest", lambda *args: built.append(args))
    assert digests.record_digest("weekly", NOON) == []
    assert built == []


def test_an_acknowledgement_that_has_expired_since_leaves_the_page_open(service):
    """While PagerDuty is down somebody acknowledges, and the incident is reopened."""
    make_channel("pager")
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + HOUR)
    lifecycle.reopen(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
    outbox.deliver_due(NOON + 2 * HOUR)
    assert [body["event_action"] for body in service.bodies] == ["trigger", "trigger"]
    assert not Notification.objects.waiting().exists()

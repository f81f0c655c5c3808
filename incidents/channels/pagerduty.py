"""PagerDuty by its Events API v2: triggers, acknowledges and resolves as the incident goes on.

https://developer.pagerduty.com/docs/events-api-v2-overview, read 2026-11-28.
"""

from django.conf import settings

from incidents.models import Channel
from incidents.notifying.messages import IncidentMessage
from incidents.wording import shorten

from .base import DeliveryError, Parcel
from .http import post_json
from .paging import RESOLVE, TRIGGER, incident_key, page_action, paged_incident

SERVICE = "PagerDuty"
LONGEST_SUMMARY = 1024


def send(channel: Channel, parcel: Parcel) -> str:
    """Send the event that the step calls for; returns the key that PagerDuty keeps the incident under."""
    key = channel.target.strip()
    if not key:
        raise DeliveryError("No Integration Key: enter that of an Events API v2 integration.")
    incident = paged_incident(parcel)
    if incident is None:
        return send_test_event(key, parcel) if parcel.event == "test" else parcel.key  # digests page nobody
    if action := page_action(parcel):
        post_event(key, event_json(action, incident_key(incident.pk), incident))
    return incident_key(incident.pk)


def post_event(key: str, event: dict[str, object]) -> None:
    post_json(SERVICE, settings.PAGERDUTY_EVENTS_URL, {"routing_key": key, **event})


def send_test_event(key: str, parcel: Parcel) -> str:
    """Trigger and resolve at once: the log shows both, and nobody is called."""
    payload = {
        "summary": "A test from Cursor Cost Monitor",
        "source": "cursor-cost-monitor",
        "severity": "info",
    }
    for action in (TRIGGER, RESOLVE):
        post_event(key, {"event_action": action, "dedup_key": parcel.key, "payload": payload})
    return parcel.key


def event_json(action: str, dedup_key: str, incident: IncidentMessage) -> dict[str, object]:
    event: dict[str, object] = {"event_action": action, "dedup_key": dedup_key}
    if action != TRIGGER:
        return event
    links = [{"href": incident.url, "text": "Open the incident"}]
    details = {fact.label: fact.value for fact in incident.facts}
    if incident.cause:
        details["Cause"] = incident.cause.sentence
        links += [
            {"href": url, "text": f"{kind} {name}"} for kind, name, _, url in incident.cause.rows if url
        ]
    return event | {
        "client": "Cursor Cost Monitor",
        "client_url": incident.url,
        "links": links,
        "payload": {
            "summary": shorten(incident.headline, LONGEST_SUMMARY),
            "source": "cursor-cost-monitor",
            "component": incident.who,
            "severity": incident.severity,
            "custom_details": details,
        },
    }

"""PagerDuty by its Events API v2: triggers, acknowledges and resolves as the incident goes on.

https://developer.pagerduty.com/docs/events-api-v2-overview, read 2026-11-28.
"""

from functools import partial

from django.conf import settings

from incidents.models import Channel
from incidents.notifying.messages import IncidentMessage
from incidents.wording import shorten

from .base import DeliveryError, Parcel
from .http import post_json
from .paging import TRIGGER, page

LONGEST_SUMMARY = 1024
TEST = {
    "summary": "A test from Cursor Cost Monitor",
    "source": "cursor-cost-monitor",
    "severity": "info",
}


def send(channel: Channel, parcel: Parcel) -> str:
    """Send the event that the step calls for; returns the key that PagerDuty keeps the incident under."""
    key = channel.target.strip()
    if not key:
        raise DeliveryError("No Integration Key: enter that of an Events API v2 integration.")
    return page(parcel, partial(post_event, key))


def post_event(routing_key: str, action: str, dedup_key: str, incident: IncidentMessage | None) -> None:
    event: dict[str, object] = {"routing_key": routing_key, "event_action": action, "dedup_key": dedup_key}
    if action == TRIGGER:
        event |= incident_json(incident) if incident else {"payload": TEST}
    post_json("PagerDuty", settings.PAGERDUTY_EVENTS_URL, event)


def incident_json(incident: IncidentMessage) -> dict[str, object]:
    links = [{"href": incident.url, "text": "Open the incident"}]
    details = {fact.label: fact.value for fact in incident.facts}
    if incident.cause:
        details["Cause"] = incident.cause.sentence
        links += [
            {"href": url, "text": f"{kind} {name}"} for kind, name, _, url in incident.cause.rows if url
        ]
    return {
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

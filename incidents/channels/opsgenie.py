"""Opsgenie by its Alert API: creates, acknowledges and closes an alert as the incident goes on.

https://docs.opsgenie.com/docs/alert-api, read 2026-11-28.
"""

from collections.abc import Mapping
from urllib.parse import quote

from django.conf import settings

from detection.vocabulary import Severity
from incidents.models import Channel
from incidents.notifying.messages import IncidentMessage
from incidents.wording import shorten

from .base import DeliveryError, Parcel
from .http import post_json
from .paging import ACKNOWLEDGE, RESOLVE, incident_key, page_action, paged_incident

SERVICE = "Opsgenie"
SOURCE = "Cursor Cost Monitor"
LONGEST_MESSAGE, LONGEST_DESCRIPTION = 130, 15_000
PRIORITIES = {Severity.CRITICAL: "P1", Severity.WARNING: "P3", Severity.INFO: "P5"}
PATHS = {ACKNOWLEDGE: "acknowledge", RESOLVE: "close"}


def send(channel: Channel, parcel: Parcel) -> str:
    """Send what the step calls for; returns the alias that Opsgenie keeps the alert under."""
    key = channel.target.strip()
    if not key:
        raise DeliveryError("No API key: enter that of an API integration.")
    incident = paged_incident(parcel)
    if incident is None:
        return send_test_alert(key, parcel) if parcel.event == "test" else parcel.key  # digests page nobody
    alias = incident_key(incident.pk)
    match page_action(parcel):
        case "trigger":
            post_alert(key, "", alert_json(alias, incident))
        case "":
            pass
        case action:
            post_alert(key, alias, {"source": SOURCE, "note": incident.standing}, PATHS[action])
    return alias


def post_alert(key: str, alias: str, data: Mapping[str, object], action: str = "") -> None:
    path = f"/{quote(alias, safe='')}/{action}?identifierType=alias" if alias else ""
    url = f"{settings.OPSGENIE_API_URL}/v2/alerts{path}"
    post_json(SERVICE, url, data, {"Authorization": f"GenieKey {key}"})


def send_test_alert(key: str, parcel: Parcel) -> str:
    """Create and close at once, at the lowest priority."""
    alert = {"message": f"A test from {SOURCE}", "alias": parcel.key, "priority": "P5", "source": SOURCE}
    post_alert(key, "", alert)
    post_alert(key, parcel.key, {"source": SOURCE}, PATHS[RESOLVE])
    return parcel.key


def alert_json(alias: str, incident: IncidentMessage) -> dict[str, object]:
    lines = [incident.message, *([incident.cause.sentence] if incident.cause else []), incident.url]
    return {
        "message": shorten(incident.headline, LONGEST_MESSAGE),
        "alias": alias,
        "description": "\n".join(lines)[:LONGEST_DESCRIPTION],
        "details": {fact.label: fact.value for fact in incident.facts} | {"url": incident.url},
        "priority": PRIORITIES[Severity(incident.severity)],
        "source": SOURCE,
        "entity": incident.who,
    }

"""Opsgenie by its Alert API: creates, acknowledges and closes an alert as the incident goes on.

https://docs.opsgenie.com/docs/alert-api, read 2026-11-28.
"""

from functools import partial
from urllib.parse import quote

from django.conf import settings

from detection.vocabulary import Severity
from incidents.models import Channel
from incidents.notifying.messages import IncidentMessage
from incidents.wording import shorten

from .base import DeliveryError, Parcel
from .http import post_json
from .paging import ACKNOWLEDGE, RESOLVE, TRIGGER, page

SOURCE = "Cursor Cost Monitor"
LONGEST_MESSAGE, LONGEST_DESCRIPTION = 130, 15_000
PRIORITIES = {Severity.CRITICAL: "P1", Severity.WARNING: "P3", Severity.INFO: "P5"}
PATHS = {ACKNOWLEDGE: "acknowledge", RESOLVE: "close"}


def send(channel: Channel, parcel: Parcel) -> str:
    """Send what the step calls for; returns the alias that Opsgenie keeps the alert under."""
    key = channel.target.strip()
    if not key:
        raise DeliveryError("No API key: enter that of an API integration.")
    return page(parcel, partial(post_alert, key))


def post_alert(key: str, action: str, alias: str, incident: IncidentMessage | None) -> None:
    """Create the alert, or add a step to it; a test is one of the lowest priority."""
    path, data = "", dict[str, object](source=SOURCE)
    if action != TRIGGER:
        path = f"/{quote(alias, safe='')}/{PATHS[action]}?identifierType=alias"
        data |= {"note": incident.standing} if incident else {}
    elif incident:
        data |= {"alias": alias, **alert_json(incident)}
    else:
        data |= {"alias": alias, "message": f"A test from {SOURCE}", "priority": "P5"}
    url = f"{settings.OPSGENIE_API_URL}/v2/alerts{path}"
    post_json("Opsgenie", url, data, {"Authorization": f"GenieKey {key}"})


def alert_json(incident: IncidentMessage) -> dict[str, object]:
    lines = [incident.message, *([incident.cause.sentence] if incident.cause else []), incident.url]
    return {
        "message": shorten(incident.headline, LONGEST_MESSAGE),
        "description": "\n".join(lines)[:LONGEST_DESCRIPTION],
        "details": {fact.label: fact.value for fact in incident.facts} | {"url": incident.url},
        "priority": PRIORITIES[Severity(incident.severity)],
        "entity": incident.who,
    }

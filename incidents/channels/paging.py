"""What pagers have in common: when to trigger, acknowledge and resolve, and under which key."""

from urllib.parse import urlsplit

from django.conf import settings

from collector.base.plausibility import is_number
from incidents.models import TimelineStep
from incidents.notifying.messages import Alert, IncidentMessage
from incidents.notifying.recording import ALERTS

from .base import Parcel

TRIGGER, ACKNOWLEDGE, RESOLVE = "trigger", "acknowledge", "resolve"
TRIGGERING = {*ALERTS, TimelineStep.UNANSWERED}


def incident_key(incident_id: int) -> str:
    """The same for everything about one incident of this site."""
    return f"{key_prefix()}{incident_id}"


def key_prefix() -> str:
    return f"{urlsplit(settings.DASHBOARD_URL).hostname or 'localhost'}-incident-"


def incident_id_of(key: str) -> int | None:
    """The incident that `incident_key` made `key` of; None for any other key."""
    number = key.removeprefix(key_prefix())
    return int(number) if number != key and is_number(number) else None


def paged_incident(parcel: Parcel) -> IncidentMessage | None:
    """The incident of the parcel; None for digests and tests."""
    return parcel.content.incidents[0] if isinstance(parcel.content, Alert) else None


def page_action(parcel: Parcel) -> str:
    """What the step asks of the service; empty for a step that it has no word for."""
    incident = paged_incident(parcel)
    step = parcel.event.removeprefix("incident.")
    if incident is None:
        return ""
    if incident.is_resolved:
        return RESOLVE
    if step in TRIGGERING:
        return TRIGGER
    return ACKNOWLEDGE if step == TimelineStep.ACKNOWLEDGED else ""

"""What pagers have in common: when to trigger, acknowledge and resolve, and under which key."""

from collections.abc import Callable
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


def page(parcel: Parcel, post: Callable[[str, str, IncidentMessage | None], None]) -> str:
    """Let `post(action, key, incident)` ask the service for what the step calls for; returns the key.

    A test, which has no incident, triggers and resolves at once: the log shows both, and nobody is called.
    Digests page nobody.
    """
    if not isinstance(parcel.content, Alert):
        for action in (TRIGGER, RESOLVE) if parcel.event == "test" else ():
            post(action, parcel.key, None)
        return parcel.key
    incident, step = parcel.content.incidents[0], parcel.event.removeprefix("incident.")
    key = incident_key(incident.pk)
    if incident.is_resolved:
        post(RESOLVE, key, incident)
    elif step in TRIGGERING:
        post(TRIGGER, key, incident)
    elif step == TimelineStep.ACKNOWLEDGED and incident.is_acknowledged:  # it may be open again by now
        post(ACKNOWLEDGE, key, incident)
    return key

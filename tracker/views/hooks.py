"""`/hooks/pagerduty`, `/hooks/opsgenie`: acknowledged or resolved there, acknowledged or resolved here.

https://developer.pagerduty.com/docs/webhooks-overview and
https://support.atlassian.com/opsgenie/docs/integrate-opsgenie-with-outgoing-webhooks/, read 2026-11-28.
"""

import hashlib
import hmac
import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from collector.base.days import from_epoch_ms
from incidents import lifecycle
from incidents.channels.paging import incident_id_of
from incidents.lifecycle import Actor, Outcome
from incidents.models import Incident, Origin, opened_at
from incidents.wording import shorten
from tracker.access import audit
from tracker.access.guard import public

logger = logging.getLogger(__name__)
LONGEST_NAME = 200
ACTIONS: dict[str, Callable[..., Outcome]] = {
    "incident.acknowledged": lifecycle.acknowledge,
    "incident.resolved": lifecycle.resolve,
    "Acknowledge": lifecycle.acknowledge,
    "Close": lifecycle.resolve,
}


@dataclass(frozen=True)
class HookEvent:
    """What a service says happened to an incident of this site, and when."""

    action: str
    incident_id: int
    by: str
    at: datetime


@csrf_exempt
@public
@require_POST
def pagerduty_hook(request: HttpRequest) -> HttpResponse:
    secret = settings.PAGERDUTY_WEBHOOK_SECRET
    if not secret or not is_signed_by_pagerduty(request, secret):
        return refused_hook("The signature is missing or wrong, or PAGERDUTY_WEBHOOK_SECRET is not set.")
    return take_event(request, read_event(request.body, pagerduty_event), Origin.PAGERDUTY)


def is_signed_by_pagerduty(request: HttpRequest, secret: str) -> bool:
    """Whether one of the signatures, of which there are two while the secret changes, is right."""
    expected = hmac.new(secret.encode(), request.body, hashlib.sha256).hexdigest()
    signatures = request.headers.get("X-PagerDuty-Signature", "").encode().split(b",")
    return any(hmac.compare_digest(f"v1={expected}".encode(), signature.strip()) for signature in signatures)


@csrf_exempt
@public
@require_POST
def opsgenie_hook(request: HttpRequest) -> HttpResponse:
    token, authorization = settings.OPSGENIE_WEBHOOK_TOKEN, request.headers.get("Authorization", "")
    if not token or not hmac.compare_digest(f"Bearer {token}".encode(), authorization.encode()):
        return refused_hook("The token is missing or wrong, or OPSGENIE_WEBHOOK_TOKEN is not set.")
    return take_event(request, read_event(request.body, opsgenie_event), Origin.OPSGENIE)


def refused_hook(reason: str) -> HttpResponse:
    logger.warning("webhook refused: %s", reason)
    return HttpResponse(reason, status=403, content_type="text/plain")


def read_event(body: bytes, read: Callable[[Any], HookEvent | None]) -> HookEvent | None:
    """The event in the body; None where it is not about an incident of this site, or makes no sense."""
    try:
        return read(json.loads(body))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError):
        return None


def pagerduty_event(payload: Any) -> HookEvent | None:
    event = payload["event"]
    number = incident_id_of(str(event["data"].get("incident_key") or ""))
    at = parse_datetime(str(event["occurred_at"]))
    if number is None or at is None or at.tzinfo is None:
        return None
    by = str((event.get("agent") or {}).get("summary") or "PagerDuty")
    return HookEvent(str(event["event_type"]), number, by, at)


def opsgenie_event(payload: Any) -> HookEvent | None:
    alert = payload["alert"]
    number = incident_id_of(str(alert.get("alias") or ""))
    if number is None:
        return None
    by = str(alert.get("username") or "Opsgenie")
    return HookEvent(str(payload["action"]), number, by, opsgenie_instant(int(alert["updatedAt"])))


def opsgenie_instant(stamp: int) -> datetime:
    """Milliseconds, or nanoseconds as its documentation's example has them."""
    return from_epoch_ms(stamp if stamp < 10**15 else stamp // 10**6)


def take_event(request: HttpRequest, event: HookEvent | None, origin: Origin) -> HttpResponse:
    """Do here what was done there. 200 for everything understood: the service would only send it again."""
    if event is None or event.action not in ACTIONS:
        return HttpResponse("Nothing to do.", content_type="text/plain")
    incident = Incident.objects.filter(pk=event.incident_id).first()
    if incident is None or event.at < opened_at(incident):
        text = "Nothing to do: the event is unknown or older than the incident's opening."
        return HttpResponse(text, content_type="text/plain")
    actor = Actor(None, shorten(event.by, LONGEST_NAME) or origin.label)
    act = ACTIONS[event.action]
    outcome = act(incident, actor, origin, timezone.now())
    if outcome.won:
        path = reverse("incident-action", kwargs={"pk": incident.pk, "action": act.__name__})
        audit.record_deed(request, actor, path, f"in {origin.label}")
    return HttpResponse(outcome.message, content_type="text/plain")

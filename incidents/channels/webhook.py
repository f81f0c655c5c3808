"""A generic signed webhook: JSON by POST, described in docs/incidents.md."""

import hashlib
import hmac
import json
import time
from dataclasses import asdict

from django.conf import settings

from incidents.models import Channel
from incidents.notifying.messages import Alert, IncidentMessage

from .base import DeliveryError, Parcel
from .http import USER_AGENT, call_service

VERSION = 1


def address(channel: Channel) -> str:
    return channel.target.strip() or settings.WEBHOOK_URL


def send(channel: Channel, parcel: Parcel) -> str:
    """POST once; any 2xx is taken, whatever follows it. The receiver can tell repeats by X-Delivery."""
    url = address(channel)
    if not url:
        raise DeliveryError("No address: set WEBHOOK_URL, or the target in the admin.")
    body = json.dumps(payload(parcel), ensure_ascii=False).encode()
    call_service("The webhook", "POST", url, body, headers(parcel.key, body))
    return parcel.key


def payload(parcel: Parcel) -> dict[str, object]:
    body: dict[str, object] = {"version": VERSION, "event": parcel.event, "delivery": parcel.key}
    if not isinstance(parcel.content, Alert):
        return body | {"digest": parcel.content.as_json()}
    incidents = [incident_json(incident) for incident in parcel.content.incidents]
    return body | {"step": parcel.content.step, "incidents": incidents}


def incident_json(incident: IncidentMessage) -> dict[str, object]:
    data = asdict(incident)
    data["id"] = data.pop("pk")
    data["facts"] = {fact.label: fact.value for fact in incident.facts}
    names = ("kind", "name", "figures", "url")
    if cause := data.pop("cause"):
        cause = {
            "sentence": cause["sentence"],
            "sources": [dict(zip(names, row, strict=True)) for row in cause["rows"]],
        }
    return data | {"diagnosis": cause}


def headers(key: str, body: bytes) -> dict[str, str]:
    """The signature covers the time, so that a caught request cannot be used later."""
    sent = str(int(time.time()))
    signed = {
        "Content-Type": "application/json; charset=utf-8",
        "User-Agent": USER_AGENT,
        "X-Delivery": key,
        "X-Timestamp": sent,
    }
    if settings.WEBHOOK_SECRET:
        signed["X-Signature"] = f"sha256={sign(settings.WEBHOOK_SECRET, sent, body)}"
    return signed


def sign(secret: str, sent: str, body: bytes) -> str:
    """HMAC-SHA256 in hex over `<X-Timestamp>.<body>`."""
    return hmac.new(secret.encode(), f"{sent}.".encode() + body, hashlib.sha256).hexdigest()

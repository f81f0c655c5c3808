"""Incidents opened by a run, and what the outbox holds of them."""

from __future__ import annotations

from incidents.lifecycle import take_in
from incidents.models import Incident, Notification

from .factories import NOON, make_anomaly, make_member, run_at


def open_incidents(count: int = 1) -> list[Incident]:
    for number in range(count):
        make_anomaly(make_member(f"member{number}@example.com"))
    take_in(run_at(NOON), NOON)
    return list(Incident.objects.order_by("pk"))


def states() -> list[tuple]:
    return list(Notification.objects.order_by("pk").values_list("kind", "status", "tries"))


def texts(message: dict) -> str:
    """All text of a message's blocks."""
    return str(message["blocks"])

"""One step of an incident: compare, set, write it down, record what to say."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import F

from incidents.models import Incident, Origin, Status, TimelineEntry, TimelineStep, answered_at
from incidents.notifying import recording
from incidents.wording import instant

UNRESOLVED = (Status.OPEN, Status.ALERTED, Status.ACKNOWLEDGED)
SENT_TWICE = timedelta(minutes=1)  # a form or a button pressed again because the answer took a moment


@dataclass(frozen=True)
class Actor:
    """Who acts. `user` is their login where there is one; an empty name is the system."""

    user: User | None
    name: str


SYSTEM = Actor(None, "")


@dataclass(frozen=True)
class Outcome:
    """Whether the caller's step was taken; `message` is a sentence for them, naming who was first if not."""

    won: bool
    message: str
    incident: Incident


@dataclass(frozen=True)
class Transition:
    """A step to take: allowed from some states, to another one or (None) to the same."""

    step: TimelineStep
    allowed: Collection[str]
    to: Status | None = None
    text: str = ""


def transition(
    incident: Incident,
    move: Transition,
    at: datetime,
    actor: Actor = SYSTEM,
    origin: str = Origin.SYSTEM,
    *,
    where: Mapping[str, object] | None = None,
    **changes: object,
) -> bool:
    """Take `move` if the incident's state (and `where`) still allows it; False and nothing written otherwise.

    `incident` is brought up to date either way.
    """
    with transaction.atomic():
        incident.refresh_from_db(from_queryset=Incident.objects.select_for_update())
        before = incident.status
        if before not in move.allowed:
            return False
        changes["status"] = move.to or before
        if not Incident.objects.filter(pk=incident.pk, status=before, **where or {}).update(**changes):
            incident.refresh_from_db()
            return False
        incident.refresh_from_db()
        if move.to is not None or not is_repeat(incident, move, at, actor):
            write(incident, move.step, move.text, at, actor, origin, before)
        return True


def is_repeat(incident: Incident, move: Transition, at: datetime, actor: Actor) -> bool:
    """Whether this person has just taken the very same step, which changes no state that would show it."""
    last = incident.timeline.order_by("pk").last()
    if last is None or not actor.name:
        return False
    same = (move.step, move.text, actor.name)
    return (last.step, last.text, last.actor_name) == same and at - last.at < SENT_TWICE


def write(
    incident: Incident,
    step: TimelineStep,
    text: str,
    at: datetime,
    actor: Actor = SYSTEM,
    origin: str = Origin.SYSTEM,
    before: str | None = None,
) -> TimelineEntry:
    """Add the timeline entry of a step and record its notifications; inside the step's transaction.

    `before` is the status that the step changed; empty where the incident is new.
    """
    entry = TimelineEntry.objects.create(
        incident=incident,
        step=step,
        at=at,
        actor=actor.user,
        actor_name=actor.name,
        origin=origin,
        from_status=incident.status if before is None else before,
        to_status=incident.status,
        severity=incident.severity,
        text=text,
    )
    if recording.speaks_up(entry, at):
        Incident.objects.filter(pk=incident.pk).update(alerted_cents=F("stated_cents"))
        incident.alerted_cents = incident.stated_cents
    recording.record(entry, at)
    return entry


def standing(incident: Incident) -> str:
    """How the incident stands, as a sentence for whoever came too late."""
    if incident.status == Status.RESOLVED:
        by = incident.resolved_by or "itself"
        return f"Already resolved by {by}, {instant(incident.resolved_at)}."
    if incident.status == Status.ACKNOWLEDGED:
        return f"Already acknowledged by {incident.acknowledged_by}, {instant(answered_at(incident))}."
    return f"The incident is {incident.get_status_display()}."


def outcome(incident: Incident, won: bool, done: str) -> Outcome:
    return Outcome(won, done if won else standing(incident), incident)

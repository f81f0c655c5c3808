"""What people do to an incident, from wherever they do it."""

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Case, F, When

from detection.vocabulary import Cause
from incidents.ends import end_problem
from incidents.models import Incident, Status, TimelineStep, Verdict
from incidents.wording import end_in_words, instant

from .exemptions import CLOSING_VERDICTS, replace_exemption, revoke_exemptions
from .moves import UNRESOLVED, Actor, Outcome, Transition, outcome, transition

LONGEST_BEFORE = timedelta(days=366)  # from onset to detection


def acknowledge(incident: Incident, actor: Actor, origin: str, now: datetime) -> Outcome:
    """Take the incident on. Only the first acknowledgement counts and keeps its time."""
    incident.refresh_from_db()
    first_answer = incident.acknowledged_at or now
    move = Transition(TimelineStep.ACKNOWLEDGED, (Status.OPEN, Status.ALERTED), Status.ACKNOWLEDGED)
    won = transition(
        incident, move, now, actor, origin, acknowledged_at=first_answer, acknowledged_by=actor.name
    )
    return outcome(incident, won, "Acknowledged.")


def resolve(incident: Incident, actor: Actor, origin: str, now: datetime, note: str = "") -> Outcome:
    """Close the incident; its finding may still hold, and stays quiet until the reopen window is over."""
    move = Transition(TimelineStep.RESOLVED, UNRESOLVED, Status.RESOLVED, note)
    won = transition(incident, move, now, actor, origin, **resolution(actor.name, now), snoozed_until=None)
    return outcome(incident, won, "Resolved.")


def resolution(by: str, now: datetime) -> dict[str, Any]:
    """What resolving sets; a snooze ends with it only where a person resolves."""
    return {"resolved_at": now, "resolved_by": by, "resolved_severity": F("severity")}


def reopen(incident: Incident, actor: Actor, origin: str, now: datetime, reason: str = "") -> Outcome:
    """Open a resolved incident again; refused while another one about the same is unresolved.

    Whoever reopens disagrees with the verdict: it is taken back with the exemption that it left.
    """
    try:
        with transaction.atomic():
            incident.refresh_from_db()
            text = with_verdict_taken_back(incident, reason)
            move = Transition(TimelineStep.REOPENED, (Status.RESOLVED,), Status.OPEN, text)
            won = transition(incident, move, now, actor, origin, **reopening(now))
            if won:
                revoke_exemptions(incident, actor.name, now)
    except IntegrityError:
        incident.refresh_from_db()
        twin = Incident.objects.about(incident.member_id, incident.cause).unresolved().first()
        return Outcome(False, f"Incident #{twin.pk if twin else '?'} about the same cause is open.", incident)
    if not won:
        return Outcome(False, "The incident is not resolved.", incident)
    return Outcome(True, "Reopened.", incident)


def reopening(now: datetime) -> dict[str, Any]:
    """What reopening sets, whoever does it: the incident is unjudged again.

    The first detection, alert and answer stay, and so does a snooze not yet over.
    """
    return {
        "verdict": "",
        "verdict_by": "",
        "planned_until": None,
        "resolved_at": None,
        "resolved_by": "",
        "resolved_severity": "",
        "reopened_at": now,
        "reopened_count": F("reopened_count") + 1,
        "quiet_runs": 0,
        # One that is over must not wake what has just alerted.
        "snoozed_until": Case(When(snoozed_until__gt=now, then="snoozed_until")),
    }


def with_verdict_taken_back(incident: Incident, reason: str) -> str:
    """`reason` for the timeline, and which verdict goes with the reopening."""
    if not incident.verdict:
        return reason
    taken_back = f"the verdict “{incident.get_verdict_display()}” is withdrawn"
    return f"{reason}; {taken_back}" if reason else taken_back


def snooze(
    incident: Incident, actor: Actor, origin: str, now: datetime, until: datetime, reason: str = ""
) -> Outcome:
    """Send nothing about the incident until `until`, even if it recurs meanwhile."""
    if problem := end_problem(until, now):
        return Outcome(False, problem, incident)
    text = f"until {instant(until)}" + (f": {reason}" if reason else "")
    won = transition(
        incident,
        Transition(TimelineStep.SNOOZED, UNRESOLVED, None, text),
        now,
        actor,
        origin,
        snoozed_until=until,
    )
    return outcome(incident, won, f"Snoozed until {instant(until)}.")


def note(incident: Incident, actor: Actor, origin: str, now: datetime, text: str) -> Outcome:
    """Add a remark to the timeline, whatever the state."""
    if not text.strip():
        return Outcome(False, "Write a note first.", incident)
    won = transition(
        incident, Transition(TimelineStep.NOTE, Status.values, None, text.strip()), now, actor, origin
    )
    return outcome(incident, won, "Noted.")


def correct_onset(
    incident: Incident, actor: Actor, origin: str, now: datetime, onset_at: datetime
) -> Outcome:
    """Record when it really began; the figures count from then."""
    if onset_at > incident.detected_at:
        return Outcome(False, "The onset cannot be after the detection.", incident)
    if onset_at < incident.detected_at - LONGEST_BEFORE:
        return Outcome(False, "The onset cannot be more than a year before the detection.", incident)
    move = Transition(TimelineStep.ONSET, Status.values, None, f"began {instant(onset_at)}")
    won = transition(incident, move, now, actor, origin, onset_corrected_at=onset_at)
    return outcome(incident, won, f"Onset set to {instant(onset_at)}.")


def verdict(
    incident: Incident,
    actor: Actor,
    origin: str,
    now: datetime,
    kind: str,
    until: datetime | None = None,
    reason: str = "",
) -> Outcome:
    """Say what it was. All but “real” resolve the incident and keep the next runs quiet about it.

    `until` is needed for planned spend, optional for expected. A new verdict replaces the one before.
    """
    if problem := find_problem(incident, kind, now, until):
        return Outcome(False, problem, incident)
    text = verdict_text(kind, until, reason)
    changes: dict[str, Any] = {
        "verdict": kind,
        "verdict_by": actor.name,
        "planned_until": until if kind == Verdict.PLANNED else None,
    }
    with transaction.atomic():
        incident.refresh_from_db()
        move = Transition(TimelineStep.VERDICT, Status.values, None, text)
        if kind in CLOSING_VERDICTS and not incident.is_resolved:
            move = Transition(TimelineStep.VERDICT, UNRESOLVED, Status.RESOLVED, text)
            changes |= resolution(actor.name, now) | {"snoozed_until": None}
        won = transition(incident, move, now, actor, origin, **changes)
        if won and incident.timeline.filter(at=now).exists():  # else it was sent twice
            replace_exemption(incident, actor.name, now, until, reason)
    return outcome(incident, won, f"Verdict: {Verdict(kind).label}.")


def find_problem(incident: Incident, kind: str, now: datetime, until: datetime | None) -> str | None:
    """Why this verdict cannot be given, or None."""
    if kind not in Verdict.values:
        return f"A verdict is one of {', '.join(Verdict.values)}."
    if kind == Verdict.PLANNED and until is None:
        return "Planned spend needs the day on which it ends."
    if until is not None and (problem := end_problem(until, now)):
        return problem
    if kind == Verdict.TOO_SMALL and incident.member and incident.cause != Cause.SPEND:
        return (
            f"“Too small” is a dollar amount, but this incident is about {incident.cause}. "
            "Choose “expected” or “planned” instead."
        )
    return None


def verdict_text(kind: str, until: datetime | None, reason: str) -> str:
    text = (
        Verdict(kind).label
        if until is None
        else f"{Verdict(kind).label.split(' until')[0]} until {end_in_words(until)}"
    )
    return f"{text}: {reason}" if reason else text

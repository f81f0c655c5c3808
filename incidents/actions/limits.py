"""Changes a member's spend limit in Cursor: recorded before, carried out, read back, recorded after.

Each step is committed before the next one begins, and each may be repeated: a process that dies anywhere
leaves a change without an outcome, which the next run reads back in Cursor and completes. No call happens
inside a transaction, and one process at a time works on a member.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.conf import settings
from django.db import IntegrityError, transaction

from collector.base.leases import AlreadyRunning, hold_lease
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, Trouble
from collector.cursor.spend_limits import LimitInForce, read_limit, write_limit
from collector.models import Member, SpendSnapshot
from incidents.actions.limit_effects import GroupLimit, group_limits_of, judge_effect
from incidents.lifecycle.moves import Actor, write
from incidents.models import Incident, LimitChange, TimelineStep
from incidents.wording import instant

GIVE_UP_AFTER = timedelta(hours=24)
MAY_BE_IN_FORCE = "The limit may have been set all the same: check it in Cursor's dashboard."
Status = LimitChange.Status


@dataclass(frozen=True)
class LimitWish:
    """A change that somebody wants. `key` is the same however often one form is sent."""

    member: Member
    to_dollars: int | None
    reason: str
    key: str
    until_at: datetime | None = None
    incident: Incident | None = None
    kind: str = LimitChange.Reason.PERSON
    restores: LimitChange | None = None


class LimitRefused(Exception):
    """The change was not recorded; the message is for whoever wanted it."""


def may_write() -> bool:
    """Whether this installation changes limits in Cursor."""
    return bool(settings.CURSOR_LIMITS == "write" and settings.CURSOR_ADMIN_API_KEY)


def last_known_limit(member: Member, now: datetime) -> Decimal | None:
    """The limit in force in this cycle, in dollars, as collected or as read back after a later change; None
    where none is known. Two queries."""
    stated = SpendSnapshot.objects.filter(
        member=member, cycle__start_at__lte=now, cycle__end_at__gt=now
    ).order_by("-taken_at")
    changes = LimitChange.objects.filter(member=member, status__in=LimitChange.CARRIED_OUT)
    snapshot, change = stated.first(), changes.order_by("-finished_at", "-pk").first()
    if change and change.finished_at and not (snapshot and snapshot.confirmed_at >= change.finished_at):
        return change.after_dollars if change.effective_dollars is None else change.effective_dollars
    return snapshot.limit_dollars if snapshot else None


def record_wish(wish: LimitWish, actor: Actor, origin: str, now: datetime) -> LimitChange:
    """Record the change and its entry on the timeline in one transaction; one key is one change.

    LimitRefused where limits are not changed from here, another change of the member is not finished, or the
    key's change is another one.
    """
    if not may_write():
        raise LimitRefused(
            "Limits cannot be changed from here: set CURSOR_LIMITS=write, and use a key with write access."
        )
    try:
        with transaction.atomic():
            change, is_new = LimitChange.objects.get_or_create(
                key=wish.key,
                defaults={
                    **vars(wish),
                    "actor": actor.user,
                    "actor_name": actor.name,
                    "origin": origin,
                    "requested_at": now,
                },
            )
            if is_new:
                text = f"{change.to_words}{until_words(change.until_at)}: {change.reason}"
                note_on_timeline(change, TimelineStep.LIMIT_ASKED, text, now)
    except IntegrityError:
        raise LimitRefused(why_later(wish.member)) from None
    wanted = (wish.member.pk, wish.to_dollars, wish.until_at)
    if not is_new and (change.member_id, change.to_dollars, change.until_at) != wanted:
        raise LimitRefused(
            f"This form has already been sent, for {change}. Open the page again for another change."
        )
    return change


def why_later(member: Member) -> str:
    other = LimitChange.objects.unfinished().filter(member=member).first()
    text = f"Another change of {member}'s limit is in progress: try again in a minute."
    return f"{text} The last attempt: {other.message}" if other and other.message else text


def carry_out(change: LimitChange, client: CursorClient, now: datetime) -> LimitChange:
    """Bring Cursor's limit to what `change` says and record the outcome; unfinished if Cursor is down.

    Repeating it is safe at any point. It does nothing while another process carries the change out.
    """
    try:
        with hold_lease(f"limit:{change.member_id}"):
            change.refresh_from_db()
            if not change.is_finished:
                _try_once(change, client, now)
    except AlreadyRunning:
        change.refresh_from_db()
    return change


def _try_once(change: LimitChange, client: CursorClient, now: datetime) -> None:
    if change.status == Status.INTENDED and is_late(change, now):
        finish_late(change, now)
        return
    try:
        _bring_about(change, client, now)
    except CursorApiError as error:
        change.tries += 1
        if error.permanent and change.status == Status.INTENDED:
            finish(change, Status.FAILED, error.answered, now)
        # It may be in force. One that ends by itself goes on until Cursor tells, so that its end is kept.
        elif error.trouble is Trouble.REFUSED and change.until_at is None:
            finish(change, Status.FAILED, f"{error}. {MAY_BE_IN_FORCE}", now)
        else:
            change.message = str(error)
            change.save(update_fields=["tries", "message"])


def is_late(change: LimitChange, now: datetime) -> bool:
    """Whether nobody expects it to be carried out any more."""
    is_over = change.until_at is not None and change.until_at <= now
    return is_over or now - change.requested_at > GIVE_UP_AFTER


def finish_late(change: LimitChange, now: datetime) -> None:
    late = "Not completed in time. Request it again if it is still needed."
    finish(change, Status.FAILED, f"{change.message} {late}".strip(), now)


def _bring_about(change: LimitChange, client: CursorClient, now: datetime) -> None:
    """Read, write unless it holds already, read back; each with nothing in between that is not recorded."""
    email = change.member.email
    before = read_limit(client, email)
    if before is None:
        # Tried again it would fail every hour: with the member the limit to replace is gone.
        status = Status.SKIPPED if change.restores else Status.FAILED
        finish(change, status, "This member is not in Cursor's list of members.", now)
        return
    if change.status == Status.INTENDED and not _make_ready(change, before, now):
        return
    after: LimitInForce | None = before
    if before.own_dollars != change.to_dollars:
        if is_late(change, now):
            finish_late(change, now)
            return
        try:
            write_limit(client, email, change.to_dollars)
        except CursorApiError as error:
            if not error.permanent:
                raise
            finish(change, Status.FAILED, error.answered, now)
            return
        after = read_limit(client, email)
    if after is None:
        finish(change, Status.FAILED, "This member is no longer in Cursor's list of members.", now)
        return
    groups = group_limits_of(change.member)
    finish_with(change, after, groups, now)


def _make_ready(change: LimitChange, before: LimitInForce, now: datetime) -> bool:
    """Store the limit of now before it is changed; False if there is nothing left to restore."""
    replaced = LimitChange.objects.temporary().filter(member=change.member).first()
    change.from_dollars, change.from_effective_dollars = before.own_dollars, before.effective_dollars
    expected = change.restores.to_dollars if change.restores else None
    if change.restores and before.own_dollars != expected:
        text = (
            f"Somebody changed the limit in Cursor to {words(before.own_dollars)} meanwhile, so it was kept."
        )
        change.after_dollars, change.effective_dollars = before.own_dollars, before.effective_dollars
        finish(change, Status.SKIPPED, text, now)
        return False
    is_replacing = replaced is not None and replaced.to_dollars == before.own_dollars
    change.restore_dollars = replaced.restore_dollars if replaced and is_replacing else before.own_dollars
    change.status = Status.READY
    change.save(update_fields=["from_dollars", "from_effective_dollars", "restore_dollars", "status"])
    return True


def finish_with(change: LimitChange, after: LimitInForce, groups: list[GroupLimit], now: datetime) -> None:
    """Record what was read back, and why it has no effect where it has none."""
    change.after_dollars, change.effective_dollars = after.own_dollars, after.effective_dollars
    problem = judge_effect(change.to_dollars, after, groups)
    text = problem or f"In force now: {words(after.decisive_dollars)}."
    finish(change, Status.NO_EFFECT if problem else Status.DONE, text, now)


def finish(change: LimitChange, status: str, text: str, now: datetime) -> None:
    """Record the outcome once, with its entry on the timeline, and end what it replaced."""
    with transaction.atomic():
        won = (
            LimitChange.objects.unfinished()
            .filter(pk=change.pk)
            .update(
                status=status,
                message=text,
                finished_at=now,
                tries=change.tries,
                from_dollars=change.from_dollars,
                from_effective_dollars=change.from_effective_dollars,
                after_dollars=change.after_dollars,
                effective_dollars=change.effective_dollars,
            )
        )
        change.refresh_from_db()
        if not won:
            return
        if status != Status.FAILED:
            others = LimitChange.objects.temporary().filter(member=change.member).exclude(pk=change.pk)
            others.update(ended_at=now)
        note_on_timeline(change, TimelineStep.LIMIT, outcome_sentence(change), now)


def note_on_timeline(change: LimitChange, step: TimelineStep, text: str, now: datetime) -> None:
    if change.incident:
        actor = Actor(change.actor, change.actor_name)
        write(change.incident, step, text, now, actor, change.origin)


def outcome_sentence(change: LimitChange) -> str:
    """`from $200.00 to $80 until 3 Mar 2026, 12:00 UTC, in force. In force now: $80.00.`"""
    to = f"{change.to_words}{until_words(change.until_at)}"
    return f"from {words(change.from_dollars)} to {to}, {change.get_status_display()}. {change.message}"


def until_words(until_at: datetime | None) -> str:
    return f" until {instant(until_at)}" if until_at else ""


def words(dollars: Decimal | int | None) -> str:
    return "no limit" if dollars is None else f"${dollars:,.2f}"

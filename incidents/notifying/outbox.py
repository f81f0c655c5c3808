"""Sends what was recorded: leased while it is sent, retried with growing pauses, given up aloud.

Any number of processes may deliver at once. A process that dies while sending leaves its lease behind; when
that has run out the message is sent once more, and given up if a second process dies with it: so a message is
repeated at most once, and none is lost without a word.
"""

import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Case, F, Min, PositiveSmallIntegerField, Value, When

from collector.base.connections import attempt
from collector.base.days import utc_day
from collector.base.reports import StepReport
from incidents import lifecycle
from incidents.channels import registry
from incidents.channels.base import DeliveryError, Parcel, Receipt
from incidents.models import Channel, IncidentSettings, Notification
from incidents.models.channels import LONGEST_PAUSE
from incidents.models.notifications import LEASE
from incidents.notifying import messages, recording
from incidents.notifying.batches import Batch, plan
from incidents.notifying.catching_up import catch_up, revive
from incidents.notifying.parcels import compose
from incidents.notifying.routing import has_nobody


@dataclass(frozen=True)
class DeliveryReport(StepReport):
    """What one delivery did, counted in notifications; `failed` counts steps before them, too."""

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    escalated: int = 0
    waiting: int = 0

    @property
    def is_ok(self) -> bool:
        return not (self.failed or self.given_up)

    @property
    def summary(self) -> str:
        text = f"{self.sent} sent, {self.waiting} waiting"
        for count, word in (
            (self.failed, "failed"),
            (self.given_up, "given up"),
            (self.escalated, "escalated"),
        ):
            text += f", {count} {word}" if count else ""
        return text


logger = logging.getLogger(__name__)

BUDGET = timedelta(minutes=1)  # of each channel in one delivery, so that a slow one holds nobody up for long
Status = Notification.Status


@dataclass(frozen=True)
class Post:
    """What one delivery carries with it: a channel, the policy, a clock that goes on meanwhile."""

    channel: Channel
    policy: IncidentSettings
    clock: Callable[[], datetime]
    tally: Counter[str]


def deliver_due(now: datetime) -> DeliveryReport:
    """Send everything that is due; escalate what nobody answered. What fails keeps nothing else from its
    turn, and least of all what is due."""
    policy, clock, tally = IncidentSettings.get_solo(), running(now), Counter[str]()
    attempt(tally, registry.seed_channels)
    attempt(tally, lifecycle.expire_snoozes, now)
    attempt(tally, lifecycle.expire_acknowledgements, now)
    tally["escalated"] = attempt(tally, lifecycle.unanswered, now) or 0
    attempt(tally, catch_up, now)
    for channel in channels_with_due(now):
        attempt(tally, deliver, Post(channel, policy, clock, tally), clock() + BUDGET)
    return DeliveryReport(**tally, waiting=Notification.objects.waiting().count())


def channels_with_due(now: datetime) -> list[Channel]:
    """Channels with something due and not paused, the one first whose oldest message has waited longest."""
    due = (
        Notification.objects.due(now)
        .awake(now)
        .order_by()
        .values("channel")
        .annotate(oldest=Min("created_at"))
    )
    order = [row["channel"] for row in due.order_by("oldest", "channel")]
    channels = Channel.objects.in_bulk(order)
    return [channels[pk] for pk in order if not channels[pk].is_paused(now)]


def running(now: datetime) -> Callable[[], datetime]:
    """A clock that starts at `now` and goes on: what is sent late in a delivery is dated late."""
    started = time.monotonic()
    return lambda: now + timedelta(seconds=time.monotonic() - started)


def deliver(post: Post, until: datetime) -> None:
    """Everything due on one channel, until one message shows that the channel is down."""
    now = post.clock()
    rows = list(
        Notification.objects.due(now)
        .awake(now)
        .filter(channel=post.channel)
        .select_related("incident__member", "entry", "channel")
    )
    if not post.channel.is_enabled:
        give_up(post, rows, "The channel was disabled before this was sent.")
        return
    if has_nobody(post.channel, utc_day(post.clock())):
        give_up(post, rows, "The groups that this channel is for are deleted. Choose other groups for it.")
        return
    lost = [row for row in rows if row.lost_leases and row.status == Status.SENDING]
    give_up(post, lost, "The process died twice while sending this; it may have arrived.")
    sendable = [row for row in rows if row not in lost]
    for batch in plan(sendable, post.channel, post.policy):
        if post.clock() > until or not send(post, batch):
            return


def send(post: Post, batch: Batch) -> bool:
    """Send one message; False if the channel's other messages would fail alike."""
    if is_premature(post.channel, batch):
        return True
    token = lease(batch.rows, post.clock())
    if not token:
        return True  # another process is at it
    try:
        receipt = registry.send(post.channel, compose(post.channel, batch))
    except DeliveryError as problem:
        failed(post, batch.rows, token, problem)
        return not problem.is_about_channel
    sent(post, batch.rows, token, receipt)
    return True


def is_premature(channel: Channel, batch: Batch) -> bool:
    """Whether an update's alert has still to get through on this channel."""
    if batch.kind != Notification.Purpose.UPDATE:
        return False
    alerts = Notification.objects.waiting().for_all()
    alerts = alerts.filter(channel=channel, kind=Notification.Purpose.ALERT)
    return alerts.filter(incident=batch.rows[0].incident).exists()


def lease(rows: Sequence[Notification], at: datetime) -> str:
    """Take all `rows` for this process; empty, and none taken, if another process has one of them."""
    token, pks = uuid.uuid4().hex, [row.pk for row in rows]
    with transaction.atomic():
        taken = (
            Notification.objects.due(at)
            .filter(pk__in=pks)
            .order_by()
            .update(
                lost_leases=Case(
                    When(status=Status.SENDING, then=F("lost_leases") + 1),
                    default=F("lost_leases"),
                    output_field=PositiveSmallIntegerField(),
                ),
                status=Value(Status.SENDING),
                is_uncertain=Case(When(status=Status.SENDING, then=Value(True)), default=F("is_uncertain")),
                lease=token,
                leased_until=at + LEASE,
                tries=F("tries") + 1,
            )
        )
        if taken != len(pks):
            transaction.set_rollback(True)
            return ""
    return token


def sent(post: Post, rows: Sequence[Notification], token: str, receipt: Receipt) -> None:
    """Note the success; the alert's time and the notification's are one transaction."""
    at = post.clock()
    with transaction.atomic():
        leased = Notification.objects.filter(pk__in=[row.pk for row in rows], lease=token)
        count = leased.update(
            status=Status.SENT,
            sent_at=at,
            remote_id=receipt.remote_id,
            error=receipt.refusal,
            lease="",
            leased_until=None,
        )
        if not count:
            return  # the lease had run out, and another process has it: what it says counts
        recording.record_for_later(rows, receipt.put_off, at, due_at=at + pause(1, None))
        if post.channel.last_error:
            revive(post.channel, at, failed_since=post.channel.last_ok_at)
        Channel.objects.filter(pk=post.channel.pk).update(**works(at))
        alerted = {row.incident_id: row.incident for row in rows if row.kind == Notification.Purpose.ALERT}
        for incident in alerted.values():
            if incident:
                lifecycle.alerted(incident, post.channel, at, len(receipt.refused))
    post.tally["sent"] += count


def failed(post: Post, rows: Sequence[Notification], token: str, problem: DeliveryError) -> None:
    """Note the failure and when to try again, or give up after as many tries as the policy says."""
    at, reason = post.clock(), str(problem)
    logger.warning("channel %s: %s", post.channel, reason)
    asked = min(problem.retry_after, LONGEST_PAUSE) if problem.retry_after else None
    Channel.objects.filter(pk=post.channel.pk).update(
        last_error=reason,
        last_error_at=at,
        paused_until=at + asked if asked and problem.is_about_channel else F("paused_until"),
    )
    is_last = problem.is_permanent and not problem.is_about_channel
    spent = [row for row in rows if is_last or row.tries + 1 >= post.policy.give_up_after]
    again = [row for row in rows if row not in spent]
    for row in again:
        due_at = at + pause(row.tries + 1, asked)
        Notification.objects.filter(pk=row.pk, lease=token).update(
            status=Status.WAITING,
            due_at=due_at,
            error=reason,
            is_uncertain=row.is_uncertain or problem.is_uncertain,
            lease="",
            leased_until=None,
        )
    post.tally["failed"] += len(again)
    release_channels(post, again, at)
    give_up(post, spent, reason, token)


def works(at: datetime) -> dict[str, Any]:
    """The fields of a channel that a message has just got through on."""
    return {"last_ok_at": at, "last_error": "", "last_error_at": None, "paused_until": None}


def release_channels(post: Post, rows: Sequence[Notification], at: datetime) -> None:
    """Let channels no longer wait for members whom these questions did not reach."""
    for row in rows if post.channel.is_for_member else ():
        if row.incident and row.kind == Notification.Purpose.ALERT:
            recording.release_waiting(row.incident, at)


def pause(tries: int, asked: timedelta | None) -> timedelta:
    """How long to wait after the `tries`-th failure: 1, 2, 4 … minutes up to six hours, or what was asked."""
    grown = min(timedelta(minutes=2 ** min(tries - 1, 10)), LONGEST_PAUSE)
    return max(grown, asked or timedelta(0))


def give_up(post: Post, rows: Sequence[Notification], reason: str, token: str = "") -> None:
    """Stop trying, and say so: on the incident's timeline, in the admin, and in whatever asks `backlog`.

    Only rows that this process holds by `token`, or without one rows that nobody holds: another process may
    be sending them.
    """
    at = post.clock()
    ours = Notification.objects.filter(lease=token) if token else Notification.objects.due(at).order_by()
    for row in rows:
        with transaction.atomic():
            stopped = ours.filter(pk=row.pk).update(
                status=Status.GIVEN_UP, error=reason, lease="", leased_until=None
            )
            if stopped:
                row.error = reason
                lifecycle.undelivered(row, at)
        post.tally["given_up"] += stopped
    release_channels(post, rows, at)


def send_test(channel: Channel, now: datetime) -> str:
    """Send a test message at once and return the other side's answer; DeliveryError says what is wrong."""
    content = messages.Digest(
        "A test from Cursor Cost Monitor",
        ("This channel works: incidents and digests arrive here.",),
        (),
        messages.site_url("/incidents"),
    )
    try:
        answer = registry.send(channel, Parcel(f"test-{uuid.uuid4().hex}", "test", content)).remote_id
    except DeliveryError as problem:
        Channel.objects.filter(pk=channel.pk).update(last_error=str(problem), last_error_at=now)
        raise
    Channel.objects.filter(pk=channel.pk).update(**works(now))
    if channel.pk is not None:
        revive(channel, now)
    return answer

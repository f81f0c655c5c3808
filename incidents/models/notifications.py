"""Messages: what was to be sent, to whom, and whether it arrived."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q

from collector.base.days import CLOCKS_DIFFER

from .channels import LONGEST_PAUSE, Channel
from .incidents import Incident
from .timeline import TimelineEntry, TimelineStep

# How the key of a notification begins that repeats another for one recipient: the address follows.
FOR_ONE = "to:"
LONGEST_FOR_ONE = 70  # so that the other's key has room beside the address

# Of a notification that is being sent: far above what one call can take, time-outs and repeats included.
LEASE = timedelta(minutes=15)


class NotificationQuerySet(models.QuerySet["Notification"]):
    def due(self, now: datetime) -> NotificationQuerySet:
        """What may be sent at `now`, oldest first: waiting, or lost by a process that died while sending.

        What a process whose clock is far ahead recorded, leased or put off does not wait until that time
        comes; once tried, it waits as long as anything that failed.
        """
        latest = now + CLOCKS_DIFFER
        is_ahead = Q(created_at__gt=latest, due_at__gte=F("created_at"))
        is_put_off_ahead = Q(tries__gt=0, due_at__gt=latest + LONGEST_PAUSE)
        is_due = Q(due_at__lte=now) | is_ahead | is_put_off_ahead
        is_lost = Q(leased_until__lte=now) | Q(leased_until__gt=latest + LEASE)
        return self.filter(
            is_due & Q(status=Notification.Status.WAITING) | is_lost & Q(status=Notification.Status.SENDING)
        ).order_by("created_at", "pk")

    def awake(self, now: datetime) -> NotificationQuerySet:
        """Without alerts about incidents that were snoozed since, which go out when the snooze ends. What the
        member answers is no part of what was snoozed."""
        is_answer = Q(entry__step=TimelineStep.ANSWERED)
        return self.exclude(~is_answer, kind=Notification.Purpose.ALERT, incident__snoozed_until__gt=now)

    def send_again(self, now: datetime) -> int:
        """Let all of them be sent with the next delivery, their tries counted from zero, even if their
        channels pause; return how many."""
        Channel.objects.filter(pk__in=self.order_by().values("channel")).update(paused_until=None)
        return self.update(status=Notification.Status.WAITING, due_at=now, tries=0, lost_leases=0)

    def given_up(self) -> NotificationQuerySet:
        return self.filter(status=Notification.Status.GIVEN_UP)

    def waiting(self) -> NotificationQuerySet:
        """Recorded and not through yet."""
        return self.filter(status__in=[Notification.Status.WAITING, Notification.Status.SENDING])

    def for_all(self) -> NotificationQuerySet:
        """Without those that repeat another for one recipient."""
        return self.exclude(dedupe_key__startswith=FOR_ONE)


class Notification(models.Model):
    """One row is one message to one channel about one step, or one digest."""

    class Purpose(models.TextChoices):
        ALERT = "alert", "alert"
        UPDATE = "update", "update"
        DIGEST = "digest", "digest"
        NOTICE = "notice", "notice"

    class Status(models.TextChoices):
        WAITING = "waiting", "waiting"
        SENDING = "sending", "being sent"
        SENT = "sent", "sent"
        GIVEN_UP = "given_up", "given up"
        WITHDRAWN = "dropped", "not needed: the member answered"

    channel = models.ForeignKey(
        Channel, on_delete=models.PROTECT, related_name="notifications", db_index=False
    )
    kind = models.CharField(max_length=6, choices=Purpose)
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    entry = models.ForeignKey(
        TimelineEntry, on_delete=models.PROTECT, null=True, blank=True, related_name="notifications"
    )
    digest = models.JSONField(
        null=True, blank=True, help_text="The content of a digest or notice, as recorded."
    )
    dedupe_key = models.CharField(
        max_length=120,
        help_text="The step or the digest's period. Each is sent once per channel, even if a run is "
        "repeated.",
    )
    status = models.CharField(max_length=8, choices=Status, default=Status.WAITING)
    created_at = models.DateTimeField()
    due_at = models.DateTimeField(
        help_text="Earliest time to send: when quiet hours end, or after the retry delay."
    )
    tries = models.PositiveSmallIntegerField(default=0)
    lost_leases = models.PositiveSmallIntegerField(
        default=0, help_text="How often a process died while sending, which leaves the outcome unknown."
    )
    is_uncertain = models.BooleanField(
        default=False,
        db_default=False,
        help_text="An attempt may have got through, because its answer was lost or its process died.",
    )
    lease = models.CharField(max_length=32, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    sent_at = models.DateTimeField(null=True, blank=True)
    remote_id = models.CharField(
        max_length=200,
        blank=True,
        help_text="The channel's own identifier of the message, such as Slack's ts or a Message-ID.",
    )
    error = models.TextField(blank=True, help_text="Why the last attempt failed, and what to do about it.")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["channel", "dedupe_key"], name="notification_one_per_step_and_channel"
            ),
            models.CheckConstraint(
                condition=~Q(status="sent") | Q(sent_at__isnull=False), name="notification_sent_has_time"
            ),
            models.CheckConstraint(
                condition=~Q(status="sending") | Q(leased_until__isnull=False),
                name="notification_sending_is_leased",
            ),
            models.CheckConstraint(
                condition=Q(kind__in=["digest", "notice"], digest__isnull=False)
                | (~Q(kind__in=["digest", "notice"]) & Q(incident__isnull=False, entry__isnull=False)),
                name="notification_has_content",
            ),
        ]
        indexes = [
            # What is due, at every delivery.
            models.Index(fields=["status", "due_at"], name="notification_status_due"),
        ]

    def __str__(self) -> str:
        return f"{self.channel}: {self.get_kind_display()}, {self.created_at:%Y-%m-%d %H:%M} UTC"

    @property
    def only_to(self) -> str:
        """The one recipient whom it is for, since the others have received it; empty if it is for all."""
        key = self.dedupe_key
        return key.removeprefix(FOR_ONE).partition(" ")[0] if key.startswith(FOR_ONE) else ""


class SlackRequest(models.Model):
    """One row is one request that Slack signed and this site took, so that replaying it does nothing."""

    signature = models.CharField(max_length=80, unique=True)
    received_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.received_at:%Y-%m-%d %H:%M:%S}"

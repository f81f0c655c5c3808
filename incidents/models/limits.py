"""Spend limits in Cursor: every change, asked for or by itself, and what members ask for."""

from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from collector.models import Member

from .incidents import Incident
from .timeline import Origin

MOST_DOLLARS = 1_000_000


def dollars_or_none(help_text: str) -> models.DecimalField:
    return models.DecimalField(max_digits=12, decimal_places=2, null=True, blank=True, help_text=help_text)


class LimitChangeQuerySet(models.QuerySet["LimitChange"]):
    def unfinished(self) -> LimitChangeQuerySet:
        """Recorded, and not known to have an outcome: the process may have died in between."""
        return self.filter(status__in=LimitChange.UNFINISHED)

    def temporary(self) -> LimitChangeQuerySet:
        """Limits in force that end by themselves."""
        return self.filter(status__in=LimitChange.CARRIED_OUT, until_at__isnull=False, ended_at__isnull=True)


class LimitChange(models.Model):
    """One row is one change of one member's own limit in Cursor, recorded before Cursor is asked and after.

    `intended`: only recorded. `ready`: the limit before is known, so Cursor may have been asked. Everything
    else is an outcome. Dollars are per billing cycle; empty means no limit of the member's own.
    """

    class Reason(models.TextChoices):
        PERSON = "person", "set by a person"
        REQUEST = "request", "requested and approved"
        GUARD = "guard", "set by the guard"
        RESTORE = "restore", "former limit restored"

    class Status(models.TextChoices):
        INTENDED = "intended", "recorded"
        READY = "ready", "being carried out"
        DONE = "done", "in force"
        NO_EFFECT = "no_effect", "without effect"
        SKIPPED = "skipped", "left as it was"
        FAILED = "failed", "failed"

    UNFINISHED = (Status.INTENDED, Status.READY)
    CARRIED_OUT = (Status.DONE, Status.NO_EFFECT)

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="limit_changes")
    incident = models.ForeignKey(
        Incident, on_delete=models.PROTECT, null=True, blank=True, related_name="limit_changes"
    )
    kind = models.CharField(max_length=8, choices=Reason, default=Reason.PERSON)
    status = models.CharField(max_length=10, choices=Status, default=Status.INTENDED)
    to_dollars = models.PositiveIntegerField(
        "to ($)", null=True, blank=True, help_text="If empty, the member's own limit is removed."
    )
    from_dollars = dollars_or_none(
        help_text="The member's own limit before the change. Empty if there was none."
    )
    from_effective_dollars = dollars_or_none(help_text="The limit in force before the change.")
    after_dollars = dollars_or_none(help_text="The member's own limit as read back after the change.")
    effective_dollars = dollars_or_none(help_text="The limit in force as read back after the change.")
    restore_dollars = dollars_or_none(help_text="The limit that is restored when a temporary limit ends.")
    reason = models.TextField()
    until_at = models.DateTimeField(
        "until", null=True, blank=True, help_text="If empty, the limit stays until it is changed."
    )
    ended_at = models.DateTimeField(
        null=True, blank=True, help_text="When a temporary limit ended or was replaced."
    )
    restores = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=254, blank=True, help_text="Empty for a change by the system.")
    origin = models.CharField(max_length=6, choices=Origin)
    requested_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0)
    message = models.TextField(blank=True, help_text="The outcome, or why the last attempt failed.")
    key = models.CharField(
        max_length=80,
        unique=True,
        help_text="Identifies the form, so that a form sent twice makes one change.",
    )

    objects = LimitChangeQuerySet.as_manager()

    class Meta:
        ordering = ["-requested_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(status__in=["intended", "ready"]),
                name="limitchange_one_unfinished_per_member",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["intended", "ready"], finished_at__isnull=True)
                | ~Q(status__in=["intended", "ready"]) & Q(finished_at__isnull=False),
                name="limitchange_finished_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.to_words}"

    @property
    def is_finished(self) -> bool:
        return self.status not in self.UNFINISHED

    @property
    def to_words(self) -> str:
        return "no limit of their own" if self.to_dollars is None else f"${self.to_dollars:,}"


class LimitRequest(models.Model):
    """One row is a member's wish for a higher limit, and who decided it."""

    class Status(models.TextChoices):
        PENDING = "pending", "waiting for a decision"
        APPROVED = "approved", "approved"
        DENIED = "denied", "denied"
        EXPIRED = "expired", "expired"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="limit_requests")
    dollars = models.PositiveIntegerField(
        "limit ($)", validators=[MinValueValidator(1), MaxValueValidator(MOST_DOLLARS)]
    )
    reason = models.TextField()
    until_at = models.DateTimeField("until", null=True, blank=True)
    status = models.CharField(max_length=8, choices=Status, default=Status.PENDING)
    asked_at = models.DateTimeField()
    expires_at = models.DateTimeField(help_text="The request can no longer be approved after this time.")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=254, blank=True)
    change = models.OneToOneField(
        LimitChange, on_delete=models.PROTECT, null=True, blank=True, related_name="request"
    )

    class Meta:
        ordering = ["-asked_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"], condition=Q(status="pending"), name="limitrequest_one_pending_per_member"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member} asks for ${self.dollars:,}"

    def is_open(self, now: datetime) -> bool:
        return self.status == self.Status.PENDING and now < self.expires_at

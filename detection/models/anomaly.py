"""What the rules found, kept from the first sight to the last."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q

from collector.base.fields import CentsField
from collector.models import Member
from detection.vocabulary import Cause, Rule, Severity


class AnomalyQuerySet(models.QuerySet["Anomaly"]):
    def open(self) -> AnomalyQuerySet:
        """Anomalies that still held at the last run."""
        return self.filter(cleared_at__isnull=True)

    def alarming(self) -> AnomalyQuerySet:
        """Anomalies that are more than information."""
        return self.exclude(severity=Severity.INFO)

    def detected_between(self, start_at: datetime, end_at: datetime) -> AnomalyQuerySet:
        """Anomalies first seen in `[start_at, end_at)`."""
        return self.filter(detected_at__gte=start_at, detected_at__lt=end_at)

    def confirmed_since(self, instant: datetime) -> AnomalyQuerySet:
        """Members' anomalies seen since `instant` that a person called a real problem, but for figures of a
        cycle, which stand out for weeks after the days that made them do so."""
        rows = self.filter(confirmed_at__isnull=False, member__isnull=False, last_seen_at__gte=instant)
        return rows.exclude(metric__endswith="_cycle")


class Anomaly(models.Model):
    """One row is one finding of one rule about one member (or the team, without a member) while it lasts."""

    member = models.ForeignKey(
        Member,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="anomalies",
        help_text="Empty if it is about the whole team.",
    )
    rule = models.CharField(max_length=20, choices=Rule)
    cause = models.CharField(
        max_length=10,
        choices=Cause,
        help_text="Findings with the same cause about the same spend belong to one incident.",
    )
    severity = models.CharField(max_length=10, choices=Severity)
    metric = models.CharField(
        max_length=30, help_text="What was measured, such as spend_24h or requests_day."
    )
    observed = models.FloatField(help_text="The measured figure: money or a count, depending on the metric.")
    bound = models.FloatField(help_text="The figure it had to exceed.")
    expected = models.FloatField(help_text="The usual figure.")
    extra_cents = CentsField("extra cost", help_text="Spend above the usual.")
    onset_at = models.DateTimeField(
        null=True, blank=True, help_text="The usage event at which the bound was crossed."
    )
    detected_at = models.DateTimeField(help_text="The first run that found it.")
    last_seen_at = models.DateTimeField(help_text="The latest run that found it.")
    cleared_at = models.DateTimeField(
        null=True, blank=True, help_text="The first run that no longer found it."
    )
    confirmed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When a person called it a real problem: its days never count as usual.",
    )
    is_provisional = models.BooleanField(
        default=False, help_text="Whether it is based on a day that is not over."
    )
    model = models.CharField(
        max_length=120, blank=True, help_text="The model behind most of the extra spend."
    )
    operands = models.JSONField(default=dict, help_text="All the figures that it is based on.")
    explanation = models.JSONField(
        default=dict,
        help_text="The parts that add up to the extra spend, the hours, and a one-sentence explanation.",
    )
    message = models.TextField()

    objects = AnomalyQuerySet.as_manager()

    class Meta:
        ordering = ["-detected_at", "-pk"]
        verbose_name_plural = "anomalies"
        constraints = [
            models.UniqueConstraint(
                fields=["member", "rule"],
                condition=Q(cleared_at__isnull=True),
                name="anomaly_one_open_per_member_rule",
            ),
            models.UniqueConstraint(
                fields=["rule"],
                condition=Q(cleared_at__isnull=True, member__isnull=True),
                name="anomaly_one_open_per_team_rule",
            ),
            models.CheckConstraint(
                condition=Q(last_seen_at__gte=F("detected_at")), name="anomaly_last_seen_after_detected"
            ),
        ]
        indexes = [
            # Lists by time, and the newest of a member and rule for the continuation window.
            models.Index(fields=["-detected_at"], name="anomaly_detected"),
        ]

    def __str__(self) -> str:
        return self.message

    @property
    def charged_cents(self) -> float | None:
        """What Cursor charged for the window, where its value is an estimate."""
        return self.operands.get("charged_cents")

    def is_confirmed(self, at: datetime) -> bool:
        """Whether a person had called it a real problem by then."""
        return self.confirmed_at is not None and self.confirmed_at <= at

    def named_after(self, instant: datetime) -> set[int]:
        """Members whom a finding of the team names now and did not name up to the run at `instant`."""
        since = self.operands.get("named_since", {})
        return {int(pk) for pk, first in since.items() if datetime.fromisoformat(first) > instant}

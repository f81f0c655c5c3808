"""What verdicts leave behind for the next run."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils import timezone
from simple_history.models import HistoricalRecords

from collector.base.fields import CentsField
from collector.models import Member
from detection.vocabulary import Cause, ExemptionKind


class ExemptionQuerySet(models.QuerySet["Exemption"]):
    def in_force(self, at: datetime) -> ExemptionQuerySet:
        """Exemptions made by `at`, neither revoked nor run out then."""
        return self.filter(
            Q(until_at__isnull=True) | Q(until_at__gt=at),
            Q(revoked_at__isnull=True) | Q(revoked_at__gt=at),
            created_at__lte=at,
        )


class Exemption(models.Model):
    """One row keeps detection quiet about one member and cause: altogether, until a date, or below a
    floor."""

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="exemptions")
    cause = models.CharField(max_length=10, choices=Cause)
    kind = models.CharField(max_length=10, choices=ExemptionKind)
    until_at = models.DateTimeField(
        null=True, blank=True, help_text="When it ends. If empty, it lasts until it is revoked."
    )
    floor_cents = CentsField(
        null=True,
        blank=True,
        help_text="For “too small”: spend in 24 h up to this amount never raises an alert about the member.",
    )
    reason = models.TextField(blank=True, help_text="The reason, for later readers.")
    created_by = models.CharField(max_length=254, blank=True)
    created_at = models.DateTimeField()
    revoked_by = models.CharField(max_length=254, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ExemptionQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind=ExemptionKind.PLANNED) | Q(until_at__isnull=False),
                name="exemption_planned_has_an_end",
                violation_error_message="Planned spend needs an end date.",
            ),
            models.CheckConstraint(
                condition=~Q(kind=ExemptionKind.TOO_SMALL) | Q(floor_cents__gt=0),
                name="exemption_too_small_has_a_floor",
                violation_error_message="“Too small” needs an amount, up to which no alert is raised.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}: {self.get_cause_display()}, {self.get_kind_display()}"

    def clean(self) -> None:
        """Refuse a floor where no money is compared: it would never be looked at."""
        if self.kind == ExemptionKind.TOO_SMALL and self.cause != Cause.SPEND:
            raise ValidationError({"cause": "“Too small” is a dollar amount, so it can only be about spend."})
        if self.kind == ExemptionKind.TOO_SMALL and not self.floor_cents:
            raise ValidationError(
                {"floor_cents": "“Too small” needs an amount, up to which no alert is raised."}
            )
        if self.floor_cents is not None and self.kind != ExemptionKind.TOO_SMALL:
            raise ValidationError({"floor_cents": "Only “too small” has a floor. Leave this empty."})
        if self._state.adding and self.until_at and self.until_at <= (self.created_at or timezone.now()):
            raise ValidationError({"until_at": "This time is over. Choose a time in the future."})

    def is_in_force(self, at: datetime) -> bool:
        """The same as `in_force`, for a row at hand."""
        has_ended = any(end is not None and end <= at for end in (self.until_at, self.revoked_at))
        return self.created_at <= at and not has_ended

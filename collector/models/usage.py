"""What was spent: events as the vendor sends them, and their daily totals."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q, Sum

from collector.base.days import utc_day
from collector.base.fields import CentsField

from .people import Member

if TYPE_CHECKING:
    from .spend import BillingCycle


class UsageEventQuerySet(models.QuerySet["UsageEvent"]):
    def between(self, start_at: datetime, end_at: datetime) -> UsageEventQuerySet:
        """Events of `[start_at, end_at)`."""
        return self.filter(occurred_at__gte=start_at, occurred_at__lt=end_at)


class UsageEvent(models.Model):
    """One row is one billable request.

    Identity is what never changes: instant, member, model, and an ordinal among events alike in all three.
    Costs and kinds are updated when the vendor revises them; rows never go, except by pruning.
    """

    class Origin(models.TextChoices):
        API = "api", "Admin API"
        CSV = "csv", "dashboard CSV"
        TRACKER = "tracker", "cursor-usage-tracker"

    # Open vocabulary in several spellings ("Errored, Not Charged", "USAGE_EVENT_KIND_ABORTED_NOT_CHARGED").
    FAILED = Q(kind__icontains="errored") | Q(kind__icontains="aborted")

    class CostBasis(models.TextChoices):
        CHARGED = "charged", "chargedCents"
        MODEL_COST = "model_cost", "tokenUsage.totalCents (old answer without chargedCents)"
        FILE = "file", "cost column of an imported file"
        UNKNOWN = "unknown", "no cost was given"

    occurred_at = models.DateTimeField(help_text="Exact to the millisecond.")
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="usage_events", db_index=False)
    model = models.CharField(
        max_length=120, blank=True, help_text="As the vendor spells it; `default` is Auto."
    )
    ordinal = models.PositiveSmallIntegerField(default=0)

    kind = models.CharField(max_length=80, blank=True, help_text="Open vocabulary, for display.")
    charged_cents = CentsField(
        help_text="What Cursor charges: model cost after discount, plus the token fee."
    )
    cost_basis = models.CharField(max_length=12, choices=CostBasis, default=CostBasis.CHARGED)
    model_cents = CentsField(null=True, blank=True, help_text="Model cost before discount and fee.")
    token_fee_cents = CentsField(null=True, blank=True)
    discount_percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    is_chargeable = models.BooleanField(default=False, help_text="Counts as billed; otherwise included.")
    request_units = models.DecimalField(
        max_digits=12, decimal_places=4, default=0, help_text="Units, not money."
    )
    input_tokens = models.BigIntegerField(null=True, blank=True)
    output_tokens = models.BigIntegerField(null=True, blank=True)
    cache_write_tokens = models.BigIntegerField(null=True, blank=True)
    cache_read_tokens = models.BigIntegerField(null=True, blank=True)
    is_token_based = models.BooleanField(default=False)
    is_max_mode = models.BooleanField(default=False)
    is_headless = models.BooleanField(default=False)
    conversation_id = models.CharField(max_length=80, blank=True)
    cloud_agent_id = models.CharField(max_length=80, blank=True)
    automation_id = models.CharField(max_length=80, blank=True)
    origin = models.CharField(max_length=8, choices=Origin, default=Origin.API)
    first_seen_at = models.DateTimeField()
    changed_at = models.DateTimeField()

    objects = UsageEventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "occurred_at", "model", "ordinal"], name="usageevent_one_per_identity"
            ),
        ]
        indexes = [
            # Windows of a re-read and the hours before now, over all members.
            models.Index(fields=["occurred_at"], name="usageevent_occurred"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.occurred_at:%Y-%m-%d %H:%M:%S} {self.model}"


class MemberModelDayQuerySet(models.QuerySet["MemberModelDay"]):
    def between(self, first: date, last: date) -> MemberModelDayQuerySet:
        """Rows from `first` to `last`, both included."""
        return self.filter(day__gte=first, day__lte=last)

    def in_cycle(self, cycle: BillingCycle) -> MemberModelDayQuerySet:
        """Rows of `[cycle.start_at, cycle.end_at)`, exact to the instant."""
        first, last = utc_day(cycle.start_at), utc_day(cycle.end_at)
        return self.filter(
            Q(day__gt=first, day__lt=last)
            | Q(day=first, is_after_turn=True)
            | Q(day=last, is_after_turn=False)
        )

    def spend(self) -> dict[str, Any]:
        """One row of sums: total_cents, billed_cents, requests (None where there are no rows)."""
        return self.aggregate(
            total_cents=Sum("total_cents"), billed_cents=Sum("billed_cents"), requests=Sum("requests")
        )


class MemberModelDay(models.Model):
    """One row is what one member did with one model on one UTC day: what pages read instead of events.

    A day on which a billing cycle turns has two rows, before the turn and after it (`is_after_turn`),
    so that a cycle's total is exact to the instant. Recomputed from the events whenever one of them
    changes, never added to.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="model_days", db_index=False)
    model = models.CharField(max_length=120, blank=True)
    day = models.DateField()
    is_after_turn = models.BooleanField(
        default=False, help_text="The part of the day after a cycle began on it."
    )

    requests = models.PositiveIntegerField(
        default=0, help_text="Events that were served: not errored, not aborted."
    )
    billed_requests = models.PositiveIntegerField(default=0, help_text="Those of them that were chargeable.")
    failed_requests = models.PositiveIntegerField(default=0, help_text="Errored or aborted events.")
    max_mode_requests = models.PositiveIntegerField(default=0)
    headless_requests = models.PositiveIntegerField(default=0)
    request_units = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total_cents = CentsField(help_text="All events; total − billed = included.")
    billed_cents = CentsField(help_text="Chargeable events.")
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cache_write_tokens = models.BigIntegerField(default=0)
    cache_read_tokens = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    objects = MemberModelDayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "day", "model", "is_after_turn"], name="membermodelday_one_per_key"
            ),
        ]
        indexes = [
            # Every page: all members over a range of days.
            models.Index(fields=["day", "member"], name="membermodelday_day_member"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} {self.day} {self.model}"

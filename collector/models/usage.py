"""What was spent: events as the vendor sends them."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from collector.base.fields import CentsField

from .people import Member


class UsageEventQuerySet(models.QuerySet["UsageEvent"]):
    def between(self, start_at: datetime, end_at: datetime) -> UsageEventQuerySet:
        return self.filter(occurred_at__gte=start_at, occurred_at__lt=end_at)


class UsageEvent(models.Model):
    """One row is one billable request.

    Identity is what never changes: instant, member, model, and an ordinal among events alike in all three.
    Costs and kinds are updated when the vendor revises them; rows never go, except by pruning.
    """

    class Provenance(models.TextChoices):
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
    model = models.CharField(max_length=120, blank=True, help_text="As spelled by Cursor; `default` is Auto.")
    ordinal = models.PositiveSmallIntegerField(default=0)

    kind = models.CharField(max_length=80, blank=True, help_text="Any text, for display only.")
    charged_cents = CentsField(
        help_text="What Cursor charges: the model cost after discount, plus the token fee."
    )
    cost_basis = models.CharField(max_length=12, choices=CostBasis, default=CostBasis.CHARGED)
    model_cents = CentsField("model cost", null=True, blank=True, help_text="Before discount and fee.")
    token_fee_cents = CentsField(null=True, blank=True)
    discount_percent = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    is_chargeable = models.BooleanField(
        default=False, help_text="Whether it counts as billed; otherwise it is included."
    )
    request_units = models.DecimalField(
        max_digits=12, decimal_places=4, default=0, help_text="Request units, not money."
    )
    input_tokens = models.BigIntegerField(null=True, blank=True)
    output_tokens = models.BigIntegerField(null=True, blank=True)
    cache_write_tokens = models.BigIntegerField(null=True, blank=True)
    cache_read_tokens = models.BigIntegerField(null=True, blank=True)
    is_token_based = models.BooleanField(default=False)
    is_max_mode = models.BooleanField(default=False)
    is_headless = models.BooleanField(default=False)
    is_bugbot = models.BooleanField(default=False, db_default=False, help_text="A review by Bugbot.")
    conversation_id = models.CharField(max_length=80, blank=True)
    cloud_agent_id = models.CharField(max_length=80, blank=True)
    automation_id = models.CharField(max_length=80, blank=True)
    origin = models.CharField(max_length=8, choices=Provenance, default=Provenance.API)
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
            # Whether a cloud agent's run began before: few events belong to one.
            models.Index(
                fields=["cloud_agent_id", "occurred_at"],
                condition=Q(cloud_agent_id__gt=""),
                name="usageevent_cloud_agent",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.occurred_at:%Y-%m-%d %H:%M:%S} UTC: {self.model}"

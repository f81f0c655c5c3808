"""Billing cycles and the vendor's own running totals."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q

from collector.base.fields import CentsField
from collector.base.money import dollars, round_cents

from .people import Member

# Of a cycle's newest reconciliation, with names that no field of the cycle has.
RECONCILED = {
    "reconciled_at": "taken_at",
    "reconciled_events_cents": "events_total_cents",
    "reconciled_snapshot_cents": "snapshot_total_cents",
    "reconciled_explanation": "explanation",
}


class BillingCycleQuerySet(models.QuerySet["BillingCycle"]):
    def at(self, instant: datetime) -> BillingCycle | None:
        """The cycle that `instant` falls into, if one is known."""
        return self.filter(start_at__lte=instant, end_at__gt=instant).order_by("-start_at").first()

    def with_reconciliation(self) -> BillingCycleQuerySet:
        """With the figures of the newest reconciliation, named as in `RECONCILED`; None before the first."""
        rows = Reconciliation.objects.filter(cycle=models.OuterRef("pk")).order_by("-taken_at")
        newest = {name: models.Subquery(rows.values(field)[:1]) for name, field in RECONCILED.items()}
        return self.annotate(**newest)

    def newest(self, instant: datetime) -> BillingCycle | None:
        """The last cycle that has begun by `instant`, over or not, if one is known."""
        return self.filter(start_at__lte=instant).order_by("-start_at").first()


class BillingCycle(models.Model):
    """One row is one billing cycle of the team, `[start_at, end_at)`, exact to the instant.

    Cycles that the vendor never named (history before the first answer) are inferred a calendar month apart.
    """

    start_at = models.DateTimeField(unique=True)
    end_at = models.DateTimeField()
    is_inferred = models.BooleanField(
        default=False, help_text="Derived from a known cycle; never reported by Cursor."
    )
    first_named_at = models.DateTimeField(
        null=True, blank=True, help_text="When Cursor first reported it as the current cycle."
    )
    last_named_at = models.DateTimeField(null=True, blank=True)

    objects = BillingCycleQuerySet.as_manager()

    class Meta:
        ordering = ["-start_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(end_at__gt=F("start_at")), name="billingcycle_ends_after_start"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.start_at:%Y-%m-%d} to {self.end_at:%Y-%m-%d}"

    @property
    def is_well_known(self) -> bool:
        """Whether Cursor named it over at least a day: no slip."""
        if not (self.first_named_at and self.last_named_at):
            return False
        return self.last_named_at - self.first_named_at >= timedelta(days=1)


class SpendSnapshotQuerySet(models.QuerySet["SpendSnapshot"]):
    def latest_per_member(self, cycle: BillingCycle | int) -> SpendSnapshotQuerySet:
        """The newest snapshot of each member in `cycle`."""
        return self._newest_of(self.model.objects.filter(cycle=cycle))

    def stated_by(self, instant: datetime, cycle: BillingCycle) -> SpendSnapshotQuerySet:
        """The newest snapshot of each member in `cycle` that was taken by `instant`.

        Of the day of `instant` it has the day's last word: earlier ones are not kept.
        """
        return self._newest_of(self.model.objects.filter(cycle=cycle, taken_at__lte=instant))

    def _newest_of(self, rows: models.QuerySet[SpendSnapshot]) -> SpendSnapshotQuerySet:
        of_member = rows.filter(member=models.OuterRef("pk"))
        newest = models.Subquery(of_member.order_by("-taken_at").values("pk")[:1])
        # One look-up a member, however many snapshots a cycle has.
        return self.filter(pk__in=Member.objects.order_by().values_list(newest))


class SpendSnapshot(models.Model):
    """One row is one member's spend of a cycle as the vendor stated it on one day, the day's last word.

    A day on which no figure moved has no row: the one before it is confirmed.
    """

    class Meaning(models.TextChoices):
        CURRENT = "current", "overallSpendCents given: total, on-demand, included by difference"
        LEGACY = "legacy", "no overallSpendCents: what spendCents holds is uncertain"

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="spend_snapshots")
    cycle = models.ForeignKey(BillingCycle, on_delete=models.PROTECT, related_name="snapshots")
    taken_at = models.DateTimeField(help_text="The day's first answer with a changed figure.")
    confirmed_at = models.DateTimeField(help_text="The last answer that had this figure.")
    meaning = models.CharField(max_length=8, choices=Meaning)
    total_cents = CentsField(null=True, blank=True, help_text="Unknown if the answer is in the old format.")
    on_demand_cents = CentsField(null=True, blank=True)
    included_cents = CentsField(null=True, blank=True)
    premium_requests = models.PositiveIntegerField(null=True, blank=True)
    limit_dollars = models.DecimalField(
        max_digits=12,
        decimal_places=2,
        null=True,
        blank=True,
        help_text="The limit in force. Empty if there is none.",
    )
    raw = models.JSONField(
        default=dict, encoder=DjangoJSONEncoder, help_text="The row of the answer as it was received."
    )

    objects = SpendSnapshotQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "cycle", "taken_at"], name="spendsnapshot_one_per_moment"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.taken_at:%Y-%m-%d %H:%M} UTC"


# Why the vendor's totals and the events' sums of a cycle differ.
REASONS = {
    "no_seat": "spent without a seat (service accounts, no e-mail), which Cursor's list excludes",
    "rejected": "of rows that could not be read: see Rejected rows in the admin",
    "late": "of the last hour, which one side may not have yet",
    "outside_retention": "before the oldest event that Cursor still gave",
    "unexplained": "not explained",
}


class Reconciliation(models.Model):
    """One row compares, for one cycle, the events' sums with the vendor's snapshots at one moment."""

    cycle = models.ForeignKey(BillingCycle, on_delete=models.PROTECT, related_name="reconciliations")
    taken_at = models.DateTimeField()
    events_total_cents = CentsField()
    events_billed_cents = CentsField()
    snapshot_total_cents = CentsField("Cursor's total", null=True, blank=True)
    snapshot_on_demand_cents = CentsField("Cursor's on-demand spend", null=True, blank=True)
    explanation = models.JSONField(
        default=list, help_text="The parts that make up the difference, as a list of {reason, cents}."
    )

    class Meta:
        ordering = ["-taken_at"]
        constraints = [
            models.UniqueConstraint(fields=["cycle", "taken_at"], name="reconciliation_one_per_moment"),
        ]

    def __str__(self) -> str:
        return f"{self.cycle} at {self.taken_at:%Y-%m-%d %H:%M} UTC"

    @property
    def difference(self) -> str:
        """Snapshot − events, in words and dollars; empty where they agree."""
        parts = ((part["reason"], Decimal(part["cents"])) for part in self.explanation)
        return ", ".join(
            f"{REASONS[reason]}: {'+' if cents > 0 else ''}{dollars(cents)}"
            for reason, cents in parts
            if round_cents(cents)
        )

"""What was spent, added up: by day for pages, by hour for detection."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django.db import models
from django.db.models import Q, Sum

from collector.base.days import utc_day
from collector.base.fields import CentsField
from collector.base.spans import DaySpan

from .people import Member

if TYPE_CHECKING:
    from .spend import BillingCycle


class Surface(models.TextChoices):
    """Where a request came from; empty where only totals are known."""

    IDE = "ide", "IDE"
    CLI = "cli", "CLI"
    CLOUD_AGENT = "cloud_agent", "cloud agent"
    AUTOMATION = "automation", "automation"
    BUGBOT = "bugbot", "Bugbot"
    SERVICE_ACCOUNT = "service_account", "service account"
    UNKNOWN = "", "unknown"


# What they do is counted in runs: an agent's run may be one event or a thousand.
AGENT_SURFACES = (Surface.CLOUD_AGENT, Surface.AUTOMATION)


def span_of(cycle: BillingCycle) -> DaySpan:
    """`[cycle.start_at, cycle.end_at)`, exact to the instant."""
    return DaySpan(utc_day(cycle.start_at), utc_day(cycle.end_at), is_cycle=True)


class UsageTotals(models.Model):
    """What the totals by day and by hour both hold, of one member, model and surface."""

    model = models.CharField(max_length=120, blank=True)
    surface = models.CharField(max_length=16, choices=Surface, blank=True)
    requests = models.PositiveIntegerField(
        default=0, help_text="Events that completed (no error, not aborted)."
    )
    failed_requests = models.PositiveIntegerField(
        default=0, help_text="Events that had an error or were aborted."
    )
    billed_cents = CentsField(help_text="Chargeable events.")
    input_tokens = models.BigIntegerField(default=0)
    output_tokens = models.BigIntegerField(default=0)
    cache_write_tokens = models.BigIntegerField(default=0)
    cache_read_tokens = models.BigIntegerField(default=0)
    worth_cents = CentsField(
        db_default=0, help_text="The value of usage that was not charged, if the source reports it."
    )
    unpriced_weight = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Tokens of usage without a cost, weighted by the price of their kind.",
    )
    free_weight = models.BigIntegerField(default=0, db_default=0, help_text="The same for free usage.")
    updated_at = models.DateTimeField()

    class Meta:
        abstract = True


class MemberModelDayQuerySet(models.QuerySet["MemberModelDay"]):
    def between(self, first: date, last: date) -> MemberModelDayQuerySet:
        """Rows from `first` to `last`, both included."""
        return self.filter(day__gte=first, day__lte=last)

    def in_cycle(self, cycle: BillingCycle) -> MemberModelDayQuerySet:
        """Rows of `[cycle.start_at, cycle.end_at)`, exact to the instant."""
        return self.filter(span_of(cycle).rows)

    def within(self, span: DaySpan) -> MemberModelDayQuerySet:
        return self.filter(span.rows)

    def day_by_day(self) -> Iterator[Any]:
        """The rows in the order of days, read a day at a time: no more is held in memory, and no cursor stays
        open between transactions, where a pooler would hand its connection to somebody else."""
        for day in self.dates("day", "day"):
            yield from self.filter(day=day)

    def spend(self) -> dict[str, Any]:
        """One row of sums: total_cents, billed_cents, requests (None where there are no rows)."""
        return self.aggregate(
            total_cents=Sum("total_cents"), billed_cents=Sum("billed_cents"), requests=Sum("requests")
        )


class MemberModelDay(UsageTotals):
    """One row is what one member did with one model on one surface on one UTC day: what pages read.

    A day on which a billing cycle turns has two rows, before the turn and after it (`is_after_turn`),
    so that a cycle's total is exact to the instant. Recomputed from the events whenever one of them
    changes, never added to.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="model_days", db_index=False)
    day = models.DateField()
    is_after_turn = models.BooleanField(
        default=False, help_text="The part of the day after a new cycle began during it."
    )

    billed_requests = models.PositiveIntegerField(default=0, help_text="The chargeable ones among them.")
    max_mode_requests = models.PositiveIntegerField(default=0)
    headless_requests = models.PositiveIntegerField(default=0)
    runs = models.PositiveIntegerField(
        default=0,
        help_text="Runs of cloud agents and automations that began on this day. Their sum over days counts "
        "each run once.",
    )
    request_units = models.DecimalField(max_digits=14, decimal_places=4, default=0)
    total_cents = CentsField(help_text="All events; total − billed = included.")

    objects = MemberModelDayQuerySet.as_manager()

    class Meta:
        # The table of versions before 1.0 has no surface in its key. It stays as it is for them, unused.
        db_table = "collector_membersurfaceday"
        constraints = [
            models.UniqueConstraint(
                fields=["member", "day", "model", "surface", "is_after_turn"],
                name="membersurfaceday_one_per_key",
            ),
        ]
        indexes = [
            # Every page: all members over a range of days.
            models.Index(fields=["day", "member"], name="membersurfaceday_day_member"),
            # On how many days each member had a served request.
            models.Index(
                fields=["member", "day"], condition=Q(requests__gt=0), name="membersurfaceday_served"
            ),
            # Charts of the whole team: what each day cost, and which models it used, of these columns alone.
            models.Index(
                fields=["day", "model", "is_after_turn", "total_cents", "billed_cents", "requests"],
                name="membersurfaceday_by_model",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.day}: {self.model}, {self.get_surface_display()}"


class MemberModelHourQuerySet(models.QuerySet["MemberModelHour"]):
    def between(self, start_at: datetime, end_at: datetime) -> MemberModelHourQuerySet:
        """Hours that begin in `[start_at, end_at)`."""
        return self.filter(hour_at__gte=start_at, hour_at__lt=end_at)


class MemberModelHour(UsageTotals):
    """One row is what one member did with one model on one surface in one UTC hour: what detection reads.

    Written with the daily totals, of the same events, and kept when those are pruned.
    """

    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="model_hours", db_index=False)
    hour_at = models.DateTimeField(help_text="When the hour begins.")

    runs = models.PositiveIntegerField(default=0, help_text="Runs that began in this hour.")
    total_cents = CentsField(help_text="All events.")
    top_thread = models.CharField(
        max_length=80,
        blank=True,
        help_text="The agent, automation or conversation with the most requests in this row, if it has "
        "five or more.",
    )
    top_thread_requests = models.PositiveIntegerField(default=0)
    settled_at = models.DateTimeField(
        null=True, blank=True, help_text="When its latest event was first seen."
    )

    objects = MemberModelHourQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "hour_at", "model", "surface"], name="membermodelhour_one_per_key"
            ),
        ]
        indexes = [
            # Frames: all members over a stretch of hours.
            models.Index(fields=["hour_at", "member"], name="membermodelhour_hour_member"),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.hour_at:%Y-%m-%d %H}:00 UTC: {self.model}, {self.get_surface_display()}"

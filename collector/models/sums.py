"""The rows of `MemberModelDay` and `DailyActivity` added up further, for pages about everybody.

The database itself keeps these tables: its triggers, made by migrations, add to them whatever is written to
the days, by whom ever: a collection, an import, a merge, an older version beside this one. Nothing else
writes them, and all pages could be answered without them.
"""

from __future__ import annotations

from django.db import models

from collector.base.fields import CentsField

from .people import Member
from .totals import MemberModelDayQuerySet, Surface


class UsageSums(models.Model):
    model = models.CharField(max_length=120, blank=True)
    surface = models.CharField(max_length=16, choices=Surface, blank=True)
    requests = models.BigIntegerField()
    failed_requests = models.BigIntegerField()
    max_mode_requests = models.BigIntegerField()
    runs = models.BigIntegerField()
    input_tokens = models.BigIntegerField()
    output_tokens = models.BigIntegerField()
    cache_write_tokens = models.BigIntegerField()
    cache_read_tokens = models.BigIntegerField()
    day_rows = models.BigIntegerField(help_text="How many rows of days are in it; none once they are gone.")

    class Meta:
        abstract = True


class MemberModelWeek(UsageSums):
    """What one member did with one model on one surface in one week, Monday to Sunday (UTC).

    Money in millionths of a cent, here and below: databases add up whole numbers several times as fast.
    """

    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="model_weeks", db_index=False)
    week = models.DateField(help_text="Its Monday.")
    total_micro = models.BigIntegerField(db_default=0)
    billed_micro = models.BigIntegerField(db_default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                # The week first: all members over a range of weeks are read by this alone.
                fields=["week", "member", "model", "surface"],
                name="membermodelweek_one_per_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member}, week of {self.week}: {self.model}, {self.get_surface_display()}"


class TeamModelDay(UsageSums):
    """What everybody did with one model on one surface on one UTC day, or its part before or after a turn."""

    day = models.DateField()
    is_after_turn = models.BooleanField(help_text="The part of the day after a new cycle began during it.")
    total_cents = CentsField()
    billed_cents = CentsField()

    objects = MemberModelDayQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "model", "surface", "is_after_turn"], name="teammodelday_one_per_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day}: {self.model}, {self.get_surface_display()}"


class MemberWeek(models.Model):
    member = models.ForeignKey(Member, on_delete=models.CASCADE, related_name="+", db_index=False)
    week = models.DateField(help_text="Its Monday.")
    day_rows = models.BigIntegerField(help_text="How many rows of days are in it; none once they are gone.")

    class Meta:
        abstract = True
        constraints = [
            models.UniqueConstraint(fields=["week", "member"], name="%(class)s_one_per_key"),
        ]

    def __str__(self) -> str:
        return f"{self.member}, week of {self.week}"


class MemberActivityWeek(MemberWeek):
    """What `DailyActivity` counted of one member in one week."""

    active_days = models.BigIntegerField()
    lines_added = models.BigIntegerField()
    accepts = models.BigIntegerField()
    applies = models.BigIntegerField()
    tabs_accepted = models.BigIntegerField()


class MemberRequestWeek(MemberWeek):
    """What one member did in one week, agents' part of it apart, and on which days there was a served
    request: how many rows of each day say so."""

    requests = models.BigIntegerField(db_default=0)
    failed_requests = models.BigIntegerField(db_default=0)
    cache_read_tokens = models.BigIntegerField(db_default=0)
    runs = models.BigIntegerField(db_default=0)
    agent_requests = models.BigIntegerField(db_default=0)
    total_micro = models.BigIntegerField(db_default=0)
    billed_micro = models.BigIntegerField(db_default=0)
    agent_micro = models.BigIntegerField(db_default=0)
    monday = models.BigIntegerField()
    tuesday = models.BigIntegerField()
    wednesday = models.BigIntegerField()
    thursday = models.BigIntegerField()
    friday = models.BigIntegerField()
    saturday = models.BigIntegerField()
    sunday = models.BigIntegerField()

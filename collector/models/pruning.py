"""Which days gave up their events."""

from datetime import date

from django.db import models
from django.db.models import F, Q

from collector.base.days import days_between


class PruningQuerySet(models.QuerySet["Pruning"]):
    def covers(self, day: date) -> bool:
        """Whether events of `day` were pruned."""
        return self.filter(first_day__lte=day, last_day__gte=day).exists()

    def days(self, first: date, last: date) -> set[date]:
        """Days from `first` to `last`, both included, of which events were pruned. One query."""
        spans = self.filter(first_day__lte=last, last_day__gte=first).values_list("first_day", "last_day")
        return {day for began, ended in spans for day in days_between(max(began, first), min(ended, last))}


class Pruning(models.Model):
    """One row is one pruning: on these days, both included, totals stand though events are gone."""

    first_day = models.DateField()
    last_day = models.DateField()
    started_at = models.DateTimeField()

    objects = PruningQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(first_day__lte=F("last_day")),
                name="pruning_days_in_order",
                violation_error_message="The last day comes before the first.",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_day} to {self.last_day}"

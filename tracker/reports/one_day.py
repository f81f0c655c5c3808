"""One UTC day: who, which models and surfaces, hour by hour, against a usual day."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.db.models import Count, DateField, Q, QuerySet, Sum, Value
from django.db.models.functions import ExtractHour, TruncDate

from collector.base.days import day_end, day_start
from collector.base.money import cents
from collector.models import MemberModelDay, MemberModelHour
from groups.assignments.membership import limit_to
from groups.tree import GroupOption
from incidents.models import Incident
from tracker.filters import Filters, surface_name
from tracker.reports.incidents import limit_visible
from tracker.reports.people import Person, everybody
from tracker.widgets.palette import PaletteModel

MOST_MEMBERS = 25
# How far back a usual day is looked for: four weekdays of each kind at least.
USUAL_DAYS = 28

Subject = TypeVar("Subject")
Rows = TypeVar("Rows", bound=QuerySet)


@dataclass(frozen=True, slots=True)
class DayLine(Generic[Subject]):
    """What one member, model or surface did on the day. Money in cents."""

    subject: Subject
    total_cents: Decimal
    requests: int
    runs: int
    usual_cents: Decimal | None  # of a day of the same kind; None where none is known

    @property
    def extra_cents(self) -> Decimal | None:
        return None if self.usual_cents is None else self.total_cents - self.usual_cents


@dataclass(frozen=True)
class DayReport:
    """A whole day, or today so far."""

    day: date
    is_over: bool
    is_known: bool  # whether anything of the day has been read
    total: DayLine[None]
    active_members: int
    usual_of: str  # what a usual day is: `the 20 weekdays before`
    members: list[DayLine[Person]]  # the MOST_MEMBERS with the most spend
    models: list[DayLine[PaletteModel]]
    surfaces: list[DayLine[str]]
    hours: list[Decimal | None]  # 24; None where nothing is known of the hour
    usual_hours: list[Decimal] | None
    incidents: list[Incident]
    previous: date
    next: date | None  # None after today


def day_report(day: date, filters: Filters) -> DayReport:
    """What happened on `day`, of whom the reader may see, and of a group where one is asked for.

    Nine queries, whatever the team's size.
    """
    return _Day(day, filters).report()


class _Day:
    def __init__(self, day: date, filters: Filters) -> None:
        self.day, self.filters = day, filters
        self.period = filters.period
        self.group: GroupOption | None = filters.group
        self.past_days = self._past_days()
        self.rows = self._limited(MemberModelDay.objects.filter(day=day))
        self.past = self._limited(MemberModelDay.objects.filter(day__in=self.past_days))

    def report(self) -> DayReport:
        people = everybody()
        return DayReport(
            day=self.day,
            is_over=self.day < self.period.today,
            is_known=self.period.is_known(self.day),
            total=self._total(),
            active_members=self.rows.filter(requests__gt=0).aggregate(n=Count("member", distinct=True))["n"],
            usual_of=self._usual_of(),
            members=self._lines("member_id", people.__getitem__, MOST_MEMBERS),
            models=self._lines("model", self.filters.palette.model),
            surfaces=self._lines("surface", surface_name),
            hours=self._hours(),
            usual_hours=self._usual_hours(),
            incidents=self._incidents(),
            previous=self.day - timedelta(days=1),
            next=self.day + timedelta(days=1) if self.day < self.period.today else None,
        )

    def _limited(self, rows: Rows) -> Rows:
        """Of whom the reader may see, and of the group held on the day."""
        if self.filters.visible is not None:
            rows = rows.filter(member__in=self.filters.visible)
        return limit_to(rows, self.group.group_ids) if self.group else rows

    def _past_days(self) -> list[date]:
        """Days of the same kind, weekdays or weekends, before `day`, since usage is known."""
        known_from = self.filters.palette.first_day
        before = [self.day - timedelta(days=back) for back in range(1, USUAL_DAYS + 1)]
        is_weekend = self.day.weekday() >= 5
        return [
            past
            for past in before
            if (past.weekday() >= 5) == is_weekend and known_from is not None and past >= known_from
        ]

    def _usual_of(self) -> str:
        kind = "weekend day" if self.day.weekday() >= 5 else "weekday"
        count = len(self.past_days)
        return f"the {count} {kind}s before" if count > 1 else f"the {kind} before" if count else ""

    def _total(self) -> DayLine[None]:
        sums = self.rows.aggregate(Sum("total_cents"), Sum("requests"), Sum("runs"))
        past = self.past.aggregate(spent=Sum("total_cents"))["spent"]
        return self._line(
            None, sums["total_cents__sum"], sums["requests__sum"] or 0, sums["runs__sum"] or 0, past
        )

    def _lines(
        self, key: str, subject: Callable[[Any], Subject], most: int | None = None
    ) -> list[DayLine[Subject]]:
        """Sums by the field `key`, the largest spend first. Two queries."""
        sums = (
            self.rows.order_by()
            .values_list(key)
            .annotate(spent=Sum("total_cents"), served=Sum("requests"), started=Sum("runs"))
        )
        rows = list(sums.order_by("-spent", key)[:most])
        past = self.past.filter(**{f"{key}__in": [row[0] for row in rows]})
        usual = dict(past.order_by().values_list(key).annotate(spent=Sum("total_cents")))
        return [
            self._line(subject(value), spent, served, started, usual.get(value))
            for value, spent, served, started in rows
        ]

    def _line(
        self, subject: Subject, total: Decimal | None, requests: int, runs: int, past: Decimal | None
    ) -> DayLine[Subject]:
        count = len(self.past_days)
        usual = cents(cents(past) / count) if count else None
        return DayLine(subject, cents(total), requests, runs, usual)

    def _hours(self) -> list[Decimal | None]:
        rows = MemberModelHour.objects.between(day_start(self.day), day_end(self.day))
        spent = self._by_hour(rows)
        until = self._known_until()
        starts = [day_start(self.day) + timedelta(hours=hour) for hour in range(24)]
        return [spent.get(hour, Decimal(0)) if start < until else None for hour, start in enumerate(starts)]

    def _known_until(self) -> datetime:
        return min(self.period.known_until or self.filters.now, self.filters.now)

    def _usual_hours(self) -> list[Decimal] | None:
        if not self.past_days:
            return None
        wanted = Q()
        for past in self.past_days:
            wanted |= Q(hour_at__gte=day_start(past), hour_at__lt=day_end(past))
        spent = self._by_hour(MemberModelHour.objects.filter(wanted))
        return [cents(spent.get(hour, Decimal(0)) / len(self.past_days)) for hour in range(24)]

    def _by_hour(self, rows: QuerySet[MemberModelHour]) -> dict[int, Decimal]:
        if self.filters.visible is not None:
            rows = rows.filter(member__in=self.filters.visible)
        if self.group:
            rows = limit_to(rows.annotate(day=TruncDate("hour_at")), self.group.group_ids)
        sums = rows.order_by().values_list(ExtractHour("hour_at")).annotate(Sum("total_cents"))
        return {hour: cents(total) for hour, total in sums}

    def _incidents(self) -> list[Incident]:
        """Incidents that began on the day, or were found on it."""
        start, end = day_start(self.day), day_end(self.day)
        rows = Incident.objects.filter(
            Q(onset_at__gte=start, onset_at__lt=end) | Q(detected_at__gte=start, detected_at__lt=end)
        )
        rows = limit_visible(rows, self.filters.visible)
        if self.group:
            of_day = rows.filter(member__isnull=False).alias(day=Value(self.day, DateField()))
            rows = limit_to(of_day, self.group.group_ids)
        return list(rows.for_sentences().order_by("-detected_at"))

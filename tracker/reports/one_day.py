"""One UTC day: who, which models and surfaces, hour by hour, against a usual day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import reduce
from operator import add
from typing import Generic, NamedTuple, TypeVar

from django.db.models import DateField, Q, QuerySet, Sum, Value

from collector.base.days import day_end, day_start
from collector.base.money import cents
from collector.models import Member, MemberModelDay, MemberModelHour
from collector.models.totals import MemberModelDayQuerySet
from groups.assignments.membership import limit_to
from groups.tree import GroupOption
from incidents.models import Incident
from tracker.filters import Filters
from tracker.reports.incidents import limit_visible
from tracker.reports.people import Person, everybody
from tracker.widgets.palette import PaletteModel, surface_name

# How far back a usual day is looked for: four weekdays of each kind at least.
USUAL_DAYS = 28

Subject = TypeVar("Subject")
Rows = TypeVar("Rows", bound=QuerySet)


class Used(NamedTuple):
    """What was done in a part of a day, or of several."""

    total_cents: Decimal = Decimal(0)
    requests: int = 0
    runs: int = 0

    def plus(self, other: Used) -> Used:
        return Used(*map(add, self, other))


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
    members: list[DayLine[Person]]  # those with usage, the largest spend first
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


def used_by_part(rows: MemberModelDayQuerySet) -> dict[tuple[str, str], Used]:
    """By model and surface. One query."""
    by_part = rows.order_by().values_list("model", "surface")
    sums = by_part.annotate(spent=Sum("total_cents"), served=Sum("requests"), started=Sum("runs"))
    return {
        (model, surface): Used(cents(spent), served, started)
        for model, surface, spent, served, started in sums
    }


def added_up(parts: Mapping[tuple[str, str], Used], place: int) -> dict[str, Used]:
    """The parts' sums by their model (0) or surface (1)."""
    sums: dict[str, Used] = defaultdict(Used)
    for key, used in parts.items():
        sums[key[place]] = sums[key[place]].plus(used)
    return sums


class _Day:
    def __init__(self, day: date, filters: Filters) -> None:
        self.day, self.filters = day, filters
        self.period = filters.period
        self.group: GroupOption | None = filters.group
        self.past_days = self._past_days()
        self.rows = self._limited(MemberModelDay.objects.filter(day=day))
        self.past = self._limited(MemberModelDay.objects.filter(day__in=self.past_days))
        self.parts, self.past_parts = used_by_part(self.rows), used_by_part(self.past)

    def report(self) -> DayReport:
        people = everybody(self.day)
        return DayReport(
            day=self.day,
            is_over=self.day < self.period.today,
            is_known=self._is_known(),
            total=self._total(),
            active_members=self._active_members(),
            usual_of=self._usual_of(),
            members=self._members(people),
            models=self._lines(0, self.filters.palette.model),
            surfaces=self._lines(1, surface_name),
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

    def _is_known(self) -> bool:
        """From the first day with usage on, up to the last reading."""
        known_from = self.filters.palette.first_day
        return known_from is not None and known_from <= self.day and self.period.is_known(self.day)

    def _active_members(self) -> int:
        people = self.rows.filter(requests__gt=0, member__kind=Member.Kind.PERSON)
        return people.values("member").distinct().count()

    def _usual_of(self) -> str:
        kind = "weekend day" if self.day.weekday() >= 5 else "weekday"
        count = len(self.past_days)
        return f"the {count} {kind}s before" if count > 1 else f"the {kind} before" if count else ""

    def _total(self) -> DayLine[None]:
        past = sum((used.total_cents for used in self.past_parts.values()), Decimal(0))
        return self._line(None, reduce(Used.plus, self.parts.values(), Used()), past)

    def _lines(self, place: int, subject: Callable[[str], Subject]) -> list[DayLine[Subject]]:
        """Of each model (0) or surface (1), the largest spend first."""
        sums, past = (added_up(parts, place) for parts in (self.parts, self.past_parts))
        largest_first = sorted(sums.items(), key=lambda item: (-item[1].total_cents, item[0]))
        return [
            self._line(subject(key), used, past.get(key, Used()).total_cents) for key, used in largest_first
        ]

    def _members(self, people: Mapping[int, Person]) -> list[DayLine[Person]]:
        """All with usage, the largest spend first. Two queries."""
        by_member = self.rows.order_by().values_list("member_id")
        sums = by_member.annotate(spent=Sum("total_cents"), served=Sum("requests"), started=Sum("runs"))
        usual = dict(self.past.order_by().values_list("member_id").annotate(Sum("total_cents")))
        return [
            self._line(people[pk], Used(cents(spent), served, started), cents(usual.get(pk)))
            for pk, spent, served, started in sums.order_by("-spent", "member_id")
        ]

    def _line(self, subject: Subject, used: Used, past: Decimal) -> DayLine[Subject]:
        count = len(self.past_days)
        return DayLine(subject, *used, cents(past / count) if count else None)

    def _hours(self) -> list[Decimal | None]:
        spent = self._by_hour([self.day])
        starts = [day_start(self.day) + timedelta(hours=hour) for hour in range(24)]
        return [
            spent[hour] if start < self.period.seen_until(self.filters.now) else None
            for hour, start in enumerate(starts)
        ]

    def _usual_hours(self) -> list[Decimal] | None:
        if not self.past_days:
            return None
        spent = self._by_hour(self.past_days)
        return [cents(spent[hour] / len(self.past_days)) for hour in range(24)]

    def _by_hour(self, days: list[date]) -> dict[int, Decimal]:
        """Spend of all `days` by hour of the day. One query, with a part for each day that an index finds."""
        parts = [
            self._limited(
                MemberModelHour.objects.between(day_start(day), day_end(day)).alias(
                    day=Value(day, DateField())
                )
            )
            .order_by()
            .values_list("hour_at")
            .annotate(Sum("total_cents"))
            for day in days
        ]
        sums: dict[int, Decimal] = defaultdict(Decimal)
        for hour_at, total in parts[0].union(*parts[1:], all=True):
            sums[hour_at.hour] += cents(total)
        return sums

    def _incidents(self) -> list[Incident]:
        """Incidents that had begun or been found by the end of the day, and were not resolved before it."""
        start, end = day_start(self.day), day_end(self.day)
        rows = Incident.objects.filter(
            Q(onset_at__lt=end) | Q(detected_at__lt=end), Q(resolved_at=None) | Q(resolved_at__gte=start)
        )
        rows = limit_visible(rows, self.filters.visible)
        if self.group:
            of_day = rows.filter(member__isnull=False).alias(day=Value(self.day, DateField()))
            rows = limit_to(of_day, self.group.group_ids)
        return list(rows.for_sentences().order_by("-detected_at"))

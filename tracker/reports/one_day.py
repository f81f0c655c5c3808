"""One UTC day: who, which models and surfaces, hour by hour, against a usual day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Generic, TypeVar

from django.db.models import DateField, Q, Sum, Value

from collector.base import names
from collector.base.days import day_end, day_start
from collector.base.money import cents
from collector.base.statements import statement
from collector.models import Member, MemberModelDay, MemberModelHour
from groups.assignments.membership import limit_to
from incidents.models import Incident
from tracker.filters import Filters
from tracker.reports.incidents import limit_visible
from tracker.reports.member_sums import totals_by_member
from tracker.reports.people import Person, everybody
from tracker.reports.selection import Selection
from tracker.reports.sql import fetch, summed
from tracker.reports.usage import SUMS, Totals, added_up, total
from tracker.widgets.palette import PaletteModel, surface_name

DAY = timedelta(days=1)
# How far back a usual day is looked for: four weekdays of each kind at least.
USUAL_DAYS = 28

Subject = TypeVar("Subject")


@dataclass(frozen=True, slots=True)
class DayLine(Generic[Subject]):
    """What one member, model or surface did on the day. Money in cents."""

    subject: Subject
    totals: Totals
    usual_cents: Decimal | None  # of a day of the same kind; None where none is known

    @property
    def extra_cents(self) -> Decimal | None:
        return None if self.usual_cents is None else self.totals.total_cents - self.usual_cents


class DayReport:
    """A whole day, or today so far, of whom the reader may see, and of a group where one is asked for.

    Nine queries, whatever the team's size.
    """

    def __init__(self, day: date, filters: Filters) -> None:
        self.day, self.filters, self.period = day, filters, filters.period
        self.known_from = filters.palette.first_day
        self.is_over = day < self.period.today
        # From the first day with usage on, up to the last reading.
        self.is_known = self.known_from is not None and self.known_from <= day and self.period.is_known(day)
        self.past_days = self._past_days()
        # Of whom the reader may see, and of the group held on the day.
        self.selection = Selection(filters.group.group_ids if filters.group else None, filters.visible)
        self.rows = self.selection.of_members(MemberModelDay.objects.filter(day=day))
        self.past = self.selection.of_members(MemberModelDay.objects.filter(day__in=self.past_days))
        self.parts, self.past_parts = (
            fetch(summed(rows, ("model", "surface"), *SUMS)) for rows in (self.rows, self.past)
        )

    @property
    def previous(self) -> date | None:
        """None before the first day with usage."""
        return self.day - DAY if self.known_from and self.known_from < self.day else None

    @property
    def next(self) -> date | None:
        """None after today."""
        return self.day + DAY if self.is_over else None

    @property
    def total(self) -> DayLine[None]:
        own, past = (total([Totals._make(row[2:]) for row in rows]) for rows in (self.parts, self.past_parts))
        return self._line(None, own, past)

    @property
    def active_members(self) -> int:
        people = self.rows.filter(requests__gt=0, member__kind=Member.Kind.PERSON)
        return people.values("member").distinct().count()

    @property
    def usual_of(self) -> str:
        """What a usual day is: `the 20 weekdays before`."""
        kind = "weekend day" if self.day.weekday() >= 5 else "weekday"
        count = len(self.past_days)
        return f"the {count} {kind}s before" if count > 1 else f"the {kind} before" if count else ""

    @cached_property
    def members(self) -> list[DayLine[Person]]:
        """Those with usage. Two queries, and one for the people."""
        people = everybody(self.day)
        own, past = (totals_by_member(statement(rows)) for rows in (self.rows, self.past))
        lines = [self._line(people[pk], used, past.get(pk, Totals())) for pk, used in own.items()]
        place = names.current().place
        return sorted(lines, key=lambda line: (-line.totals.total_micro, place(line.subject.pk)))

    @property
    def models(self) -> list[DayLine[PaletteModel]]:
        return self._lines(0, self.filters.palette.model)

    @property
    def surfaces(self) -> list[DayLine[str]]:
        return self._lines(1, surface_name)

    @cached_property
    def hours(self) -> list[Decimal | None]:
        """24; None where nothing is known of the hour."""
        spent, seen_until = self._by_hour([self.day]), self.period.seen_until(self.filters.now)
        starts = [day_start(self.day) + timedelta(hours=hour) for hour in range(24)]
        return [spent[hour] if start < seen_until else None for hour, start in enumerate(starts)]

    @cached_property
    def usual_hours(self) -> list[Decimal] | None:
        if not self.past_days:
            return None
        spent = self._by_hour(self.past_days)
        return [cents(spent[hour] / len(self.past_days)) for hour in range(24)]

    @cached_property
    def incidents(self) -> list[Incident]:
        """Those that had begun or been found by the end of the day, and were not resolved before it."""
        start, end = day_start(self.day), day_end(self.day)
        rows = Incident.objects.filter(
            Q(onset_at__lt=end) | Q(detected_at__lt=end), Q(resolved_at=None) | Q(resolved_at__gte=start)
        )
        rows = limit_visible(rows, self.filters.visible)
        if self.filters.group:
            of_day = rows.filter(member__isnull=False).alias(day=Value(self.day, DateField()))
            rows = limit_to(of_day, self.filters.group.group_ids)
        return list(rows.for_sentences().order_by("-detected_at"))

    def _past_days(self) -> list[date]:
        """Days of the same kind, weekdays or weekends, before `day`, since usage is known."""
        is_weekend = self.day.weekday() >= 5
        return [
            past
            for past in (self.day - back * DAY for back in range(1, USUAL_DAYS + 1))
            if (past.weekday() >= 5) == is_weekend
            if self.known_from is not None and past >= self.known_from
        ]

    def _lines(self, place: int, subject: Callable[[str], Subject]) -> list[DayLine[Subject]]:
        """Of each model (0) or surface (1), the largest spend first."""
        own, past = (added_up(rows, place) for rows in (self.parts, self.past_parts))
        largest_first = sorted(own.items(), key=lambda item: (-item[1].total_micro, item[0]))
        return [self._line(subject(key), used, past.get(key, Totals())) for key, used in largest_first]

    def _line(self, subject: Subject, used: Totals, past: Totals) -> DayLine[Subject]:
        count = len(self.past_days)
        return DayLine(subject, used, cents(past.total_cents / count) if count else None)

    def _by_hour(self, days: list[date]) -> dict[int, Decimal]:
        """Spend of all `days` by hour of the day. One query, with a part for each day that an index finds."""
        parts = [
            self.selection.of_members(
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
        for hour_at, spent in parts[0].union(*parts[1:], all=True):
            sums[hour_at.hour] += cents(spent)
        return sums

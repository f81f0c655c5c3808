"""Sums over rollups: what members did in a period, what models cost, what a day cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, partial, reduce
from operator import add
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Count, Func, Q, QuerySet, Sum, Value

from collector.base.expressions import SqliteTemplate
from collector.models import AGENT_SURFACES, DailyActivity
from collector.models.activity import BetweenDaysQuerySet
from collector.models.totals import MemberModelDayQuerySet
from detection.frame.tokens import weighed

MICRO_PLACES = 6  # of a cent, as many as are stored


class Totals(NamedTuple):
    """Sums of usage, and the rates that follow from them; a rate over no requests is None."""

    requests: int = 0
    failed_requests: int = 0
    cache_read_tokens: int = 0
    runs: int = 0  # of cloud agents and automations
    agent_requests: int = 0  # what those runs asked
    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    agent_cents: Decimal = Decimal(0)  # what those runs cost

    def plus(self, other: Totals) -> Totals:
        return Totals(*map(add, self, other))

    @property
    def included_cents(self) -> Decimal:
        return self.total_cents - self.billed_cents

    @property
    def cents_per_request(self) -> Decimal | None:
        """Without runs of agents: one may be a single request, or a thousand."""
        asked = self.requests - self.agent_requests
        return (self.total_cents - self.agent_cents) / asked if asked else None

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.agent_cents / self.runs if self.runs else None

    @property
    def context_tokens(self) -> float | None:
        """Tokens read from the cache per request."""
        return self.cache_read_tokens / self.requests if self.requests else None


COUNTS, MONEY = Totals._fields[:-3], Totals._fields[-3:]


class Part(NamedTuple):
    """What one member did with one model."""

    member_id: int
    model: str
    sums: Sequence[int]  # in the order of `SUMS`
    max_mode_requests: int = 0
    tokens: float = 0.0  # in input tokens' worth

    @property
    def requests(self) -> int:
        """Served ones."""
        return self.sums[0]

    @property
    def micro(self) -> int:
        """Spend in millionths of a cent."""
        return self.sums[-3]

    @property
    def float_cents(self) -> tuple[float, float]:
        """In all, and billed."""
        return int(self.sums[-3]) / 10**MICRO_PLACES, int(self.sums[-2]) / 10**MICRO_PLACES

    @property
    def totals(self) -> Totals:
        return totals(self.sums)


@dataclass(frozen=True)
class ModelUsage:
    """What there is in a period by model: only those that have anything in it."""

    by_model: dict[str, Totals]
    people: dict[str, int]  # by model: people with a served request; no service account, nothing unattributed

    @cached_property
    def total(self) -> Totals:
        return reduce(Totals.plus, self.by_model.values(), Totals())


@dataclass(frozen=True)
class Usage:
    """The parts of a period that have anything in them, and what they add up to."""

    parts: Sequence[Part]
    people_ids: Container[int]  # of whom `ModelUsage.people` counts

    @cached_property
    def by_member(self) -> dict[int, Totals]:
        return {pk: added_up(own) for pk, own in self._parts_by_member.items()}

    @cached_property
    def models(self) -> ModelUsage:
        by_model: dict[str, list[Part]] = defaultdict(list)
        for part in self.parts:
            by_model[part.model].append(part)
        people = {
            model: sum(part.requests > 0 and part.member_id in self.people_ids for part in own)
            for model, own in by_model.items()
        }
        return ModelUsage({model: added_up(own) for model, own in by_model.items()}, people)

    def main_model(self, member_id: int) -> str | None:
        """The model with most of a member's served requests; of two alike, the one that cost more."""
        served = [part for part in self._parts_by_member.get(member_id, ()) if part.requests]
        most = max(served, key=lambda part: (part.requests, part.micro, part.model), default=None)
        return most.model if most else None

    def costliest(self, member_id: int) -> Part | None:
        """The part that most of a member's spend went to."""
        own = self._parts_by_member.get(member_id, ())
        return max(own, key=lambda part: (part.micro, part.model), default=None)

    @cached_property
    def _parts_by_member(self) -> dict[int, list[Part]]:
        by_member: dict[int, list[Part]] = defaultdict(list)
        for part in self.parts:
            by_member[part.member_id].append(part)
        return dict(by_member)


class Micro(SqliteTemplate, Func):
    """A sum of cents in millionths of a cent, as a whole number.

    SQLite adds up decimals as floats. What one member spends on a model, and what a day costs, is exact to
    the last place so, up to a million dollars; sums of these sums are of whole numbers.
    """

    template = "CAST(%(expressions)s * 1000000 AS BIGINT)"
    sqlite_template = "CAST(ROUND(%(expressions)s * 1000000) AS BIGINT)"
    output_field = BigIntegerField()


def micro_sum(name: str, condition: Q | None = None) -> Micro:
    """The field's sum over the rows where the condition holds."""
    return Micro(Sum(name, filter=condition, default=0))


OF_AGENTS = Q(surface__in=AGENT_SURFACES)
# In the order of `Totals`.
SUMS: dict[str, Sum | Micro] = {
    **{f"sum_{name}": Sum(name) for name in COUNTS[:-1]},
    "sum_agent_requests": Sum("requests", filter=OF_AGENTS, default=0),
    **{f"sum_{name}": micro_sum(name) for name in MONEY[:-1]},
    "sum_agent_cents": micro_sum("total_cents", OF_AGENTS),
}
MORE = {"sum_max_mode": Sum("max_mode_requests"), "tokens": weighed(partial(Sum, default=0))}


PartRow = tuple[Any, ...]  # member, model, and sums in the order of `SUMS` and `MORE`


def part_rows(rows: MemberModelDayQuerySet) -> list[PartRow]:
    """What each member did with each model. One query."""
    by_part = rows.order_by().values_list("member_id", "model")
    return figures_of(by_part.annotate(**SUMS, **MORE))


def parts(rows: Iterable[PartRow]) -> list[Part]:
    """Of those that have anything in them."""
    last = 2 + len(SUMS)
    return [Part(row[0], row[1], row[2:last], *row[last:]) for row in rows if any(row[2:last])]


def figures_of(rows: QuerySet[Any, Any]) -> list[tuple[Any, ...]]:
    """The rows of a query of keys and whole numbers as the database gives them: Django would convert each
    value by itself, which takes as long as adding up a thousand members' days."""
    try:
        statement, values = rows.query.sql_with_params()
    except EmptyResultSet:  # the filters leave nobody
        return []
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
        return cursor.fetchall()


def added_up(used: Iterable[Part]) -> Totals:
    """PostgreSQL adds up whole numbers as decimals."""
    return totals([int(sum(column)) for column in zip(*(part.sums for part in used), strict=True)])


def totals(sums: Sequence[int]) -> Totals:
    """Of sums in the order of `SUMS`."""
    return Totals._make([*sums[:-3], *map(in_cents, sums[-3:])])


def in_cents(micro: int) -> Decimal:
    """Millionths of a cent as cents."""
    return Decimal(micro).scaleb(-MICRO_PLACES)


class DailyCounts(NamedTuple):
    """Of each day, where there were any."""

    requests: dict[tuple[date, str], int]  # served, by day and model
    requesters: dict[date, int]  # members with a served request
    active: dict[date, int]  # members whom Cursor marks active


def daily_counts(
    counted: MemberModelDayQuerySet, rows: MemberModelDayQuerySet, activity_rows: QuerySet[Any]
) -> DailyCounts:
    """Requests of the `counted` rows, members of all `rows` and of activity. One query of three parts."""
    members = Count("member", distinct=True)
    by_model = counted.filter(requests__gt=0).order_by().values_list(Value(0), "day", "model")
    by_model = by_model.annotate(Sum("requests"))
    served = rows.filter(requests__gt=0).order_by()
    requesters = served.values_list(Value(1), "day", Value("")).annotate(members)
    active = activity_rows.filter(is_active=True).order_by()
    marked = active.values_list(Value(2), "day", Value("")).annotate(members)
    counts = DailyCounts({}, {}, {})
    for part, day, model, count in by_model.union(requesters, marked, all=True):
        if part == 0:
            counts.requests[day, model] = count
        else:
            (counts.requesters if part == 1 else counts.active)[day] = count
    return counts


class Day(NamedTuple):
    """One day's spend and requests."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0


class Activity(NamedTuple):
    """What one member's `DailyActivity` sums to, and on how many days there was a served request."""

    active_days: int = 0
    lines_added: int = 0
    accepts: int = 0
    applies: int = 0
    tabs_accepted: int = 0
    request_days: int = 0


def activity(rows: BetweenDaysQuerySet, used: MemberModelDayQuerySet) -> dict[int, Activity]:
    """By member id; days with a request are those of the `used` rows. One query of two parts."""
    sums = {f"sum_{name}": Sum(name) for name in Activity._fields[1:-1]}
    days = Count("pk", filter=Q(is_active=True))
    marked = rows.order_by().values_list("member_id").annotate(days=days, **sums, asked=Value(0))
    asked = used.filter(requests__gt=0).order_by().values_list("member_id", *[Value(0)] * 5)
    asked = asked.annotate(asked=Count("day", distinct=True))
    by_member: dict[int, Activity] = {}
    for pk, *figures in figures_of(marked.union(asked, all=True)):
        by_member[pk] = Activity(*map(add, by_member.get(pk, Activity()), figures))
    return by_member


def activity_between(first: date, last: date) -> BetweenDaysQuerySet:
    """Activity rows from `first` to `last`, both included."""
    return DailyActivity.objects.between(first, last)

"""Sums over rollups: what members did in a period, what models cost, what a day cost."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property, reduce
from operator import add
from typing import Any, NamedTuple

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.db.models import BigIntegerField, Count, F, Func, Q, QuerySet, Sum, Value

from collector.base.expressions import SqliteTemplate
from collector.models import AGENT_SURFACES, DailyActivity, Member
from collector.models.activity import BetweenDaysQuerySet
from collector.models.totals import MemberModelDayQuerySet
from detection.frame.tokens import weighed

MICRO_PLACES = 6  # of a cent, as many as are stored


class Totals(NamedTuple):
    """Sums of usage, and the rates that follow from them; a rate over no requests is None."""

    requests: int = 0
    billed_requests: int = 0
    failed_requests: int = 0
    max_mode_requests: int = 0
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
    sums: list[int]  # in the order of `SUMS`
    tokens: float  # in input tokens' worth

    @property
    def totals(self) -> Totals:
        return totals(self.sums)


class Costliest(NamedTuple):
    """The model that a member spent most on. Money in millionths of a cent, as it was read."""

    model: str
    micro: int
    asked_micro: int  # without runs of agents
    asked: int  # requests without theirs

    @property
    def cents(self) -> Decimal:
        return in_cents(self.micro)

    @property
    def cents_per_request(self) -> Decimal | None:
        return in_cents(self.asked_micro) / self.asked if self.asked else None


@dataclass(frozen=True)
class ModelUsage:
    """What there is in a period by model: only those that have anything in it."""

    by_model: dict[str, Totals]
    people: dict[str, int]  # by model: people with a served request; no service account, nothing unattributed

    @cached_property
    def total(self) -> Totals:
        return reduce(Totals.plus, self.by_model.values(), Totals())


@dataclass(frozen=True)
class Usage(ModelUsage):
    """The same with members, only those that have anything in it."""

    by_member: dict[int, Totals]
    main_models: dict[int, str]  # by member, see `USAGE`
    costliest: dict[int, Costliest]  # by member


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
# Rows are read and grouped once, members and models added up of the groups. A member's main model is the one
# with most served requests; of two alike, the one that cost more.
USAGE = """
WITH parts AS ({parts}), used AS (
    SELECT parts.*, kind,
        ROW_NUMBER() OVER (
            PARTITION BY member_id ORDER BY sum_requests DESC, sum_total_cents DESC, model DESC
        ) AS place,
        ROW_NUMBER() OVER (PARTITION BY member_id ORDER BY sum_total_cents DESC, model DESC) AS cost_place
    FROM parts JOIN {member} AS member ON member.id = member_id
    WHERE {anything}
)
SELECT member_id, MAX(CASE WHEN place = 1 AND sum_requests > 0 THEN model END),
    MAX(CASE WHEN cost_place = 1 THEN model END), MAX(sum_total_cents),
    MAX(CASE WHEN cost_place = 1 THEN sum_total_cents - sum_agent_cents END),
    MAX(CASE WHEN cost_place = 1 THEN sum_requests - sum_agent_requests END), {sums}
FROM used GROUP BY member_id
UNION ALL
SELECT NULL, model, NULL, NULL, NULL, COUNT(CASE WHEN kind = %s AND sum_requests > 0 THEN 1 END), {sums}
FROM used GROUP BY model
"""


def usage_rows(rows: MemberModelDayQuerySet) -> list[tuple[Any, ...]]:
    """All of `rows` by member and by model, as `USAGE` gives them. One query."""
    grouped = rows.order_by().values("member_id", "model").annotate(**SUMS)
    try:
        parts, values = grouped.query.sql_with_params()
    except EmptyResultSet:  # the filters leave nobody
        return []
    statement = USAGE.format(
        parts=parts,
        member=Member._meta.db_table,
        anything=" OR ".join(f"{name} <> 0" for name in SUMS),
        sums=", ".join(f"CAST(SUM({name}) AS BIGINT)" for name in SUMS),
    )
    with connection.cursor() as cursor:
        cursor.execute(statement, [*values, Member.Kind.PERSON])
        return cursor.fetchall()


def usage(rows: list[tuple[Any, ...]]) -> Usage:
    """What `usage_rows` found."""
    members = [row for row in rows if row[0] is not None]
    models = [row for row in rows if row[0] is None]
    return Usage(
        by_member={row[0]: totals(row[6:]) for row in members},
        by_model={row[1]: totals(row[6:]) for row in models},
        people={row[1]: row[5] for row in models},
        main_models={row[0]: row[1] for row in members if row[1] is not None},
        costliest={row[0]: Costliest(*row[2:6]) for row in members},
    )


def parts(rows: MemberModelDayQuerySet) -> list[Part]:
    """What each member did with each model. One query."""
    tokens = Sum(weighed(F), default=0.0)
    by_part = rows.order_by().values_list("member_id", "model").annotate(**SUMS, tokens=tokens)
    return [Part(pk, model, sums, weight) for pk, model, *sums, weight in by_part]


def model_usage(used: Iterable[Part], people_ids: Container[int]) -> ModelUsage:
    """The parts added up by model; `people_ids` are whom it counts as people."""
    by_model: dict[str, list[Part]] = defaultdict(list)
    for part in used:
        if any(part.sums):
            by_model[part.model].append(part)
    return ModelUsage(
        by_model={model: totals(column_sums(own)) for model, own in by_model.items()},
        people={
            model: sum(part.sums[0] > 0 and part.member_id in people_ids for part in own)
            for model, own in by_model.items()
        },
    )


def column_sums(used: Iterable[Part]) -> list[int]:
    """The parts' sums, each added up; PostgreSQL adds up whole numbers as decimals."""
    return [int(sum(column)) for column in zip(*(part.sums for part in used), strict=True)]


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
    for pk, *figures in marked.union(asked, all=True):
        by_member[pk] = Activity(*map(add, by_member.get(pk, Activity()), figures))
    return by_member


def activity_between(first: date, last: date) -> BetweenDaysQuerySet:
    """Activity rows from `first` to `last`, both included."""
    return DailyActivity.objects.between(first, last)

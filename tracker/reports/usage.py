"""Sums over rollups: what a member did with a model, what a day cost."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import Any, NamedTuple

import pandas as pd
from django.db.models import BigIntegerField, Count, Func, Q, QuerySet, Sum, Value

from collector.models import AGENT_SURFACES, DailyActivity
from collector.models.activity import BetweenDaysQuerySet
from collector.models.totals import MemberModelDayQuerySet

MICRO_PLACES = 6  # of a cent, as many as are stored


class UsagePart(NamedTuple):
    """What one member did with one model in a period."""

    member_id: int
    model: str
    requests: int
    billed_requests: int
    failed_requests: int
    max_mode_requests: int
    total_cents: Decimal
    billed_cents: Decimal
    cache_read_tokens: int
    runs: int = 0  # of cloud agents and automations
    agent_requests: int = 0  # what those runs asked
    agent_cents: Decimal = Decimal(0)  # what those runs cost

    @property
    def cents_per_request(self) -> Decimal | None:
        return request_rate(self)


SUMMED = list(UsagePart._fields[2:])
MONEY = ("total_cents", "billed_cents", "agent_cents")
OF_AGENTS = Q(surface__in=AGENT_SURFACES)


@dataclass
class Totals:
    """Sums of parts, and the rates that follow from them; a rate over no requests is None."""

    requests: int = 0
    billed_requests: int = 0
    failed_requests: int = 0
    max_mode_requests: int = 0
    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    cache_read_tokens: int = 0
    runs: int = 0
    agent_requests: int = 0
    agent_cents: Decimal = Decimal(0)

    @classmethod
    def of(cls, sums: Sequence[int]) -> Totals:
        """From sums in the order of `SUMMED`, money in millionths of a cent."""
        values = dict(zip(SUMMED, sums, strict=True))
        return cls(**values | {name: in_cents(values[name]) for name in MONEY})  # type: ignore[arg-type]

    def add(self, part: UsagePart) -> None:
        self.requests += part.requests
        self.billed_requests += part.billed_requests
        self.failed_requests += part.failed_requests
        self.max_mode_requests += part.max_mode_requests
        self.total_cents += part.total_cents
        self.billed_cents += part.billed_cents
        self.cache_read_tokens += part.cache_read_tokens
        self.runs += part.runs
        self.agent_requests += part.agent_requests
        self.agent_cents += part.agent_cents

    @property
    def included_cents(self) -> Decimal:
        return self.total_cents - self.billed_cents

    @property
    def cents_per_request(self) -> Decimal | None:
        return request_rate(self)

    @property
    def cents_per_run(self) -> Decimal | None:
        return self.agent_cents / self.runs if self.runs else None

    @property
    def context_tokens(self) -> float | None:
        """Tokens read from the cache per request."""
        return self.cache_read_tokens / self.requests if self.requests else None


def request_rate(sums: UsagePart | Totals) -> Decimal | None:
    """Cents per request, without runs of agents: one may be a single request, or a thousand."""
    asked = sums.requests - sums.agent_requests
    return (sums.total_cents - sums.agent_cents) / asked if asked else None


class Parts:
    """What members did with models in a period: one row per member and model that has anything in it.

    Columns of whole numbers, money in millionths of a cent: sums are exact, and quick for ten thousand
    members. Iterating gives each row as a `Part`.
    """

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table

    def __iter__(self) -> Iterator[UsagePart]:
        return map(UsagePart, *(_values(self.table[name]) for name in UsagePart._fields))

    def where(self, chosen: pd.Series) -> Parts:
        return Parts(self.table[chosen])

    def of_member(self, pk: int) -> Parts:
        return self.where(self.table["member_id"] == pk)

    def of_members(self, ids: Collection[int]) -> Parts:
        return self.where(self.table["member_id"].isin(ids))

    def of_model(self, model: str) -> Parts:
        return self.where(self.table["model"] == model)

    @property
    def is_empty(self) -> bool:
        return self.table.empty

    @property
    def served(self) -> Parts:
        """Only where a request was served."""
        return self.where(self.table["requests"] > 0)

    @property
    def spent_cents(self) -> pd.Series:
        """`total_cents` as floats, for estimates."""
        return self.table["total_cents"] / 10**MICRO_PLACES

    @property
    def member_ids(self) -> frozenset[int]:
        return frozenset(self.table["member_id"].tolist())

    @cached_property
    def by_member(self) -> Sums:
        return Sums(self.table.groupby("member_id", sort=False)[SUMMED].sum())

    @cached_property
    def by_model(self) -> Sums:
        return Sums(self.table.groupby("model", sort=False)[SUMMED].sum())

    @cached_property
    def total(self) -> Totals:
        return Totals.of(self.table[SUMMED].sum().tolist())

    @property
    def main_models(self) -> dict[int, str]:
        """The model with most served requests of each member; of two alike, the one that cost more."""
        order = ["requests", "total_cents", "model"]
        best = self.served.table.sort_values(order).drop_duplicates("member_id", keep="last")
        return dict(zip(best["member_id"].tolist(), best["model"].tolist(), strict=True))


class Sums(Mapping[Any, Totals]):
    """Totals by member or by model; each is made when it is asked for, since most never are."""

    def __init__(self, table: pd.DataFrame) -> None:
        self.table = table
        rows = zip(*(table[name].tolist() for name in SUMMED), strict=True)
        self._rows = dict(zip(table.index.tolist(), rows, strict=True))
        self._columns: dict[str, dict[Any, int]] = {}

    def __getitem__(self, key: Any) -> Totals:
        return Totals.of(self._rows[key])

    def __iter__(self) -> Iterator[Any]:
        return iter(self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def column(self, name: str) -> dict[Any, int]:
        """One of `SUMMED` by key; money in millionths of a cent, as in all columns."""
        if name not in self._columns:
            self._columns[name] = dict(zip(self._rows, self.table[name].tolist(), strict=True))
        return self._columns[name]


class Micro(Func):
    """A sum of cents in millionths of a cent, as a whole number."""

    template = "CAST(ROUND(%(expressions)s * 1000000) AS BIGINT)"
    output_field = BigIntegerField()


def parts(rows: MemberModelDayQuerySet) -> Parts:
    """One part per member and model of `rows` that has anything in it. One query."""
    found = rows.order_by().values_list("member_id", "model").annotate(**part_sums())
    table = pd.DataFrame.from_records(list(found), columns=UsagePart._fields)
    table = table.astype({"member_id": "int64", "model": object, **dict.fromkeys(SUMMED, "int64")})
    return Parts(table[(table[SUMMED] != 0).any(axis=1)])


def part_sums() -> dict[str, Sum | Micro]:
    """The sums of `SUMMED`, in its order; money in millionths of a cent."""
    sums = {name: Sum(name) for name in SUMMED[:-2]}
    sums["agent_requests"] = Sum("requests", filter=OF_AGENTS, default=0)
    sums["agent_cents"] = Sum("total_cents", filter=OF_AGENTS, default=0)
    return {f"sum_{name}": Micro(total) if name in MONEY else total for name, total in sums.items()}


def _values(column: pd.Series) -> list[Any]:
    """A column as plain values, money in cents."""
    values = column.tolist()
    return list(map(in_cents, values)) if column.name in MONEY else values


def in_cents(micro: int) -> Decimal:
    """Millionths of a cent as cents."""
    return Decimal(micro).scaleb(-MICRO_PLACES)


def request_days(rows: MemberModelDayQuerySet) -> dict[int, int]:
    """Days with at least one served request, by member id. One query."""
    used = rows.filter(requests__gt=0).order_by().values_list("member_id")
    return dict(used.annotate(days=Count("day", distinct=True)))


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
    found = DailyCounts({}, {}, {})
    for part, day, model, count in by_model.union(requesters, marked, all=True):
        if part == 0:
            found.requests[day, model] = count
        else:
            (found.requesters if part == 1 else found.active)[day] = count
    return found


class Day(NamedTuple):
    """One day's spend and requests."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0


class Activity(NamedTuple):
    """What one member's `DailyActivity` sums to."""

    active_days: int = 0
    lines_added: int = 0
    accepts: int = 0
    applies: int = 0
    tabs_accepted: int = 0


def activity(rows: BetweenDaysQuerySet) -> dict[int, Activity]:
    """By member id. One query."""
    sums = {f"sum_{name}": Sum(name) for name in Activity._fields[1:]}
    days = Count("pk", filter=Q(is_active=True))
    found = rows.order_by().values_list("member_id").annotate(days=days, **sums)
    return {row[0]: Activity(*row[1:]) for row in found}


def activity_between(first: date, last: date) -> BetweenDaysQuerySet:
    """Activity rows from `first` to `last`, both included."""
    return DailyActivity.objects.between(first, last)

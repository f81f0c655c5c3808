"""Reads the facts' tables into a frame, in a handful of queries whatever the number of members."""

from __future__ import annotations

import operator
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from django.db import connections
from django.db.models import (
    BooleanField,
    Case,
    F,
    FloatField,
    Func,
    IntegerField,
    QuerySet,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Cast

from collector.base.days import day_start, utc_day
from collector.models import (
    BillingCycle,
    Member,
    MemberModelDay,
    Source,
    SourceRun,
    SpendSnapshot,
    UsageEvent,
)

from .frame import HOURS, MEASURES, Caps, Cycle, Frame, Measures, Past, binned
from .tokens import TOKEN_WEIGHTS, all_tokens, weighed

SERVED = ~UsageEvent.FAILED


def load_frame(as_of: datetime, *, days: int) -> Frame:
    """Read what is stored about the time before `as_of` (a whole second), with `days` days of history."""
    members = np.array(sorted(watched_members().values_list("pk", flat=True)), dtype=np.int64)
    index = pd.Index(members)
    cycle = BillingCycle.objects.at(as_of)
    hours = _recent_hours(as_of, cycle)
    rows = index.get_indexer(pd.Index(hours["member_id"]))
    today = np.where(hours["is_today"].astype(bool), 0, -1)
    ago = HOURS - 1 - hours["hours_ago"].to_numpy(int)
    return Frame(
        as_of=as_of,
        member_ids=members,
        past=Past(_load_days(as_of, index, days)),
        today=binned(rows, today, hours, (len(members), 1)),
        hours=binned(rows, ago, hours, (len(members), HOURS)),
        cycle=_load_cycle(cycle, as_of, index, hours) if cycle else None,
        caps=_load_caps(cycle, as_of, index) if cycle else None,
    )


def watched_members() -> QuerySet[Member]:
    """Everything that can spend, but people who left: their old spend must not raise alerts."""
    return Member.objects.filter(is_removed=False, gone_at__isnull=True)


def is_served() -> Case:
    """Whether an event counts as a request: neither errored nor aborted."""
    return Case(When(SERVED, then=Value(True)), default=Value(False), output_field=BooleanField())


def billed_cents() -> Case:
    """An event's charge where it is billed, 0 where it is included."""
    charged = Cast("charged_cents", FloatField())
    return Case(When(is_chargeable=True, then=charged), default=Value(0.0), output_field=FloatField())


def first_complete_collection() -> datetime | None:
    """When events were first collected completely; what that brought is history. None if they never were.

    An import counts only where nothing was collected: what a first collection brings is history all the same.
    """
    runs = SourceRun.objects.filter(
        source=Source.EVENTS, status__in=SourceRun.GOOD, finished_at__isnull=False
    ).order_by("finished_at")
    first = runs.collected().first() or runs.first()
    return first.finished_at if first else None


class HoursAgo(Func):
    """Whole hours from an instant to `as_of` (a whole second): 0 for the 3600 s that end there.

    In the database's own arithmetic: Django's Trunc runs a Python function for every row on SQLite.
    """

    output_field = IntegerField()
    # DATE_PART gives a float, EXTRACT a decimal: half a second over a million events.
    template = "(%(last)s - CAST(FLOOR(DATE_PART('epoch', %(expressions)s)) AS BIGINT)) / 3600"

    def __init__(self, instant: str, as_of: datetime) -> None:
        super().__init__(F(instant), last=int(as_of.timestamp()) - 1)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(%(last)s - CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)) / 3600"
        return super().as_sql(compiler, connection, template=template, **context)


def _recent_hours(as_of: datetime, cycle: BillingCycle | None) -> pd.DataFrame:
    """Sums by member and hour of the frame's hours: member_id, hours_ago, is_today, in_cycle, cents,
    requests, tokens, weight, billed."""
    turn = cycle.start_at if cycle else as_of
    rows = (
        UsageEvent.objects.between(as_of - timedelta(hours=HOURS), as_of)
        .annotate(
            hours_ago=HoursAgo("occurred_at", as_of),
            is_today=_whether(occurred_at__gte=day_start(utc_day(as_of))),
            in_cycle=_whether(occurred_at__gte=turn),
        )
        .order_by()
        .values_list("member_id", "hours_ago", "is_today", "in_cycle")
        .annotate(
            cents=Sum(Cast("charged_cents", FloatField())),
            served=Sum(Case(When(SERVED, then=Value(1.0)), default=Value(0.0), output_field=FloatField())),
            tokens=Sum(all_tokens()),
            weight=Sum(weighed(F)),
            billed=Sum(billed_cents()),
        )
    )
    columns = ["member_id", "hours_ago", "is_today", "in_cycle", *MEASURES, "billed"]
    return _table(rows, columns)


def _table(rows: QuerySet[Any, Any], columns: list[str]) -> pd.DataFrame:
    """Rows as the database gives them, days as text where it has no dates.

    To convert a million numbers one by one takes longer than to read them.
    """
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return pd.DataFrame.from_records(cursor.fetchall(), columns=columns)


def _whether(**condition: Any) -> Case:
    return Case(When(**condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _load_days(as_of: datetime, index: pd.Index, days: int) -> Measures:
    today = utc_day(as_of)
    first = today - timedelta(days=days)
    rows = (
        MemberModelDay.objects.between(first, today - timedelta(days=1))
        .order_by()
        .values_list("member_id", "day")
        .annotate(
            cents=Cast(Sum("total_cents"), FloatField()),
            served=Cast(Sum("requests"), FloatField()),
            used=Cast(reduce(operator.add, map(Sum, TOKEN_WEIGHTS)), FloatField()),
            weight=weighed(Sum),
        )
    )
    table = _table(rows, ["member_id", "day", *MEASURES])
    columns = (pd.to_datetime(table["day"]) - pd.Timestamp(first)).dt.days.to_numpy(int)
    return binned(index.get_indexer(pd.Index(table["member_id"])), columns, table, (len(index), days))


def _load_cycle(cycle: BillingCycle, as_of: datetime, index: pd.Index, hours: pd.DataFrame) -> Cycle:
    """Whole days from the rollups, exact at the turn; the day of `as_of` from its events, exact at
    `as_of`."""
    sums = (
        MemberModelDay.objects.in_cycle(cycle)
        .filter(day__lt=utc_day(as_of))
        .values_list("member_id")
        .annotate(total=Cast(Sum("total_cents"), FloatField()), part=Cast(Sum("billed_cents"), FloatField()))
    )
    whole = pd.DataFrame.from_records(list(sums), columns=["member_id", "cents", "billed"])
    fresh = hours[hours["is_today"].astype(bool) & hours["in_cycle"].astype(bool)]
    both = pd.concat([whole, fresh[["member_id", "cents", "billed"]]]).astype(
        {"cents": float, "billed": float}
    )
    totals = both.groupby("member_id")[["cents", "billed"]].sum().reindex(index, fill_value=0.0)
    return Cycle(
        start_at=cycle.start_at,
        end_at=cycle.end_at,
        total_cents=totals["cents"].to_numpy(),
        billed_cents=totals["billed"].to_numpy(),
        team_cents=float(both["cents"].sum()),
    )


def _load_caps(cycle: BillingCycle, as_of: datetime, index: pd.Index) -> Caps:
    rows = (
        SpendSnapshot.objects.latest_per_member(cycle)
        .filter(taken_at__lte=as_of)
        .values_list("member_id", Cast("on_demand_cents", FloatField()), Cast("limit_dollars", FloatField()))
    )
    table = pd.DataFrame.from_records(list(rows), columns=["member_id", "on_demand", "limit"])
    table = table.set_index("member_id").astype(float).reindex(index)
    return Caps(table["on_demand"].to_numpy(), table["limit"].to_numpy() * 100)

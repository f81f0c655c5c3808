"""The rollups and the running hour as tables of numbers."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import DateField, F, FloatField, Func, IntegerField, Q, QuerySet, Sum, Value
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Cast
from django.db.models.sql.compiler import SQLCompiler

from collector.base.days import day_start, utc_day
from collector.facts.worth import TOKEN_WEIGHTS, UNPRICED
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour, UsageEvent

from .frame import MEASURES
from .price_changes import DAYS_BEFORE, DAYS_SINCE, PriceChanges, moved_models, price_changes
from .prices import PriceBook, price_book
from .tokens import all_tokens, weighed
from .values import BY_AGENT, SERVED, known_value, number_where

BY_AGENT_SURFACE = Q(surface__in=[surface.value for surface in AGENT_SURFACES])
SUMS = [*MEASURES, "unpriced"]
CHUNK = 2_000  # rows that are held as such at a time


class EpochSeconds(Func):
    """Whole seconds from 1970 to an instant.

    In the database's own arithmetic: Django's Trunc runs a Python function for every row on SQLite.
    """

    output_field = IntegerField()
    # DATE_PART gives a float, EXTRACT a decimal: half a second over a million events.
    template = "CAST(FLOOR(DATE_PART('epoch', %(expressions)s)) AS BIGINT)"

    def as_sqlite(
        self, compiler: SQLCompiler, connection: BaseDatabaseWrapper, **context: Any
    ) -> tuple[str, Any]:
        template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"
        return super().as_sql(compiler, connection, template=template, **context)


def hours_ago(instant: str, end_at: datetime) -> CombinedExpression:
    """Whole hours from an instant to the end of the last hour: 0 for the 3600 s that end there."""
    return (Value(int(end_at.timestamp()) - 1) - EpochSeconds(instant)) / Value(3600)


def read_columns(rows: QuerySet[Any, Any]) -> list[list[Any]]:
    """Columns as the database gives them, days and instants as text where it has no dates.

    To convert a million of them one by one takes longer than to read them.
    """
    columns: list[list[Any]] = [[] for _ in rows.query.selected or ()]
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        while chunk := cursor.fetchmany(CHUNK):
            for column, values in zip(columns, zip(*chunk, strict=True), strict=True):
                column.extend(values)
    return columns


def read_table(rows: QuerySet[Any, Any], columns: list[str]) -> pd.DataFrame:
    """Rows as the database gives them, days as text where it has no dates.

    To convert a million numbers one by one takes longer than to read them.
    """
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return pd.DataFrame.from_records(cursor.fetchall(), columns=columns)


def _rollup_sums() -> dict[str, Any]:
    """What is summed of either rollup, in the order of `SUMS`."""
    value = Cast("total_cents", FloatField()) + Cast("worth_cents", FloatField())
    served = Cast("requests", FloatField())
    return {
        "sum_value": Sum(value),
        "sum_served": Sum(served),
        "sum_used": Cast(reduce(operator.add, map(Sum, TOKEN_WEIGHTS)), FloatField()),
        "sum_weight": weighed(Sum),
        "sum_agent_value": Sum(number_where(BY_AGENT_SURFACE, value)),
        "sum_agent_served": Sum(number_where(BY_AGENT_SURFACE, served)),
        "sum_unpriced": Cast(Sum("unpriced_weight"), FloatField()),
    }


def _event_sums() -> dict[str, Any]:
    """The same of events."""
    value, one = known_value(), Value(1.0)
    return {
        "sum_value": Sum(value),
        "sum_served": Sum(number_where(SERVED, one)),
        "sum_used": Sum(all_tokens()),
        "sum_weight": Sum(weighed(F)),
        "sum_agent_value": Sum(number_where(BY_AGENT, value)),
        "sum_agent_served": Sum(number_where(SERVED & BY_AGENT, one)),
        "sum_unpriced": Sum(number_where(UNPRICED, weighed(F))),
    }


def day_sums(first: date, last: date, *, by_model: bool = False) -> pd.DataFrame:
    """Sums by member and day (and model), `first` to `last` both included: member_id, day, model, `SUMS`."""
    keys = ["member_id", "day", *(["model"] if by_model else [])]
    rows = MemberModelDay.objects.between(first, last).order_by().values_list(*keys)
    return read_table(rows.annotate(**_rollup_sums()), [*keys, *SUMS])


def hour_sums(as_of: datetime, end_at: datetime, hours: int) -> pd.DataFrame:
    """Sums by member, model and hour on the clock, of the `hours` that end at `end_at`: member_id, model,
    hours_ago, and `SUMS`.

    Whole hours are read from their totals, the running one from its events, exact at `as_of`.
    """
    columns = ["member_id", "model", "hours_ago", *SUMS]
    last_at = end_at - timedelta(hours=as_of < end_at)
    whole = (
        MemberModelHour.objects.between(end_at - timedelta(hours=hours), last_at)
        .annotate(ago=hours_ago("hour_at", end_at))
        .order_by()
        .values_list("member_id", "model", "ago")
        .annotate(**_rollup_sums())
    )
    tables = [read_table(whole, columns)]
    if last_at < as_of:
        running = (
            UsageEvent.objects.between(last_at, as_of)
            .annotate(ago=Value(0, output_field=IntegerField()))
            .order_by()
            .values_list("member_id", "model", "ago")
            .annotate(**_event_sums())
        )
        tables.append(read_table(running, columns))
    tables = [table for table in tables if len(table)] or tables[:1]
    return pd.concat(tables, ignore_index=True)


def with_value(
    rows: pd.DataFrame, begins: pd.Series, prices: PriceBook, changes: PriceChanges
) -> pd.DataFrame:
    """`rows` by model, their cents the value at the prices before any change; `added` is what changes added.

    `begins` is the day or hour of each row, as a timestamp.
    """
    estimate = prices.estimates(rows)
    value = rows["cents"].to_numpy(float) + estimate
    added = np.zeros(len(rows))
    for change in changes:
        since = (rows["model"] == change.model) & (begins >= pd.Timestamp(day_start(change.day)))
        added += np.where(since, value * (1 - 1 / change.ratio), 0.0)
    requests = rows["requests"].to_numpy(float)
    by_agents = np.divide(
        rows["agent_requests"].to_numpy(float), requests, out=np.zeros(len(rows)), where=requests > 0
    )
    agents = rows["agent_cents"].to_numpy(float) + estimate * by_agents
    kept = np.divide(value - added, value, out=np.ones(len(rows)), where=value > 0)
    return rows.assign(cents=value - added, agent_cents=agents * kept, added=added)


def load_price_book(first: date, as_of: datetime) -> PriceBook:
    """The team's prices by what was charged from `first` up to the last whole hour before `as_of`."""
    return price_book(_charged_sums(first, as_of, ["model"]))


def load_price_changes(as_of: datetime) -> PriceChanges:
    """Changes of prices that show in the last days, the day of `as_of` so far included.

    Only models whose price moved for the team as a whole are read member by member.
    """
    today = utc_day(as_of)
    first = today - timedelta(days=DAYS_BEFORE + DAYS_SINCE)
    team = _charged_sums(first, as_of, ["model"], by_day=True)
    moved = moved_models(team.assign(ago=_days_ago(team["day"], today)))
    if not moved:
        return ()
    days = _charged_sums(first, as_of, ["member_id", "model"], by_day=True, models=moved)
    return price_changes(days.assign(ago=_days_ago(days["day"], today)), today)


def _days_ago(days: pd.Series, today: date) -> pd.Series:
    return (pd.Timestamp(today) - pd.to_datetime(days)).dt.days


def _charged_sums(
    first: date, as_of: datetime, keys: list[str], *, by_day: bool = False, models: Sequence[str] = ()
) -> pd.DataFrame:
    """What was charged, and the weighed tokens and requests that this paid for, by `keys` (and day).

    Whole days are read from their totals, the day of `as_of` from its whole hours: its own total may hold
    what came later.
    """
    today = utc_day(as_of)
    hours = MemberModelHour.objects.between(day_start(today), as_of.replace(minute=0, second=0))
    parts = [
        (MemberModelDay.objects.between(first, today - timedelta(days=1)), F("day")),
        (hours, Value(today, output_field=DateField())),
    ]
    columns = [*keys, *(["day"] if by_day else [])]
    tables = []
    for rows, day in parts:
        chosen: QuerySet[Any, Any] = rows.filter(Q(total_cents__gt=0) | Q(worth_cents__gt=0)).order_by()
        if models:
            chosen = chosen.filter(model__in=models)
        if by_day:
            chosen = chosen.annotate(on_day=day)
        chosen = chosen.values_list(*keys, *(["on_day"] if by_day else []))
        tables.append(read_table(chosen.annotate(**_paid()), [*columns, "cents", "weight", "requests"]))
    return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)


def _paid() -> dict[str, Any]:
    """Cents, and the weighed tokens and requests that these paid for."""
    unpaid = Cast(Sum("unpriced_weight") + Sum("free_weight"), FloatField())
    return {
        "paid": Cast(Sum("total_cents"), FloatField()) + Cast(Sum("worth_cents"), FloatField()),
        "paid_weight": weighed(Sum) - unpaid,
        "served": Sum("requests"),
    }

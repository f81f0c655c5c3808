"""The stored totals as columns of numbers: a row for each member, model, surface, and day or hour."""

import operator
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from django.db import connections
from django.db.models import (
    Case,
    Expression,
    F,
    FloatField,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    TextField,
    Value,
    When,
)
from django.db.models.functions import Cast

from collector.base.expressions import SqliteTemplate
from collector.facts.worth import TOKEN_WEIGHTS, UNPRICED
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour, Surface, UsageEvent

from .arrays import Array
from .tokens import all_tokens, weighed
from .values import BY_AGENT, SERVED, billed_cents, known_value, number_where

HOUR = timedelta(hours=1)
CHUNK = 2_000  # rows that are held as such at a time
NUMBERS: dict[str, Expression | F] = {
    "cents": Cast("total_cents", FloatField()) + Cast("worth_cents", FloatField()),
    "charged": Cast("total_cents", FloatField()),
    "billed": Cast("billed_cents", FloatField()),
    "requests": F("requests"),
    "tokens": reduce(operator.add, map(F, TOKEN_WEIGHTS)),
    "weight": weighed(F),
    "unpriced": F("unpriced_weight"),
    "free": F("free_weight"),
}
# What is left of a weight by rounding the parts that were not paid for: no price can be told from it.
ROUNDED_WEIGHT = 1.0
AGENTS = {surface.value for surface in AGENT_SURFACES}
# The part of a day after a cycle's turn stands in the day's last hour, so that it counts from the turn on.
LAST_HOUR = 23
EVERYBODY = Q()


def day_rows(first: date, last: date) -> pd.DataFrame:
    """The totals of whole days, `first` to `last` both included, in the order of days.

    member_id, hour (whole hours from 1970 to the day's first), model and surface (categories), by_agent,
    cents (what is known of the value), charged, billed, requests, tokens, weight, unpriced (weighed tokens
    without a cost), paid_weight (weighed tokens that were paid for).
    """
    rows = MemberModelDay.objects.between(first, last).annotate(begins=Cast("day", TextField()))
    days, is_after_turn, *columns = _read_totals(rows.order_by("day"), ["begins", "is_after_turn"])
    hour = _hour_numbers(days) + LAST_HOUR * np.array(is_after_turn, dtype=np.int32)
    return _as_rows(hour, columns)


def hour_rows(start_at: datetime, end_at: datetime) -> pd.DataFrame:
    """The same of the hours that begin in `[start_at, end_at)`."""
    rows = MemberModelHour.objects.between(start_at, end_at).annotate(begins=Cast("hour_at", TextField()))
    hours, *columns = _read_totals(rows.order_by("hour_at"), ["begins"])
    return _as_rows(_hour_numbers(hours), columns)


def hour_rows_in_full(
    start_at: datetime, end_at: datetime, *, first_import_at: datetime | None = None, whose: Q = EVERYBODY
) -> pd.DataFrame:
    """The same with known (the first whole hour at which each is known, later than its end only where it came
    after `first_import_at`), thread, and thread_requests."""
    settled = Value(0) if first_import_at is None else _settled_after(first_import_at)
    rows = MemberModelHour.objects.between(start_at, end_at).filter(whose)
    rows = rows.annotate(begins=Cast("hour_at", TextField()), settled=settled)
    first = ["begins", "settled", "top_thread", "top_thread_requests"]
    hours, settled_at, threads, most, *columns = _read_totals(rows.order_by("hour_at"), first)
    hour = _hour_numbers(hours)
    return _as_rows(hour, columns).assign(
        known=np.maximum(hour + 1, -(-np.array(settled_at, dtype=np.int64) // 3600)).astype(np.int32),
        thread=thread_numbers(threads),
        thread_requests=np.array(most, dtype=np.float32),
    )


def current_hour_rows(start_at: datetime, end_at: datetime) -> pd.DataFrame:
    """Rows like those of whole hours, of the part of the current hour that has passed, from its events."""
    agent = Value(Surface.CLOUD_AGENT.value)
    rows = (
        UsageEvent.objects.between(start_at, end_at)
        .order_by()
        .annotate(part=Case(When(BY_AGENT, then=agent), default=Value("")))
        .values_list("member_id", "model", "part")
        .annotate(
            sum_cents=Sum(known_value()),
            sum_charged=Sum(Cast("charged_cents", FloatField())),
            sum_billed=Sum(billed_cents()),
            sum_requests=Sum(number_where(SERVED, Value(1.0))),
            sum_tokens=Sum(all_tokens()),
            sum_weight=Sum(weighed(F)),
            sum_unpriced=Sum(number_where(UNPRICED, weighed(F))),
            sum_free=Value(0.0),
        )
    )
    columns = read_columns(rows)
    return _as_rows(np.full(len(columns[0]), hour_of(start_at), dtype=np.int32), columns)


def joined_rows(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """The rows of all parts, joined column by column and let go as they are: never are all held twice."""
    filled = [part for part in parts if len(part)] or parts[:1]
    pieces = [{name: part[name].array for name in part} for part in filled]
    names = list(pieces[0])
    return pd.DataFrame(
        {name: _column_of([piece.pop(name) for piece in pieces]) for name in names}, copy=False
    )


def _column_of(parts: list[pd.api.extensions.ExtensionArray]) -> object:
    categories = [part for part in parts if isinstance(part, pd.Categorical)]
    if categories:
        return pd.api.types.union_categoricals(categories)
    return np.concatenate([np.asarray(part) for part in parts])


class EpochSeconds(SqliteTemplate):
    """Whole seconds from 1970 to an instant.

    In the database's own arithmetic: Django's Trunc runs a Python function for every row on SQLite.
    """

    output_field = IntegerField()
    # DATE_PART gives a float, EXTRACT a decimal: half a second over a million events.
    template = "CAST(FLOOR(DATE_PART('epoch', %(expressions)s)) AS BIGINT)"
    sqlite_template = "CAST(strftime('%%%%s', %(expressions)s) AS INTEGER)"


def _settled_after(instant: datetime) -> Case:
    """When it was settled, in seconds since 1970, if after `instant`; else 0."""
    return Case(When(settled_at__gt=instant, then=EpochSeconds("settled_at")), default=Value(0))


def _read_totals(rows: QuerySet, first: list[str]) -> list[list]:
    """Columns: those of `first`, member, model, surface, and `NUMBERS`."""
    named = {f"sum_{name}": value for name, value in NUMBERS.items()}
    return read_columns(rows.annotate(**named).values_list(*first, "member_id", "model", "surface", *named))


def read_columns(rows: QuerySet) -> list[list[Any]]:
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


def read_table(rows: QuerySet, columns: list[str]) -> pd.DataFrame:
    """Rows as the database gives them, days as text where it has no dates.

    To convert a million numbers one by one takes longer than to read them.
    """
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return pd.DataFrame.from_records(cursor.fetchall(), columns=columns)


def _hour_numbers(days_or_hours: Sequence[str]) -> Array:
    """Whole hours since 1970 of instants or days as text; few of them differ."""
    number = {
        value: hour_of(datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)) for value in set(days_or_hours)
    }
    return np.fromiter(map(number.__getitem__, days_or_hours), np.int32, len(days_or_hours))


def hour_of(instant: datetime) -> int:
    """Whole hours from 1970 UTC to `instant`, rounded down."""
    return int(instant.astimezone(UTC).timestamp()) // 3600


def _as_rows(hour: Array, columns: list[list[object]]) -> pd.DataFrame:
    """In the smallest types that hold them: there is a row for each member, model, surface and hour."""
    members, models, surfaces, *figures = columns
    surface = _categories(surfaces)
    numbers = dict(zip(NUMBERS, (np.array(column, dtype=float) for column in figures), strict=True))
    numbers["cents"] = np.maximum(numbers["cents"], 0.0)  # a credit is no usage and worth nothing
    paid_weight = numbers["weight"] - numbers["unpriced"] - numbers.pop("free")
    paid_weight[paid_weight <= ROUNDED_WEIGHT] = 0.0
    by_agent = np.isin(surface.categories, list(AGENTS))
    return pd.DataFrame(
        {
            "member_id": np.array(members, dtype=np.int32),
            "hour": hour,
            "model": _categories(models),
            "surface": surface,
            "by_agent": by_agent[surface.codes] if len(hour) else np.zeros(0, dtype=bool),
            **numbers,
            "requests": numbers["requests"].astype(np.float32),
            "paid_weight": paid_weight,
        },
        copy=False,
    )


def _categories(names: Sequence[Any]) -> pd.Categorical:
    """The names as categories; few of them differ."""
    distinct = sorted(set(names))
    number = {name: place for place, name in enumerate(distinct)}
    codes = np.fromiter(map(number.__getitem__, names), np.int32, len(names))
    return pd.Categorical.from_codes(codes, pd.Index(distinct, dtype="str"))


def thread_numbers(names: Sequence[str]) -> Array:
    """A number for each name of a thread, the same wherever it is read; -1 for none."""
    number = {"": -1}
    distinct = np.array(sorted(set(names) - {""}), dtype=object)
    hashes = (pd.util.hash_array(distinct) >> np.uint64(1)).astype(np.int64)
    number.update(zip(distinct, hashes.tolist(), strict=True))
    return np.fromiter(map(number.__getitem__, names), np.int64, len(names))

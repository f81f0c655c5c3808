"""The stored totals as columns of numbers: a row for each member, model, surface, and day or hour."""

import operator
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime
from functools import reduce
from hashlib import blake2b
from itertools import count
from typing import NamedTuple

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
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour, UsageEvent

from .arrays import Array
from .tokens import all_tokens, weighed
from .values import BY_AGENT, SERVED, billed_cents, known_value, number_where

CHUNK = 500  # rows that are held as such at a time: in the processor's own memory
NOTHING = np.zeros(0, dtype=np.int32)
AGENTS = [surface.value for surface in AGENT_SURFACES]
# What is read of each total beside its instant and model, all of it numbers.
FIGURES: dict[str, Expression | F] = {
    "member_id": F("member_id"),
    "by_agent": Case(When(surface__in=AGENTS, then=Value(1)), default=Value(0)),
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
# The part of a day after a cycle's turn stands in the day's last hour, so that it counts from the turn on.
LAST_HOUR = 23


class Texts(NamedTuple):
    """A column of texts of which few differ: each once, and which one every row has."""

    names: list[str]
    codes: Array

    def numbers(self, number_of: Callable[[str], int], kind: type) -> Array:
        """A number for each row."""
        return np.array([number_of(name) for name in self.names], dtype=kind)[self.codes]

    def categories(self) -> pd.Categorical:
        """The same for tables, in the order of the names."""
        order = np.argsort(np.array(self.names, dtype=object))
        place = np.empty(len(order), dtype=np.int32)
        place[order] = np.arange(len(order), dtype=np.int32)
        return pd.Categorical.from_codes(place[self.codes], pd.Index(sorted(self.names), dtype="str"))


def day_rows(first: date, last: date) -> pd.DataFrame:
    """The totals of whole days, `first` to `last` both included, in the order of days.

    member_id, hour (whole hours from 1970 to the day's first), model (a category), by_agent, cents (what is
    known of the value), charged, billed, requests, tokens, weight, unpriced (weighed tokens without a cost),
    paid_weight (weighed tokens that were paid for).
    """
    rows = MemberModelDay.objects.between(first, last)
    (days, models), figures = _read_totals(rows, "day", {"is_after_turn": F("is_after_turn")})
    hour = _hours_of(days) + LAST_HOUR * figures["is_after_turn"].astype(np.int32)
    return _as_rows(hour, models, figures)


def hour_rows(start_at: datetime, end_at: datetime) -> pd.DataFrame:
    """The same of the hours that begin in `[start_at, end_at)`."""
    (hours, models), figures = _read_totals(MemberModelHour.objects.between(start_at, end_at), "hour_at", {})
    return _as_rows(_hours_of(hours), models, figures)


def known_hour_rows(
    start_at: datetime, end_at: datetime, first_import_at: datetime | None, *, whose: Q | None = None
) -> pd.DataFrame:
    """The same with known: the first whole hour at which each is known, later than its end only where it came
    after `first_import_at`. Of members in `whose` also surface (a category), thread, and thread_requests."""
    rows = MemberModelHour.objects.between(start_at, end_at)
    more: dict[str, Expression | F] = (
        {} if first_import_at is None else {"settled": _settled_after(first_import_at)}
    )
    texts: tuple[str, ...] = ()
    if whose is not None:
        rows, texts = rows.filter(whose), ("surface", "top_thread")
        more |= {"thread_requests": F("top_thread_requests")}
    (hours, models, *names), figures = _read_totals(rows, "hour_at", more, texts)
    hour = _hours_of(hours)
    table = _as_rows(hour, models, figures)
    settled = figures.get("settled", np.zeros(1))
    table["known"] = np.maximum(hour + 1, -(-settled.astype(np.int64) // 3600)).astype(np.int32)
    if names:
        surfaces, threads = names
        table = table.assign(
            surface=surfaces.categories(),
            thread=threads.numbers(thread_number, np.int64),
            thread_requests=figures["thread_requests"].astype(np.float32),
        )
    return table


def current_hour_rows(start_at: datetime, end_at: datetime) -> pd.DataFrame:
    """Rows like those of whole hours, of the part of the current hour that has passed, from its events."""
    rows = (
        UsageEvent.objects.between(start_at, end_at)
        .order_by()
        .annotate(agent=Case(When(BY_AGENT, then=Value(1)), default=Value(0)))
        .values_list("model", "member_id", "agent")
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
    (models,), numbers = read_columns(rows, 1)
    hour = np.full(len(models.codes), hour_of(start_at), dtype=np.int32)
    return _as_rows(hour, models, dict(zip(FIGURES, numbers, strict=True)))


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


def _read_totals(
    rows: QuerySet, begins: str, more: Mapping[str, Expression | F], texts: Sequence[str] = ()
) -> tuple[list[Texts], dict[str, Array]]:
    """When each total begins, its model and other texts, and `FIGURES` and `more`, in the order of time."""
    figures = {f"of_{name}": value for name, value in (FIGURES | dict(more)).items()}
    rows = rows.order_by(begins).annotate(begins=Cast(begins, TextField()), **figures)
    names, numbers = read_columns(rows.values_list("begins", "model", *texts, *figures), 2 + len(texts))
    return names, dict(zip((*FIGURES, *more), numbers, strict=True))


def read_columns(rows: QuerySet, texts: int) -> tuple[list[Texts], Array]:
    """The first columns, which are texts, and the others, which are numbers: an array with a row for each.

    Days and instants are texts where the database has no dates: to convert a million of them one by one takes
    longer than to read them.
    """
    numbers_of: list[dict[str, int]] = [defaultdict(count().__next__) for _ in range(texts)]
    codes: list[list[Array]] = [[NOTHING] for _ in numbers_of]
    numbers = [np.zeros((len(rows.query.selected or ()) - texts, 0))]
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        while chunk := cursor.fetchmany(CHUNK):
            columns = list(zip(*chunk, strict=True))
            numbers.append(np.array(columns[texts:], dtype=float))
            for parts, number_of, column in zip(codes, numbers_of, columns, strict=False):
                parts.append(np.fromiter(map(number_of.__getitem__, column), np.int32, len(column)))
    names = [
        Texts(list(known), np.concatenate(parts)) for known, parts in zip(numbers_of, codes, strict=True)
    ]
    return names, np.concatenate(numbers, axis=1)


def read_table(rows: QuerySet, columns: list[str]) -> pd.DataFrame:
    """Rows as the database gives them, days as text where it has no dates.

    To convert a million numbers one by one takes longer than to read them.
    """
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        return pd.DataFrame.from_records(cursor.fetchall(), columns=columns)


def _hours_of(days_or_hours: Texts) -> Array:
    """Whole hours since 1970 of instants or days as text."""
    return days_or_hours.numbers(
        lambda text: hour_of(datetime.fromisoformat(text[:19]).replace(tzinfo=UTC)), np.int32
    )


def hour_of(instant: datetime) -> int:
    """Whole hours from 1970 UTC to `instant`, rounded down."""
    return int(instant.astimezone(UTC).timestamp()) // 3600


def _as_rows(hour: Array, models: Texts, figures: Mapping[str, Array]) -> pd.DataFrame:
    """In the smallest types that hold them: there is a row for each member, model, surface and hour."""
    paid_weight = figures["weight"] - figures["unpriced"] - figures["free"]
    paid_weight[paid_weight <= ROUNDED_WEIGHT] = 0.0
    return pd.DataFrame(
        {
            "member_id": figures["member_id"].astype(np.int32),
            "hour": hour,
            "model": models.categories(),
            "by_agent": figures["by_agent"] > 0,
            "cents": np.maximum(figures["cents"], 0.0),  # a credit is no usage and worth nothing
            "charged": figures["charged"],
            "billed": figures["billed"],
            "requests": figures["requests"].astype(np.float32),
            "tokens": figures["tokens"],
            "weight": figures["weight"],
            "unpriced": figures["unpriced"],
            "paid_weight": paid_weight,
        },
        copy=False,
    )


def thread_number(name: str) -> int:
    """A number for the name of a thread, the same wherever it is read; -1 for none."""
    return int.from_bytes(blake2b(name.encode(), digest_size=7).digest()) if name else -1

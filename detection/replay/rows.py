"""The stored totals as the rows of a history: whole days before the stretch that is replayed, hours within
it."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from functools import reduce

import numpy as np
import pandas as pd
from django.db.models import Case, Expression, F, FloatField, Q, QuerySet, Sum, TextField, Value, When
from django.db.models.functions import Cast

from collector.base.days import utc_day
from collector.facts.worth import TOKEN_WEIGHTS
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour
from detection.frame.arrays import Array
from detection.frame.prices import PriceBook
from detection.frame.tokens import weighed
from detection.frame.totals import EpochSeconds, read_columns, read_table

from .history import Turn
from .replay import hour_of

# Days that are read at a time: what the database gives is ten times larger than what is kept of it.
CHUNK_DAYS = 4
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
AGENTS = {surface.value for surface in AGENT_SURFACES}
# The part of a day after a cycle's turn stands in the day's last hour, so that it counts from the turn on.
LAST_HOUR = 23
EVERYBODY = Q()


def read_rows(
    start_at: datetime,
    hours_from: datetime,
    end_at: datetime,
    prices: PriceBook,
    first_import_at: datetime | None,
) -> pd.DataFrame:
    """The totals of `[start_at, end_at)`, as a `History` has them: by day before `hours_from` (a midnight),
    then by hour.

    An hour counts as known when its last event had been collected; what the first import brought, when it
    was over. Days are known from the start.
    """
    days = [_day_rows(*stretch, prices) for stretch in _stretches(start_at, hours_from)]
    hours = [_hour_rows(*stretch, prices, first_import_at) for stretch in _stretches(hours_from, end_at)]
    return _joined_rows(days + hours)


def read_hours(
    member_ids: Sequence[int], start_at: datetime, end_at: datetime, prices: PriceBook
) -> pd.DataFrame:
    """The same of a few members, all of it by the hour and known."""
    return _hour_rows(start_at, end_at, prices, None, Q(member_id__in=member_ids))


def _stretches(start_at: datetime, end_at: datetime) -> Iterator[tuple[datetime, datetime]]:
    while start_at < end_at:
        yield start_at, min(start_at + timedelta(days=CHUNK_DAYS), end_at)
        start_at += timedelta(days=CHUNK_DAYS)


def _joined_rows(parts: list[pd.DataFrame]) -> pd.DataFrame:
    """Column by column, each of the parts let go as it is joined: never are all rows held twice."""
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


def _day_rows(start_at: datetime, end_at: datetime, prices: PriceBook) -> pd.DataFrame:
    rows = MemberModelDay.objects.between(utc_day(start_at), utc_day(end_at) - timedelta(days=1))
    rows = rows.annotate(begins=Cast("day", TextField())).order_by("day")
    days, is_after_turn, *columns = _read_totals(rows, ["begins", "is_after_turn"])
    hour = _hour_numbers(days) + LAST_HOUR * np.array(is_after_turn, dtype=np.int32)
    return _as_rows(hour, np.zeros_like(hour), [""] * len(hour), [0] * len(hour), columns, prices)


def _hour_rows(
    start_at: datetime,
    end_at: datetime,
    prices: PriceBook,
    first_import_at: datetime | None,
    whose: Q = EVERYBODY,
) -> pd.DataFrame:
    settled = Value(0) if first_import_at is None else _settled_after(first_import_at)
    rows = MemberModelHour.objects.between(start_at, end_at).filter(whose)
    rows = rows.annotate(begins=Cast("hour_at", TextField()), settled=settled)
    first = ["begins", "settled", "top_thread", "top_thread_requests"]
    hours, settled_at, threads, most, *columns = _read_totals(rows.order_by("hour_at"), first)
    hour = _hour_numbers(hours)
    since = -(-np.array(settled_at, dtype=np.int64) // 3600)
    return _as_rows(hour, np.maximum(hour + 1, since), threads, most, columns, prices)


def _settled_after(instant: datetime) -> Case:
    """When it was settled, in seconds since 1970, if after `instant`; else 0."""
    return Case(When(settled_at__gt=instant, then=EpochSeconds("settled_at")), default=Value(0))


def _read_totals(rows: QuerySet, first: list[str]) -> list[list]:
    """Columns: those of `first`, member, model, surface, and `NUMBERS`."""
    named = {f"sum_{name}": value for name, value in NUMBERS.items()}
    return read_columns(rows.annotate(**named).values_list(*first, "member_id", "model", "surface", *named))


def _hour_numbers(days_or_hours: Sequence[str]) -> Array:
    """Whole hours since 1970 of instants or days as text; few of them differ."""
    number = {
        value: hour_of(datetime.fromisoformat(value[:19]).replace(tzinfo=UTC)) for value in set(days_or_hours)
    }
    return np.fromiter(map(number.__getitem__, days_or_hours), np.int32, len(days_or_hours))


def _as_rows(
    hour: Array,
    known: Array,
    threads: Sequence[str],
    most: Sequence[int],
    columns: list[list],
    prices: PriceBook,
) -> pd.DataFrame:
    """The rows with the figures that follow from those read: value, whether by agents, and what was paid for.

    In the smallest types that hold them: there is a row for each member, model, surface and hour.
    """
    members, models, surfaces, *figures = columns
    model, surface = pd.Categorical(models), pd.Categorical(surfaces)
    number = dict(zip(NUMBERS, (np.array(column, dtype=float) for column in figures), strict=True))
    unpriced, free = number.pop("unpriced"), number.pop("free")
    by_agent = np.isin(surface.categories, list(AGENTS))
    return pd.DataFrame(
        {
            "member_id": np.array(members, dtype=np.int32),
            "hour": hour.astype(np.int32),
            "known": known.astype(np.int32),
            "model": model,
            "surface": surface,
            "by_agent": by_agent[surface.codes] if len(hour) else np.zeros(0, dtype=bool),
            **number,
            "cents": number["cents"] + prices.estimated(unpriced, model),
            "requests": number["requests"].astype(np.float32),
            "paid_weight": number["weight"] - unpriced - free,
            "thread": thread_numbers(threads),
            "thread_requests": np.array(most, dtype=np.float32),
        },
        copy=False,
    )


def thread_numbers(names: Sequence[str]) -> Array:
    """A number for each name of a thread, the same wherever it is read; -1 for none."""
    number = {"": -1}
    distinct = np.array(sorted(set(names) - {""}), dtype=object)
    hashes = (pd.util.hash_array(distinct) >> np.uint64(1)).astype(np.int64)
    number.update(zip(distinct, hashes.tolist(), strict=True))
    return np.fromiter(map(number.__getitem__, names), np.int64, len(names))


def read_turn(turn: datetime, rows: pd.DataFrame) -> Turn:
    """What was spent from the turn of a cycle to the end of its hour: the day after the turn, less its later
    hours."""
    day, hour = utc_day(turn), hour_of(turn)
    sums = (
        MemberModelDay.objects.filter(day=day, is_after_turn=True)
        .order_by()
        .values_list("member_id")
        .annotate(
            charged=Cast(Sum("total_cents"), FloatField()), part=Cast(Sum("billed_cents"), FloatField())
        )
    )
    whole = read_table(sums, ["member_id", "charged", "billed"]).set_index("member_id").astype(float)
    if turn.timestamp() % 3600 == 0:  # no hour is split
        whole = whole.iloc[:0]
    later = rows[(rows["hour"] > hour) & (rows["hour"] < (hour // 24 + 1) * 24)]
    later = later.groupby("member_id")[["charged", "billed"]].sum()
    part = whole.subtract(later.reindex(whole.index, fill_value=0.0))
    return Turn(part.index.to_numpy(np.int64), part["charged"].to_numpy(), part["billed"].to_numpy())

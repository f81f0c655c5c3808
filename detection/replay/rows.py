"""The hourly totals as the rows of a history."""

from __future__ import annotations

import operator
from datetime import datetime
from functools import reduce
from typing import Any

import numpy as np
import pandas as pd
from django.db.models import F, FloatField, QuerySet, Sum
from django.db.models.functions import Cast
from pandas.api.types import union_categoricals

from collector.base.days import utc_day
from collector.facts.worth import TOKEN_WEIGHTS
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour
from detection.frame.arrays import Array
from detection.frame.prices import PriceBook
from detection.frame.tokens import weighed
from detection.frame.totals import HoursAgo, read_table

from .history import Turn
from .replay import hour_of

# Hours that are read at a time: what the database gives is ten times larger than what is kept of it.
CHUNK_HOURS = 24
FIELDS = {
    "cents": Cast("total_cents", FloatField()) + Cast("worth_cents", FloatField()),
    "charged": Cast("total_cents", FloatField()),
    "billed": Cast("billed_cents", FloatField()),
    "requests": Cast("requests", FloatField()),
    "tokens": Cast(reduce(operator.add, map(F, TOKEN_WEIGHTS)), FloatField()),
    "weight": weighed(F),
    "unpriced": Cast("unpriced_weight", FloatField()),
    "free": Cast("free_weight", FloatField()),
    "thread_requests": Cast("top_thread_requests", FloatField()),
}
AGENTS = {surface.value for surface in AGENT_SURFACES}


def read_rows(
    start_at: datetime, end_at: datetime, prices: PriceBook, first_import_at: datetime | None
) -> pd.DataFrame:
    """The totals of the hours of `[start_at, end_at)`, as a `History` has them.

    An hour counts as known when its last event had been collected; what the first import brought, when it
    was over.
    """
    parts = []
    for first in range(hour_of(start_at), hour_of(end_at), CHUNK_HOURS):
        part = _read(first, min(first + CHUNK_HOURS, hour_of(end_at)), prices)
        part["known"] = _known_from(part["hour"], part.pop("settled_at"), first_import_at)
        parts.append({name: part[name].array.copy() for name in part})
    parts = [part for part in parts if len(part["hour"])] or parts[:1]
    # Column by column, each of the parts let go as it is joined: never are all rows held twice.
    columns = {name: _column_of([part.pop(name) for part in parts]) for name in list(parts[0])}
    return pd.DataFrame(columns, copy=False)


def _column_of(parts: list[Any]) -> Any:
    if isinstance(parts[0], pd.Categorical):
        return union_categoricals(parts)
    return np.concatenate([np.asarray(part) for part in parts])


def _known_from(hour: pd.Series, settled_at: pd.Series, first_import_at: datetime | None) -> pd.Series:
    """The first whole hour at which each hour is known."""
    seen_at = pd.to_datetime(settled_at, utc=True, format="ISO8601")
    seconds = seen_at.fillna(pd.Timestamp(0, tz="UTC")).astype("datetime64[s, UTC]").astype("int64")
    is_news = seen_at > pd.Timestamp(first_import_at) if first_import_at else seen_at.notna() & False
    over, since = hour + 1, -(-seconds // 3600)
    return over.where(~is_news | (since < over), since).astype(np.int32)


def _read(first: int, last: int, prices: PriceBook) -> pd.DataFrame:
    start_at, end_at = (
        pd.Timestamp(hour * 3600, unit="s", tz="UTC").to_pydatetime() for hour in (first, last)
    )
    rows: QuerySet[Any, Any] = (
        MemberModelHour.objects.between(start_at, end_at)
        .annotate(ago=HoursAgo("hour_at", end_at), **{f"sum_{name}": value for name, value in FIELDS.items()})
        .order_by("hour_at")
        .values_list(
            "member_id",
            "ago",
            "model",
            "surface",
            "top_thread",
            "settled_at",
            *(f"sum_{name}" for name in FIELDS),
        )
    )
    columns = ["member_id", "ago", "model", "surface", "thread", "settled_at", *FIELDS]
    return finished(
        read_table(rows, columns).assign(hour=lambda table: last - 1 - table["ago"].astype(int)), prices
    )


def finished(table: pd.DataFrame, prices: PriceBook) -> pd.DataFrame:
    """The figures that follow from those read: value, whether by agents, and what was paid for.

    In the smallest types that hold them: there is a row for each member, model, surface and hour.
    """
    numbers = table[list(FIELDS)].astype(float)
    unpriced, free = numbers.pop("unpriced"), numbers.pop("free")
    names = table[["model", "surface"]].astype("category")
    whole = {name: numbers[name].astype(np.float32) for name in ("requests", "thread_requests")}
    return table[["settled_at"]].assign(
        **numbers.assign(cents=numbers["cents"] + prices.estimates(table), **whole),
        **table[["member_id", "hour"]].astype(np.int32),
        model=names["model"],
        surface=names["surface"],
        by_agent=table["surface"].isin(AGENTS),
        thread=thread_numbers(table["thread"]),
        paid_weight=numbers["weight"] - unpriced - free,
    )


def thread_numbers(names: pd.Series) -> Array:
    """A number for each name of a thread, the same wherever it is read; -1 for none."""
    numbers = pd.util.hash_array(names.to_numpy(object)) >> np.uint64(1)
    return np.where(names == "", -1, numbers.astype(np.int64))


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

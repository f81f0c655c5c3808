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

from collector.base.days import utc_day
from collector.facts.worth import TOKEN_WEIGHTS
from collector.models import AGENT_SURFACES, MemberModelDay, MemberModelHour
from detection.frame.prices import PriceBook
from detection.frame.tokens import weighed
from detection.frame.totals import HoursAgo, read_table

from .replay import Turn, hour_of

# Hours that are read at a time: what the database gives is larger than what is kept of it.
CHUNK_HOURS = 24 * 7
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
        parts.append(_read(first, min(first + CHUNK_HOURS, hour_of(end_at)), prices))
    table = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
    seen_at = pd.to_datetime(table.pop("settled_at"), utc=True, format="ISO8601")
    seconds = seen_at.fillna(pd.Timestamp(0, tz="UTC")).astype("datetime64[s, UTC]").astype("int64")
    since = -(-seconds // 3600)
    is_news = seen_at > pd.Timestamp(first_import_at) if first_import_at else seen_at.notna() & False
    over = table["hour"] + 1
    return table.assign(
        known=np.maximum(over, since.where(is_news, 0)).astype(np.int64),
        model=table["model"].astype("category"),
        surface=table["surface"].astype("category"),
        thread=table["thread"].replace("", None).astype("category").cat.codes.astype(np.int64),
    )


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
    """The figures that follow from those read: value, the agents' part, and what was paid for."""
    numbers = table[list(FIELDS)].astype(float)
    unpriced, free = numbers.pop("unpriced"), numbers.pop("free")
    cents = numbers["cents"] + prices.estimates(table)
    by_agent = table["surface"].isin(AGENTS)
    return table[["member_id", "hour", "model", "surface", "thread", "settled_at"]].assign(
        **numbers.assign(cents=cents),
        by_agent=by_agent,
        agent_cents=cents.where(by_agent, 0.0),
        agent_requests=numbers["requests"].where(by_agent, 0.0),
        paid_weight=numbers["weight"] - unpriced - free,
    )


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

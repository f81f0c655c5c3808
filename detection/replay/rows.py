"""The stored totals as the rows of a history: whole days before the stretch that is replayed, hours within
it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import FloatField, Q, Sum
from django.db.models.functions import Cast

from collector.base.days import utc_day
from collector.models import MemberModelDay
from detection.frame.prices import NO_PRICES, PriceBook, team_prices
from detection.frame.totals import day_rows, hour_of, joined_rows, known_hour_rows, read_table

from .history import HourReader, Turn


def read_rows(
    start_at: datetime,
    hours_from: datetime,
    end_at: datetime,
    first_import_at: datetime | None,
    whose: Q | None = None,
) -> tuple[pd.DataFrame, PriceBook]:
    """The totals of `[start_at, end_at)` as a `History` has them, and the team's prices in them: by day
    before `hours_from` (a midnight), then by hour.

    An hour counts as known when its last event had been collected; what the first import brought, when it
    was over. Days are known from the start. Hours of members in `whose` have what evidence reads as well.
    """
    hours = known_hour_rows(hours_from, end_at, first_import_at, whose=whose)
    days = day_rows(utc_day(start_at), utc_day(hours_from) - timedelta(days=1)).assign(known=np.int32(0))
    rows = joined_rows([days, hours])
    prices = team_prices(rows) if rows["unpriced"].any() else NO_PRICES
    return valued(rows, prices), prices


def hours_reader(
    start_at: datetime, end_at: datetime, first_import_at: datetime | None, prices: PriceBook
) -> HourReader:
    """Reads the same of a few members, all of it by the hour."""

    def read(member_ids: Sequence[int]) -> pd.DataFrame:
        whose = Q(member_id__in=member_ids)
        return valued(known_hour_rows(start_at, end_at, first_import_at, whose=whose), prices)

    return read


def valued(rows: pd.DataFrame, prices: PriceBook) -> pd.DataFrame:
    """The rows with estimates for what has no cost; no price can be told from a row that holds one."""
    estimates = prices.estimates(rows)
    rows["cents"] += estimates
    rows["paid_weight"] = rows["paid_weight"].where(estimates == 0, 0.0)
    return rows.drop(columns="unpriced")


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

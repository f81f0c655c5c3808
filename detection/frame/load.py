"""Reads the facts' tables into a frame, in a handful of queries whatever the number of members."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import FloatField, Q, QuerySet
from django.db.models.functions import Cast

from collector.base.days import day_start, utc_day
from collector.models import BillingCycle, Member, Source, SourceRun, SpendSnapshot
from detection.models import Anomaly

from .arrays import Array
from .frame import HOURS, Caps, Cycle, Frame, Measures, Past, hour_after
from .kept_days import kept_day_rows
from .model_moves import moves_in
from .price_changes import DAYS_BEFORE, DAYS_SINCE, EPOCH, PaidRows, PriceChanges, moved_models, price_changes
from .prices import NO_PRICES, PriceBook, team_prices
from .real_problems import problem_days
from .totals import LAST_HOUR, current_hour_rows, day_rows, hour_of, hour_rows, joined_rows

PRICE_DAYS = DAYS_BEFORE + DAYS_SINCE
CYCLE_DAYS = 31
SUMMED = ["member_id", "charged", "billed"]


def load_frame(as_of: datetime, *, days: int) -> Frame:
    """Read what is stored about the time before `as_of` (a whole second), with `days` days of history."""
    members = np.array(sorted(watched_members(as_of).values_list("pk", flat=True)), dtype=np.int64)
    index = pd.Index(members)
    cycle = BillingCycle.objects.at(as_of)
    today, end_at = utc_day(as_of), hour_after(as_of)
    last_at = end_at - timedelta(hours=as_of < end_at)
    past = kept_day_rows(today - timedelta(days=max(days, PRICE_DAYS, CYCLE_DAYS)), today - timedelta(days=1))
    hours = hour_rows(end_at - timedelta(hours=HOURS), last_at)
    is_today = hours["hour"] >= hour_of(day_start(today))
    charged = joined_rows([past, hours.loc[is_today, past.columns]])
    if last_at < as_of:
        hours = joined_rows([hours[past.columns], current_hour_rows(last_at, as_of)])
    is_estimated = bool(past["unpriced"].any() or hours["unpriced"].any())
    prices = team_prices(charged) if is_estimated else NO_PRICES
    changes = changes_in(charged, today)
    first = hour_of(day_start(today - timedelta(days=days)))
    judged, _ = _binned(past, index, (past["hour"].to_numpy() - first) // 24, days, prices, changes)
    confirmed = Anomaly.objects.confirmed_since(day_start(today - timedelta(days=days)))
    begins = hours["hour"].to_numpy() - (hour_of(end_at) - HOURS)
    of_hours, added = _binned(hours, index, begins, HOURS, prices, changes)
    return Frame(
        as_of=as_of,
        member_ids=members,
        past=Past(judged, problem_days(confirmed, as_of, members, days)),
        hours=of_hours,
        cycle=_load_cycle(cycle, as_of, charged, hours, index) if cycle else None,
        caps=_load_caps(cycle, as_of, index) if cycle else None,
        prices=prices,
        changes=changes,
        added_cents=added if changes else None,
    )


def load_price_changes(as_of: datetime) -> PriceChanges:
    """Changes of prices that show in the last days, the day of `as_of` so far included."""
    return changes_in(charged_rows(utc_day(as_of) - timedelta(days=PRICE_DAYS), as_of), utc_day(as_of))


def charged_rows(first: date, as_of: datetime) -> pd.DataFrame:
    """Totals from `first` to the last whole hour before `as_of`.

    Of the day of `as_of` only its whole hours: its own total may hold what came later.
    """
    today = utc_day(as_of)
    days = day_rows(first, today - timedelta(days=1))
    hours = hour_rows(day_start(today), as_of.replace(minute=0, second=0))
    return joined_rows([days, hours[days.columns]])


def changes_in(rows: pd.DataFrame, today: date) -> PriceChanges:
    """Changes that show on `today` in totals of days and hours up to then, where all of a total has a price.

    Member by member only models are looked at that are new to the team, or whose price moved for it.
    """
    number = (today - EPOCH).days
    day, cents = rows["hour"].to_numpy() // 24, rows["cents"].to_numpy()
    is_meant = (cents > 0) & (rows["unpriced"].to_numpy() == 0)
    is_meant &= day >= number - DAYS_BEFORE - DAYS_SINCE
    models = rows["model"].array
    paid = PaidRows(
        rows["member_id"].to_numpy(),
        models.codes,
        day,
        cents,
        rows["requests"].to_numpy(),
        rows["paid_weight"].to_numpy(),
    ).chosen(is_meant)
    names = list(models.categories)
    moved = moved_models(paid.by_model(names, number))
    risen = price_changes(paid.by_member(names, moved, number), today) if moved else ()
    return (*moves_in(paid, names, today), *risen)


def _binned(
    rows: pd.DataFrame, index: pd.Index, columns: Array, count: int, prices: PriceBook, changes: PriceChanges
) -> tuple[Measures, Array]:
    """The measures of `rows` by member and column, their cents at the prices before any change; and what
    changes added. Members and columns that are not watched are excluded."""
    value = rows["cents"].to_numpy() + prices.estimates(rows)
    share = np.ones(len(rows))
    for change in changes:
        is_since = rows["hour"].to_numpy() >= hour_of(day_start(change.day))
        share[(rows["model"] == change.model).to_numpy() & is_since] /= change.ratio
    place = index.get_indexer(pd.Index(rows["member_id"]))
    inside = (place >= 0) & (columns >= 0) & (columns < count)
    flat = place[inside] * count + columns[inside]
    by_agent = rows["by_agent"].to_numpy()[inside]

    def summed(amounts: Array, among: Array | slice = slice(None)) -> Array:
        sums = np.bincount(flat[among], weights=amounts[inside][among], minlength=len(index) * count)
        return sums.reshape(len(index), count)

    cents, requests = value * share, rows["requests"].to_numpy()
    measures = Measures(
        cents=summed(cents),
        requests=summed(requests),
        tokens=summed(rows["tokens"].to_numpy()),
        weight=summed(rows["weight"].to_numpy()),
        agent_cents=summed(cents, by_agent),
        agent_requests=summed(requests, by_agent),
    )
    return measures, summed(value - cents)


def watched_members(as_of: datetime) -> QuerySet[Member]:
    """Everything that can spend, but people who had left by `as_of`: their old spend must not raise
    alerts."""
    is_here = Q(is_removed=False, gone_at__isnull=True)
    return Member.objects.filter(is_here | Q(gone_at__gt=as_of))


def first_complete_collection() -> datetime | None:
    """When events were first collected completely; what that brought is history. None if they never were.

    An import counts only where nothing was collected, since a first collection also brings history.
    """
    runs = SourceRun.objects.filter(
        source=Source.EVENTS, status__in=SourceRun.GOOD, finished_at__isnull=False
    ).order_by("finished_at")
    first = runs.collected().first() or runs.first()
    return first.finished_at if first else None


def _load_cycle(
    cycle: BillingCycle, as_of: datetime, charged: pd.DataFrame, hours: pd.DataFrame, index: pd.Index
) -> Cycle:
    """Whole days from their totals, exact at the turn, and the hours of the day of `as_of` so far; events
    alone where the cycle turned on that day."""
    today, day_of_turn = day_start(utc_day(as_of)), day_start(utc_day(cycle.start_at))
    if cycle.start_at > today:
        rows = current_hour_rows(cycle.start_at, as_of)
    else:
        first = hour_of(day_of_turn) + LAST_HOUR * (cycle.start_at != day_of_turn)
        is_whole = (charged["hour"] >= first) & (charged["hour"] < hour_of(today))
        is_today = hours["hour"] >= hour_of(today)
        rows = joined_rows([charged.loc[is_whole, SUMMED], hours.loc[is_today, SUMMED]])
    place = index.get_indexer(pd.Index(rows["member_id"]))
    watched = place >= 0
    total, billed = (
        np.bincount(place[watched], rows[name].to_numpy()[watched], len(index))
        for name in ("charged", "billed")
    )
    return Cycle(
        start_at=cycle.start_at,
        end_at=cycle.end_at,
        total_cents=total,
        billed_cents=billed,
        team_cents=float(rows["charged"].sum()),
    )


def _load_caps(cycle: BillingCycle, as_of: datetime, index: pd.Index) -> Caps:
    rows = (
        SpendSnapshot.objects.stated_by(as_of, cycle)
        .order_by()
        .values_list("member_id", Cast("on_demand_cents", FloatField()), Cast("limit_dollars", FloatField()))
    )
    table = pd.DataFrame.from_records(list(rows), columns=["member_id", "on_demand", "limit"])
    table = table.set_index("member_id").astype(float).reindex(index)
    return Caps(table["on_demand"].to_numpy(), table["limit"].to_numpy() * 100)

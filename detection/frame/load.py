"""Reads the facts' tables into a frame, in a handful of queries whatever the number of members."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import FloatField, Q, QuerySet, Sum
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

from .frame import HOURS, Caps, Cycle, Frame, Past, binned, hour_after, summed
from .prices import NO_PRICES
from .totals import day_sums, hour_sums, load_price_book, load_price_changes, with_value
from .values import billed_cents


def load_frame(as_of: datetime, *, days: int) -> Frame:
    """Read what is stored about the time before `as_of` (a whole second), with `days` days of history."""
    members = np.array(sorted(watched_members(as_of).values_list("pk", flat=True)), dtype=np.int64)
    index = pd.Index(members)
    cycle = BillingCycle.objects.at(as_of)
    today, end_at = utc_day(as_of), hour_after(as_of)
    first, yesterday = today - timedelta(days=days), today - timedelta(days=1)
    changes = load_price_changes(as_of)
    past, hours = day_sums(first, yesterday), hour_sums(as_of, end_at, HOURS)
    is_estimated = bool(past["unpriced"].any() or hours["unpriced"].any())
    prices = load_price_book(first, as_of) if is_estimated else NO_PRICES
    if is_estimated or changes:
        past = day_sums(first, yesterday, by_model=True)
        past = with_value(past, pd.to_datetime(past["day"], utc=True), prices, changes)
        ended_at = pd.Timestamp(end_at) - pd.to_timedelta(hours["hours_ago"].astype(int) + 1, unit="h")
        hours = with_value(hours, ended_at, prices, changes)
    place = (index.get_indexer(pd.Index(hours["member_id"])), HOURS - 1 - hours["hours_ago"].to_numpy(int))
    columns = (pd.to_datetime(past["day"]) - pd.Timestamp(first)).dt.days.to_numpy(int)
    rows = index.get_indexer(pd.Index(past["member_id"]))
    return Frame(
        as_of=as_of,
        member_ids=members,
        past=Past(binned(rows, columns, past, (len(members), days))),
        hours=binned(*place, hours, (len(members), HOURS)),
        cycle=_load_cycle(cycle, as_of, index) if cycle else None,
        caps=_load_caps(cycle, as_of, index) if cycle else None,
        prices=prices,
        changes=changes,
        added_cents=summed(*place, hours["added"], (len(members), HOURS)) if changes else None,
    )


def watched_members(as_of: datetime) -> QuerySet[Member]:
    """Everything that can spend, but people who had left by `as_of`: their old spend must not raise
    alerts."""
    is_here = Q(is_removed=False, gone_at__isnull=True)
    return Member.objects.filter(is_here | Q(gone_at__gt=as_of))


def first_complete_collection() -> datetime | None:
    """When events were first collected completely; what that brought is history. None if they never were.

    An import counts only where nothing was collected: what a first collection brings is history all the same.
    """
    runs = SourceRun.objects.filter(
        source=Source.EVENTS, status__in=SourceRun.GOOD, finished_at__isnull=False
    ).order_by("finished_at")
    first = runs.collected().first() or runs.first()
    return first.finished_at if first else None


def _load_cycle(cycle: BillingCycle, as_of: datetime, index: pd.Index) -> Cycle:
    """Whole days from their totals, exact at the turn; the day of `as_of` from its events, exact at
    `as_of`."""
    today = utc_day(as_of)
    whole = (
        MemberModelDay.objects.in_cycle(cycle)
        .filter(day__lt=today)
        .values_list("member_id")
        .annotate(total=Cast(Sum("total_cents"), FloatField()), part=Cast(Sum("billed_cents"), FloatField()))
    )
    running = (
        UsageEvent.objects.between(max(day_start(today), cycle.start_at), as_of)
        .order_by()
        .values_list("member_id")
        .annotate(total=Sum(Cast("charged_cents", FloatField())), part=Sum(billed_cents()))
    )
    both = pd.DataFrame.from_records([*whole, *running], columns=["member_id", "cents", "billed"])
    both = both.astype({"cents": float, "billed": float})
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
        SpendSnapshot.objects.stated_by(as_of, cycle)
        .order_by()
        .values_list("member_id", Cast("on_demand_cents", FloatField()), Cast("limit_dollars", FloatField()))
    )
    table = pd.DataFrame.from_records(list(rows), columns=["member_id", "on_demand", "limit"])
    table = table.set_index("member_id").astype(float).reindex(index)
    return Caps(table["on_demand"].to_numpy(), table["limit"].to_numpy() * 100)

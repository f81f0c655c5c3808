"""Reads the facts' tables into a frame, in a handful of queries whatever the number of members."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import BooleanField, Case, F, FloatField, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Cast, Coalesce

from collector.days import day_start, utc_day
from collector.models import BillingCycle, Member, MemberModelDay, SpendSnapshot, UsageEvent

from .frame import HOURS, Caps, Cycle, Frame, Measures, Past, binned

VALUES = ["cents", "requests", "tokens"]
SERVED = ~Q(kind__istartswith="Errored") & ~Q(kind__istartswith="Aborted")
TOKEN_FIELDS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")


def load_frame(as_of: datetime, *, days: int) -> Frame:
    """Read what is stored about the time before `as_of`, with `days` days of history."""
    members = np.array(sorted(watched_members().values_list("pk", flat=True)), dtype=np.int64)
    index = pd.Index(members)
    events = _recent_events(as_of)
    rows = index.get_indexer(pd.Index(events["member_id"]))
    hours_ago = (pd.Timestamp(as_of) - events["at"]).dt.total_seconds() // 3600
    today = np.where(events["at"] >= pd.Timestamp(day_start(utc_day(as_of))), 0, -1)
    return Frame(
        as_of=as_of,
        member_ids=members,
        past=Past(_load_days(as_of, index, days)),
        today=binned(rows, today, events, (len(members), 1)),
        hours=binned(rows, HOURS - 1 - hours_ago.to_numpy(int), events, (len(members), HOURS)),
        cycle=_load_cycle(as_of, index, events),
        caps=_load_caps(as_of, index),
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


def all_tokens() -> Cast:
    """An event's tokens of all four kinds."""
    parts = [Coalesce(F(name), 0) for name in TOKEN_FIELDS]
    return Cast(parts[0] + parts[1] + parts[2] + parts[3], FloatField())


def _recent_events(as_of: datetime) -> pd.DataFrame:
    """Events of the frame's hours: member_id, at, cents, requests (1 or 0), tokens, billed; in a fixed
    order."""
    rows = (
        UsageEvent.objects.between(as_of - timedelta(hours=HOURS), as_of)
        .order_by("member_id", "occurred_at", "model", "ordinal")
        .values_list(
            "member_id",
            "occurred_at",
            Cast("charged_cents", FloatField()),
            is_served(),
            all_tokens(),
            "is_chargeable",
        )
    )
    frame = pd.DataFrame.from_records(list(rows), columns=["member_id", "at", *VALUES, "billed"])
    return frame.assign(at=pd.to_datetime(frame["at"], utc=True))


def _load_days(as_of: datetime, index: pd.Index, days: int) -> Measures:
    today = utc_day(as_of)
    first = today - timedelta(days=days)
    rows = (
        MemberModelDay.objects.between(first, today - timedelta(days=1))
        .values_list("member_id", "day")
        .annotate(
            cents=Cast(Sum("total_cents"), FloatField()),
            served=Cast(Sum("requests"), FloatField()),
            used=Cast(sum((Sum(name) for name in TOKEN_FIELDS[1:]), Sum(TOKEN_FIELDS[0])), FloatField()),
        )
    )
    table = pd.DataFrame.from_records(list(rows), columns=["member_id", "day", *VALUES])
    columns = np.array([(day - first).days for day in table["day"]], dtype=int)
    return binned(index.get_indexer(pd.Index(table["member_id"])), columns, table, (len(index), days))


def _load_cycle(as_of: datetime, index: pd.Index, events: pd.DataFrame) -> Cycle | None:
    """Whole days from the rollups, exact at the turn; the day of `as_of` from its events, exact at
    `as_of`."""
    cycle = BillingCycle.objects.at(as_of)
    if cycle is None:
        return None
    today = utc_day(as_of)
    sums = (
        MemberModelDay.objects.in_cycle(cycle)
        .filter(day__lt=today)
        .values_list("member_id")
        .annotate(
            total=Cast(Sum("total_cents"), FloatField()), billed=Cast(Sum("billed_cents"), FloatField())
        )
    )
    start = pd.Timestamp(max(cycle.start_at, day_start(today)))
    fresh = events[events["at"] >= start]
    whole = pd.DataFrame.from_records(list(sums), columns=["member_id", "total", "billed"])
    recent = pd.DataFrame(
        {
            "member_id": fresh["member_id"],
            "total": fresh["cents"].astype(float),
            "billed": fresh["cents"].astype(float).where(fresh["billed"].astype(bool), 0.0),
        }
    )
    both = (
        pd.concat([whole, recent])
        .groupby("member_id")[["total", "billed"]]
        .sum()
        .reindex(index, fill_value=0.0)
    )
    return Cycle(cycle.start_at, cycle.end_at, both["total"].to_numpy(float), both["billed"].to_numpy(float))


def _load_caps(as_of: datetime, index: pd.Index) -> Caps | None:
    cycle = BillingCycle.objects.at(as_of)
    if cycle is None:
        return None
    rows = (
        SpendSnapshot.objects.latest_per_member(cycle)
        .filter(taken_at__lte=as_of)
        .values_list("member_id", Cast("on_demand_cents", FloatField()), Cast("limit_dollars", FloatField()))
    )
    table = pd.DataFrame.from_records(
        list(rows), columns=["member_id", "on_demand", "limit"], index="member_id"
    )
    table = table.astype(float).reindex(index)
    return Caps(table["on_demand"].to_numpy(), table["limit"].to_numpy() * 100)

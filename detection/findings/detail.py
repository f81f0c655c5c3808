"""What is read about the few members that were flagged: their events, and what each model usually costs
them."""

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from itertools import repeat
from typing import Any

import numpy as np
import pandas as pd
from django.db import connections
from django.db.models import F, FloatField, Sum, TextField, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast

from collector.base.days import day_end, day_start, utc_day
from collector.facts.worth import UNPRICED
from collector.models import MemberModelDay, UsageEvent
from collector.models.totals import MemberModelDayQuerySet
from collector.models.usage import UsageEventQuerySet
from detection.frame.prices import NO_PRICES, PriceBook
from detection.frame.tokens import all_tokens, weighed
from detection.frame.values import BY_AGENT, billed_cents, is_served, known_value, number_where

from .finding import Finding

EVENT_COLUMNS = [
    "member_id",
    "at",
    "model",
    "by_agent",
    "cents",
    "charged",
    "billed",
    "requests",
    "tokens",
    "weight",
]
# What the database works out for each event: the last of `EVENT_COLUMNS`, and the weight of an unpriced one.
EVENT_FIGURES: dict[str, Combinable] = {
    "agent": number_where(BY_AGENT, Value(1.0)),
    "value": known_value(),
    "charged": Cast("charged_cents", FloatField()),
    "billed": billed_cents(),
    "served": is_served(),
    "tokens": all_tokens(),
    "weight": weighed(F),
    "unpriced": number_where(UNPRICED, weighed(F)),
}
SUMS = ["cents", "requests", "weight"]
NUMBERS = ["cents", "charged", "billed", "requests", "tokens", "weight"]
CHUNK = 50_000  # rows that are held as objects at a time
TEAM_DAYS = 14  # enough to price a model that is new to the member


@dataclass(frozen=True)
class Detail:
    """`events`: one row per event, in time order. `usual`: sums per member and model over the history
    before the windows; `team`: the same over all members, by model."""

    events: pd.DataFrame
    team_events: pd.DataFrame
    usual: pd.DataFrame
    team: pd.DataFrame

    def events_of(self, finding: Finding) -> pd.DataFrame:
        """Events of the finding's member (of everybody, for the team) in time order."""
        if finding.member_id is None:
            return self.team_events
        return self._events_by_member.get(finding.member_id, self.events.iloc[:0])

    def usual_of(self, member_id: int | None) -> pd.DataFrame:
        """The member's history summed by model (the team's, without a member), indexed by model."""
        if member_id is None:
            return self.team
        return self._usual_by_member.get(member_id, self.usual.iloc[:0]).set_index("model")

    @cached_property
    def _events_by_member(self) -> dict[int, pd.DataFrame]:
        return _by_member(self.events)

    @cached_property
    def _usual_by_member(self) -> dict[int, pd.DataFrame]:
        return _by_member(self.usual)


def _by_member(rows: pd.DataFrame) -> dict[int, pd.DataFrame]:
    members = rows["member_id"].to_numpy()
    return {int(pk): rows[members == pk] for pk in set(members)}


def load_detail(findings: Sequence[Finding], as_of: datetime, *, days: int, prices: PriceBook) -> Detail:
    """Read the flagged members' events from before their windows on, and `days` days of history by model."""
    members = sorted({finding.member_id for finding in findings if finding.member_id is not None})
    starts = [finding.window.read_from for finding in findings if finding.member_id is not None]
    own = UsageEvent.objects.filter(member_id__in=members)
    events = read_events(own, min([*starts, as_of]), as_of, prices) if members else _table([])[EVENT_COLUMNS]
    today = utc_day(as_of)
    history = MemberModelDay.objects.between(today - timedelta(days=days), today - timedelta(days=3))
    usual = _by_model(history.filter(member_id__in=members), ["member_id", "model"], prices)
    recent = history.filter(day__gte=today - timedelta(days=TEAM_DAYS))
    of_team = [
        finding for finding in findings if finding.member_id is None and finding.window.unit == "charged"
    ]
    team_events = _read_team_events(of_team[0], as_of) if of_team else events.iloc[:0]
    return Detail(events, team_events, usual, _by_model(recent, ["model"], prices).set_index("model"))


def _read_team_events(finding: Finding, as_of: datetime) -> pd.DataFrame:
    """Everybody's spend since the window's start: a row per model for whole days, single events for the day
    of the crossing.

    A cycle of a large team is too many events to read every hour.
    """
    start, today = finding.window.start_at, utc_day(as_of)
    days = MemberModelDay.objects.between(utc_day(start), today - timedelta(days=1))
    if start != day_start(utc_day(start)):  # the cycle turns within that day
        days = days.exclude(day=utc_day(start), is_after_turn=False)
    table = _by_model(days, ["day", "model"], NO_PRICES)
    spent = table.groupby("day")["cents"].sum().cumsum()
    over = [day for day, cents in zip(spent.index, spent, strict=True) if cents > finding.bound]
    crossing = over[0] if over else today
    whole = table[table["day"] != crossing]
    nothing = dict.fromkeys(("member_id", "tokens", "billed"), 0.0) | {"by_agent": False}
    whole = whole.assign(at=[day_start(day) for day in whole["day"]], charged=whole["cents"], **nothing)
    parts = [
        whole.assign(at=pd.to_datetime(whole["at"], utc=True).clip(lower=pd.Timestamp(start))),  # type: ignore[call-overload]
        *(
            read_events(
                UsageEvent.objects.all(), max(start, day_start(day)), min(as_of, day_end(day)), NO_PRICES
            )
            for day in sorted({crossing, today})
        ),
    ]
    return pd.concat([part[EVENT_COLUMNS] for part in parts if len(part)] or parts[-1:]).sort_values(
        "at", kind="stable"
    )


def read_events(
    events: UsageEventQuerySet, start_at: datetime, end_at: datetime, prices: PriceBook
) -> pd.DataFrame:
    """One row per event of `[start_at, end_at)` in time order, with `EVENT_COLUMNS`; `cents` is its value."""
    rows = (
        events.between(start_at, end_at)
        .order_by("occurred_at", "member_id", "model", "ordinal")
        .annotate(moment=Cast("occurred_at", TextField()), **EVENT_FIGURES)
        .values_list("member_id", "moment", "model", *EVENT_FIGURES)
    )
    with connections[rows.db].cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        chunks = iter(lambda: cursor.fetchmany(CHUNK), [])
        tables = [_table(chunk) for chunk in chunks] or [_table([])]
    table = pd.concat(tables, ignore_index=True) if len(tables) > 1 else tables[0]
    table["cents"] += prices.estimates(table)
    return table[EVENT_COLUMNS]


def _table(rows: Sequence[tuple[Any, ...]]) -> pd.DataFrame:
    """Rows as the database gives them as columns of numbers: a tenth of the memory of the rows themselves."""
    names = [*EVENT_COLUMNS, "unpriced"]
    columns = dict(zip(names, zip(*rows, strict=True) if rows else repeat((), len(names)), strict=False))
    # As PostgreSQL writes it, an instant ends in the zone, which is UTC.
    instants = np.array([text.partition("+")[0] for text in columns["at"]], dtype="datetime64[us]")
    return pd.DataFrame(
        {
            "member_id": np.array(columns["member_id"], dtype=np.int64),
            "at": pd.DatetimeIndex(instants).tz_localize("UTC"),
            "model": pd.Series(list(map(sys.intern, columns["model"])), dtype=object),
            "by_agent": np.array(columns["by_agent"], dtype=float) > 0,
            **{name: np.array(columns[name], dtype=float) for name in [*NUMBERS, "unpriced"]},
        }
    )


def _by_model(days: MemberModelDayQuerySet, keys: list[str], prices: PriceBook) -> pd.DataFrame:
    rows = days.values_list(*keys).annotate(
        value=Cast(Sum("total_cents"), FloatField()) + Cast(Sum("worth_cents"), FloatField()),
        served=Cast(Sum("requests"), FloatField()),
        weight=weighed(Sum),
        unpriced=Cast(Sum("unpriced_weight"), FloatField()),
    )
    names = [*keys, *SUMS, "unpriced"]
    columns = dict(zip(names, zip(*rows, strict=True) if rows else repeat((), len(names)), strict=False))
    table = pd.DataFrame(
        {name: pd.Series(list(columns[name]), dtype=object) for name in keys}
        | {name: np.array(columns[name], dtype=float) for name in [*SUMS, "unpriced"]}
    )
    if prices is NO_PRICES:
        return table
    return table.assign(cents=table["cents"] + prices.estimates(table))

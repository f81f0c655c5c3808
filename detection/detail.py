"""What is read about the few members that were flagged: their events, and what each model usually costs
them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import reduce
from typing import Any

import pandas as pd
from django.db.models import F, FloatField, Sum, Value
from django.db.models.functions import Cast, Coalesce

from collector.days import utc_day
from collector.models import MemberModelDay, UsageEvent
from collector.models.usage import MemberModelDayQuerySet

from .facts import all_tokens, is_served
from .findings import Finding

# What kinds of tokens cost relative to an input token, about alike in the price lists of the vendors'
# models: they make one figure for how much a request carried. Only their proportions matter.
TOKEN_WEIGHTS = {
    "input_tokens": 1.0,
    "cache_write_tokens": 1.25,
    "cache_read_tokens": 0.1,
    "output_tokens": 5.0,
}
EVENT_COLUMNS = ["member_id", "at", "model", "cents", "requests", "tokens", "weight"]
SUMS = ["cents", "requests", "weight"]
# The events of a rolling day before the first one judged are needed to tell where the running figure
# crossed the bound.
LEAD = timedelta(hours=36)
TEAM_DAYS = 14


@dataclass(frozen=True)
class Detail:
    """`events`: one row per event, in time order. `usual`: sums per member and model over the history
    before the windows; `team`: the same over all members, by model."""

    events: pd.DataFrame
    usual: pd.DataFrame
    team: pd.DataFrame

    def events_of(self, finding: Finding) -> pd.DataFrame:
        """Events of the finding's member (of everybody, for the team) in time order."""
        if finding.member_id is None:
            return self.events
        return self.events[self.events["member_id"] == finding.member_id]

    def usual_of(self, member_id: int | None) -> pd.DataFrame:
        """The member's history summed by model (the team's, without a member), indexed by model."""
        if member_id is None:
            return self.team
        return self.usual[self.usual["member_id"] == member_id].set_index("model")


def load_detail(findings: Sequence[Finding], as_of: datetime, *, days: int) -> Detail:
    """Read the flagged members' events from before their windows on, and `days` days of history by model."""
    members = sorted({finding.member_id for finding in findings if finding.member_id is not None})
    starts = [finding.window.start_at for finding in findings if finding.member_id is not None]
    events = _read_events(members, min([*starts, as_of]) - LEAD, as_of)
    today = utc_day(as_of)
    history = MemberModelDay.objects.between(today - timedelta(days=days), today - timedelta(days=3))
    usual = _by_model(history.filter(member_id__in=members), ["member_id", "model"])
    recent = history.filter(day__gte=today - timedelta(days=TEAM_DAYS))
    return Detail(events, usual, _by_model(recent, ["model"]).set_index("model"))


def _read_events(members: list[int], start_at: datetime, end_at: datetime) -> pd.DataFrame:
    rows = (
        UsageEvent.objects.between(start_at, end_at)
        .filter(member_id__in=members)
        .order_by("occurred_at", "member_id", "model", "ordinal")
        .annotate(
            cents=Cast("charged_cents", FloatField()),
            served=is_served(),
            tokens=all_tokens(),
            weight=_weighed(lambda name: F(name)),
        )
        .values_list("member_id", "occurred_at", "model", "cents", "served", "tokens", "weight")
    )
    events = pd.DataFrame.from_records(list(rows), columns=EVENT_COLUMNS)
    return events.assign(at=pd.to_datetime(events["at"], utc=True), requests=events["requests"].astype(float))


def _by_model(days: MemberModelDayQuerySet, keys: list[str]) -> pd.DataFrame:
    rows = days.values_list(*keys).annotate(
        cents=Cast(Sum("total_cents"), FloatField()),
        served=Cast(Sum("requests"), FloatField()),
        weight=_weighed(Sum),
    )
    return pd.DataFrame.from_records(list(rows), columns=[*keys, *SUMS])


def _weighed(read: Callable[[str], Any]) -> Any:
    """Tokens of all kinds in input tokens' worth; `read` turns a field's name into what is weighed."""
    parts = [
        Cast(Coalesce(read(name), 0), FloatField()) * Value(weight) for name, weight in TOKEN_WEIGHTS.items()
    ]
    return reduce(operator.add, parts)

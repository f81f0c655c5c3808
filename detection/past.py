"""Reads the stored past as a history that a replay can show."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import F, FloatField
from django.db.models.functions import Cast

from collector.days import day_end, day_start
from collector.models import BillingCycle, Source, SourceRun, UsageEvent

from .detail import weighed
from .facts import all_tokens, billed_cents, is_served, watched_members
from .models import DetectionSettings, Exemption
from .replay import History, steps

MOST_DAYS = 90


class PastRefused(Exception):
    """The days asked for cannot be replayed; the message says why."""


def load_history(first: date, last: date, settings: DetectionSettings) -> History:
    """Events that a replay of `first` to `last` (both included) needs: those days and the history before
    them."""
    members = {member.pk: member for member in watched_members()}
    start_at = day_start(first - timedelta(days=settings.own_baseline_days + 3))
    rows = (
        UsageEvent.objects.between(start_at, day_end(last))
        .order_by("occurred_at", "member_id", "model", "ordinal")
        .annotate(
            cents=Cast("charged_cents", FloatField()),
            billed=billed_cents(),
            served=is_served(),
            tokens=all_tokens(),
            weight=weighed(F),
        )
        .values_list(
            "member_id",
            "occurred_at",
            "first_seen_at",
            "model",
            "cents",
            "billed",
            "served",
            "tokens",
            "weight",
        )
    )
    columns = ["member_id", "at", "seen_at", "model", "cents", "billed", "requests", "tokens", "weight"]
    table = pd.DataFrame.from_records(list(rows), columns=columns)
    table = table.assign(
        at=pd.to_datetime(table["at"], utc=True),
        seen_at=pd.to_datetime(table["seen_at"], utc=True),
        requests=table["requests"].astype(float),
    )
    return History(
        member_ids=np.array(sorted(members), dtype=np.int64),
        names={pk: str(member) for pk, member in members.items()},
        emails={pk: member.email for pk, member in members.items()},
        events=table.assign(known_at=_known_at(table)).drop(columns="seen_at"),
        cycles=_cycle_turns(),
    )


def replayed(first: date, last: date, hours: int, now: datetime) -> list[datetime]:
    """The steps of a replay; PastRefused for days in disorder, in the future, or too many."""
    if last < first:
        raise PastRefused(f"The first day, {first}, is after the last, {last}.")
    if (last - first).days >= MOST_DAYS:
        raise PastRefused(f"At most {MOST_DAYS} days can be replayed at once.")
    return [step for step in steps(first, last, hours) if step <= now]


def exemptions() -> list[Exemption]:
    """All verdicts, each of which counts from the moment it was given."""
    return list(Exemption.objects.all())


def _known_at(table: pd.DataFrame) -> pd.Series:
    """When each event was known: as it occurred, for what the first import brought; else when it was first
    seen."""
    run = (
        SourceRun.objects.filter(source=Source.EVENTS, status=SourceRun.Status.OK)
        .order_by("finished_at")
        .first()
    )
    if run is None or run.finished_at is None:
        return table["at"]
    came_later = table["seen_at"] > pd.Timestamp(run.finished_at)
    return table["at"].where(~came_later, table[["at", "seen_at"]].max(axis=1))


def _cycle_turns() -> tuple[datetime, ...]:
    cycles = list(BillingCycle.objects.order_by("start_at"))
    return (*(cycle.start_at for cycle in cycles), cycles[-1].end_at) if cycles else ()

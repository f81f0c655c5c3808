"""Reads the stored past as a history that a replay can show."""

from datetime import date, datetime, timedelta

import numpy as np
import pandas as pd
from django.db.models import Q

from collector.base.days import day_end, day_start, utc_day
from collector.models import BillingCycle, UsageEvent
from detection.findings.detail import read_events
from detection.frame.frame import HOURS
from detection.frame.load import first_complete_collection, watched_members
from detection.frame.totals import hour_of
from detection.models import Anomaly, DetectionSettings, Exemption

from .history import History
from .replay import steps
from .rows import hours_reader, read_rows, read_turn

MOST_DAYS = 90
# Before the days replayed, by the hour: what the first of the rolling windows reach back to.
DAYS_BY_HOUR = timedelta(days=-(-HOURS // 24))


class PastRefused(Exception):
    """The days asked for cannot be replayed; the message says why."""


def load_history(
    first: date, last: date, settings: DetectionSettings, *, all_by_hour: bool = False
) -> History:
    """Totals that a replay of `first` to `last` (both included) needs: by the hour of those days, by day of
    the history before them and of the cycle that runs when they begin.

    With `all_by_hour` nothing is left to be read later.
    """
    members = {member.pk: member for member in watched_members(day_start(first))}
    start_at, end_at = _history_start(first, settings.history_days), day_end(last)
    hours_from = start_at if all_by_hour else day_start(first - DAYS_BY_HOUR)
    first_import_at = first_complete_collection()
    whose = Q() if all_by_hour else None
    rows, prices = read_rows(start_at, hours_from, end_at, first_import_at, whose=whose)
    cycles = _cycle_turns()

    def events(member_id: int, start_at: datetime, end_at: datetime) -> pd.DataFrame:
        return read_events(UsageEvent.objects.filter(member_id=member_id), start_at, end_at, prices)

    return History(
        member_ids=np.array(sorted(members), dtype=np.int64),
        names={pk: str(member) for pk, member in members.items()},
        emails={pk: member.email for pk, member in members.items()},
        rows=rows,
        events=events,
        hours=None if all_by_hour else hours_reader(start_at, end_at, first_import_at, prices),
        cycles=cycles,
        turns={turn: read_turn(turn, rows) for turn in cycles if start_at <= turn < end_at},
        prices=prices,
        left_at={pk: member.gone_at for pk, member in members.items() if member.gone_at},
        confirmed=list(Anomaly.objects.confirmed_since(start_at)),
    )


def _history_start(first: date, history_days: int) -> datetime:
    """`history_days` whole days before the first, or the start of that day's cycle if it is earlier."""
    start_at = day_start(first - timedelta(days=history_days + 1))
    cycle = BillingCycle.objects.at(day_start(first))
    return min(start_at, day_start(utc_day(cycle.start_at))) if cycle else start_at


def replayed(first: date, last: date, hours: int, now: datetime) -> list[datetime]:
    """The steps of a replay; PastRefused for days in disorder, in the future, or too many."""
    if last < first:
        raise PastRefused(f"The first day, {first}, is after the last, {last}.")
    if (last - first).days >= MOST_DAYS:
        raise PastRefused(f"At most {MOST_DAYS} days can be replayed at once.")
    if now < day_start(first):
        raise PastRefused(f"The first day, {first}, is in the future.")
    return [step for step in steps(first, last, hours) if step <= now]


def is_known(history: History, first: date) -> bool:
    """Whether anything is known of the days replayed; if not, the absence of incidents means nothing."""
    return bool((history.rows["hour"] >= hour_of(day_start(first))).any())


def exemptions() -> list[Exemption]:
    """All verdicts, each of which counts from the moment it was given."""
    return list(Exemption.objects.all())


def _cycle_turns() -> tuple[datetime, ...]:
    cycles = list(BillingCycle.objects.order_by("start_at"))
    return (*(cycle.start_at for cycle in cycles), cycles[-1].end_at) if cycles else ()

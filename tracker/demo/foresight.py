"""What is going to happen, hour by hour: read once, examined in memory, then discarded."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import pandas as pd
from django.db import transaction

from collector.base.days import utc_day
from collector.collecting import runs
from collector.collecting.due import window_of
from collector.models import Source, SpendSnapshot
from detection.assess import assess
from detection.frame.arrays import Array
from detection.frame.frame import Caps, Frame
from detection.models import DetectionSettings
from detection.replay.history import History
from detection.replay.past import load_history
from detection.replay.replay import Replay
from detection.vocabulary import Severity

from .ahead import Findings, FoundByHour, judge_all
from .world import World

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
FARTHEST = 72  # hours that people's plans look ahead


@dataclass(frozen=True)
class Foresight:
    """`findings` are those of each of `hours`, before any verdict; `emails` name the members in them.

    `spend`: email, hour (whole hours since 1970) and what was charged in it, in cents.
    """

    hours: Sequence[datetime]
    findings: FoundByHour
    emails: dict[int, str]
    spend: pd.DataFrame
    cycles: tuple[datetime, ...]

    def over_at(self, email: str, cause: str, now: datetime) -> datetime:
        """The first hour from which nothing is found about the member (or the team, without an e-mail) for a
        day; the end of what is foreseen where that is later, and no later than `FARTHEST` from now."""
        place = bisect_right(self.hours, now)
        last = now
        for number, hour in enumerate(self.hours[place : place + FARTHEST], start=place):
            if hour - last > DAY:
                break
            if any(
                item.cause == cause and self.emails.get(item.member_id or 0, "") == email
                for item in self.findings[number]
                if item.severity != Severity.INFO
            ):
                last = hour
        return last + HOUR


def foresee(hours: Sequence[datetime], world: World) -> Foresight:
    """Judge every one of `hours` (whole ones, in order) with what was known by then; nothing stays stored.

    The totals that the real collection makes of the whole time are worked out in a transaction that is
    rolled back, so that later runs find no future in the tables.
    """
    settings = DetectionSettings.get_solo()
    with transaction.atomic():
        world.set_clock(hours[-1])
        # Without the lease: nobody else sees it in a transaction, and whoever renews it would miss it.
        collection = runs.Collection(hours[-1], world.client)
        for source in (Source.SPEND, Source.EVENTS):
            collection.run(source, window_of(source, hours[-1], is_wanted=True))
        history = load_history(utc_day(hours[0]), utc_day(hours[-1]), settings, all_by_hour=True)
        limits = _spend_limits(history)
        transaction.set_rollback(True)
    # Each hour is collected when it is over, not all at once.
    history = replace(history, rows=history.rows.assign(known=history.rows["hour"] + 1))
    replay = Replay(history, hours[0], hours[-1], days=settings.history_days)

    def judge(hour: datetime) -> Findings:
        frame = _with_caps(replay.frame(hour), limits)
        return assess(frame, settings, (), None, replay.read_work).findings

    emails = history.emails
    spend = pd.DataFrame(
        {
            "email": history.rows["member_id"].map(emails),
            "hour": history.rows["hour"],
            "cents": history.rows["charged"],
        }
    )
    return Foresight(hours, judge_all(hours, judge), emails, spend, history.cycles)


def _spend_limits(history: History) -> Array:
    """Each member's spend limit in cents, NaN for none."""
    rows = SpendSnapshot.objects.filter(limit_dollars__isnull=False).order_by("taken_at")
    limits = {pk: float(dollars or 0) * 100 for pk, dollars in rows.values_list("member_id", "limit_dollars")}
    return np.array([limits.get(int(pk), np.nan) for pk in history.member_ids])


def _with_caps(frame: Frame, limits: Array) -> Frame:
    """The frame with what Cursor's spend answer would have said: billed so far, and the limit."""
    return replace(frame, caps=Caps(frame.cycle.billed_cents, limits)) if frame.cycle else frame

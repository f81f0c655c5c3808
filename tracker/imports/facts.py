"""The facts in the SQLite file of cursor-usage-tracker. What was collected here stays as it is."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from collector.base.upsert import count_write

from . import activity, events, people, spend
from .database import ImportPart, TrackerDb

# Members and cycles first: the rest refers to them. Daily spend fills the days that the events leave.
STEPS: tuple[Callable[[TrackerDb, datetime], ImportPart], ...] = (
    people.members,
    spend.billing_cycles,
    events.import_events,
    spend.daily_spend,
    spend.spend_snapshots,
    activity.activity,
    activity.team_analytics,
    activity.member_analytics,
    activity.commits,
)


def take_facts(db: TrackerDb, at: datetime) -> list[ImportPart]:
    """Bring every fact of the file in, inside the caller's `writing()`."""
    parts = [step(db, at) for step in STEPS]
    if any(part.taken for part in parts):
        count_write()
    return parts

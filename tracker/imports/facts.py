"""The facts in the SQLite file of cursor-usage-tracker. What was collected here stays as it is."""

from collections.abc import Callable, Iterator

from . import activity, events, people, spend
from .database import ImportPart, TrackerDb
from .taking import Taking

# Members and cycles first: the rest refers to them. Daily spend fills the days that the events leave.
STEPS: tuple[Callable[[TrackerDb, Taking], ImportPart], ...] = (
    people.take_members,
    spend.take_cycles,
    events.take_events,
    spend.take_daily_spend,
    spend.take_snapshots,
    activity.take_activity,
    activity.take_team_analytics,
    activity.take_member_analytics,
    activity.take_commits,
)


def take_facts(db: TrackerDb, taking: Taking) -> Iterator[ImportPart]:
    """Bring every fact of the file in, each kind in transactions of its own."""
    for step in STEPS:
        yield step(db, taking)

"""What settings would have raised over the last days, beside what today's would have."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from collector.base.days import utc_day
from detection.frame.frame import LATE_HOURS
from detection.models import DetectionSettings

from . import past
from .backtest import SimulatedIncident, backtests

DAYS = 30
STEP_HOURS = LATE_HOURS


def preview(
    tried: DetectionSettings, now: datetime
) -> tuple[list[SimulatedIncident], list[SimulatedIncident]]:
    """The would-be incidents of the last 30 days under `tried` (not saved) and under the saved settings,
    newest first. Writes nothing."""
    saved = DetectionSettings.get_solo()
    last = utc_day(now)
    first = last - timedelta(days=DAYS - 1)
    longest = max(saved, tried, key=lambda settings: settings.history_days)
    history = past.load_history(first, last, longest)
    steps = steps_among(past.replayed(first, last, 1, now))
    with_tried, with_saved = backtests(history, [tried, saved], steps, past.exemptions())
    return with_tried[::-1], with_saved[::-1]


def steps_among(hours: Sequence[datetime]) -> list[datetime]:
    """The last of all, and two a day: an answer for a thousand members within a person's patience at a form.

    Nothing is passed over: each looks at every rolling day that ended since the one before it, and before
    midnight, when the history grows by a day.
    """
    return [hour for hour in hours if hour.hour % STEP_HOURS == STEP_HOURS - 1 or hour == hours[-1]]

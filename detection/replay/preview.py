"""What settings would have raised over the last days, beside what today's would have."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collector.base.days import utc_day
from detection.frame.frame import LATE_HOURS
from detection.models import DetectionSettings
from detection.vocabulary import Rule

from . import past
from .backtest import SimulatedIncident, backtests

DAYS = 30
STEP_HOURS = LATE_HOURS


@dataclass(frozen=True)
class RuleCount:
    """How many incidents a rule would have been part of, with the settings tried and with today's."""

    label: str
    tried: int
    today: int


@dataclass(frozen=True)
class Preview:
    """Would-be incidents of the days `first` to `last`, both included, newest first."""

    first: date
    last: date
    tried: tuple[SimulatedIncident, ...]
    today: tuple[SimulatedIncident, ...]
    by_rule: tuple[RuleCount, ...]


def preview(tried: DetectionSettings, now: datetime) -> Preview:
    """Replay the last 30 days under `tried` (not saved) and under the saved settings. Writes nothing."""
    saved = DetectionSettings.get_solo()
    last = utc_day(now)
    first = last - timedelta(days=DAYS - 1)
    longest = max(saved, tried, key=lambda settings: settings.history_days)
    history = past.load_history(first, last, longest)
    steps = steps_among(past.replayed(first, last, 1, now))
    exemptions = past.exemptions()
    with_tried, with_saved = backtests(history, [tried, saved], steps, exemptions)
    return Preview(
        first,
        last,
        tuple(reversed(with_tried)),
        tuple(reversed(with_saved)),
        _by_rule(with_tried, with_saved),
    )


def steps_among(hours: Sequence[datetime]) -> list[datetime]:
    """The last of all, and two a day: an answer for a thousand members within a person's patience at a form.

    Nothing is passed over: each looks at every rolling day that ended since the one before it, and before
    midnight, when the history grows by a day.
    """
    return [hour for hour in hours if hour.hour % STEP_HOURS == STEP_HOURS - 1 or hour == hours[-1]]


def _by_rule(tried: list[SimulatedIncident], today: list[SimulatedIncident]) -> tuple[RuleCount, ...]:
    then, now = (Counter(rule for incident in some for rule in incident.rules) for some in (tried, today))
    return tuple(
        RuleCount(str(rule.label), then[rule.value], now[rule.value])
        for rule in Rule
        if then[rule.value] or now[rule.value]
    )

"""What settings would have raised over the last days, beside what today's would have."""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collector.base.days import utc_day
from detection.models import DetectionSettings
from detection.vocabulary import Rule

from . import past
from .backtest import SimulatedIncident, backtests

DAYS = 30
# An answer for a thousand members within the patience of a person at a form: nothing is passed over, since
# each step looks at the days that ended up to `LATE_HOURS` before it.
STEP_HOURS = 6


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
    steps = past.replayed(first, last, STEP_HOURS, now)
    exemptions = past.exemptions()
    with_tried, with_saved = backtests(history, [tried, saved], steps, exemptions)
    return Preview(
        first,
        last,
        tuple(reversed(with_tried)),
        tuple(reversed(with_saved)),
        _by_rule(with_tried, with_saved),
    )


def _by_rule(tried: list[SimulatedIncident], today: list[SimulatedIncident]) -> tuple[RuleCount, ...]:
    then, now = (Counter(rule for incident in some for rule in incident.rules) for some in (tried, today))
    return tuple(
        RuleCount(str(rule.label), then[rule.value], now[rule.value])
        for rule in Rule
        if then[rule.value] or now[rule.value]
    )

"""An incident's timeline as its page lists it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from incidents.models import TimelineEntry, TimelineStep


@dataclass(frozen=True)
class TimelineLine:
    at: datetime
    sentence: str


def timeline_lines(entries: Iterable[TimelineEntry]) -> list[TimelineLine]:
    """A line for each step, and one for all alerts that were delivered in one minute."""

    def moment(entry: TimelineEntry) -> object:
        is_delivery = entry.step == TimelineStep.ALERTED
        return f"{entry.at:%Y-%m-%d %H:%M}" if is_delivery else entry.pk

    lines = []
    for _, group in groupby(entries, moment):
        first, *others = group
        channels = [entry.shown_text for entry in others]
        lines.append(TimelineLine(first.at, ", ".join([first.sentence, *channels])))
    return lines

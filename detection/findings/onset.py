"""When it began: the event at which the running figure crossed the bound."""

from datetime import datetime

import numpy as np
import pandas as pd

from detection.frame.arrays import Array, in_numpy

from .finding import Finding


def onset_of(finding: Finding, events: pd.DataFrame) -> datetime | None:
    """Instant of the first event that carried the running figure over the bound.

    It lies at or after the window's `onset_from`. `events` are those of the finding's member in time order.
    None where no event does, such as for a figure that came from a snapshot.
    """
    if finding.window.unit == "none" or events.empty:
        return None
    if finding.window.part != "all":
        events = events[events["by_agent"] == (finding.window.part == "agents")]
    at = events["at"].to_numpy("datetime64[us]")
    over = _READERS[finding.window.kind](finding, events, at)
    over &= at >= in_numpy(finding.window.onset_from)
    crossed = np.flatnonzero(over & (at < in_numpy(finding.window.end_at)))
    return events["at"].iloc[crossed[0]].to_pydatetime() if len(crossed) else None


def _rolling(finding: Finding, events: pd.DataFrame, at: Array) -> Array:
    """Whether the sum of the hours up to and with each event is over the bound."""
    sums = np.concatenate([[0.0], np.cumsum(events[finding.window.unit].to_numpy(float))])
    begins = np.searchsorted(at, at - np.timedelta64(finding.window.hours, "h"), side="left")
    return sums[1:] - sums[begins] > finding.bound


def _since(finding: Finding, events: pd.DataFrame, at: Array) -> Array:
    """Whether the sum from the window's start up to and with each event is over the bound."""
    values = np.where(
        at >= in_numpy(finding.window.start_at), events[finding.window.unit].to_numpy(float), 0.0
    )
    return np.cumsum(values) > finding.bound


def _ratio(finding: Finding, events: pd.DataFrame, at: Array) -> Array:
    """Whether cents per request since the window's start exceed the bound, from each event to the
    window's last."""
    inside = finding.window.holds(at)
    cents = np.cumsum(np.where(inside, events["cents"].to_numpy(float), 0.0))
    requests = np.cumsum(np.where(inside, events["requests"].to_numpy(float), 0.0))
    over = inside & (cents > finding.bound * np.maximum(requests, 1))
    below = np.flatnonzero(inside & ~over)
    return over & (np.arange(len(over)) > (below[-1] if len(below) else -1))


_READERS = {"rolling": _rolling, "since": _since, "ratio": _ratio}

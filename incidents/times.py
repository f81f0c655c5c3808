"""How fast: MTTD, MTTI and MTTR, and what they are made of. docs/incidents.md works an example of each."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from incidents.models import Incident, Verdict

# Nobody was slow about spend that was intended: it is counted, and excluded from every mean.
LEFT_OUT = (Verdict.EXPECTED, Verdict.PLANNED)


@dataclass(frozen=True)
class Spread:
    """Mean and percentiles of durations; None without any. `p90`: nine in ten were at most this."""

    n: int = 0
    mean: timedelta | None = None
    median: timedelta | None = None
    p90: timedelta | None = None

    @classmethod
    def over(cls, spans: Iterable[timedelta | None]) -> Spread:
        """The spread of the spans that are known."""
        seconds = sorted(span.total_seconds() for span in spans if span is not None)
        if not seconds:
            return cls()
        nearest_rank = seconds[math.ceil(0.9 * len(seconds)) - 1]
        return cls(
            len(seconds),
            timedelta(seconds=sum(seconds) / len(seconds)),
            timedelta(seconds=median(seconds)),
            timedelta(seconds=nearest_rank),
        )


@dataclass(frozen=True)
class Times:
    """One incident's spans; None where an end is missing.

    `detect` is `data_lag + scan_lag + delivery_lag`, or `delivery_lag` alone where no onset is known. Where
    it is not known when the data came, `scan_lag` holds both lags before detection.
    """

    detect: timedelta | None
    data_lag: timedelta | None
    scan_lag: timedelta | None
    delivery_lag: timedelta | None
    identify: timedelta | None
    resolve: timedelta | None


@dataclass(frozen=True)
class TimesSummary:
    """Of the incidents given; `left_out` of them were expected or planned and count nowhere else."""

    n: int
    left_out: int
    mttd: Spread
    data_lag: Spread
    scan_lag: Spread
    delivery_lag: Spread
    mtti: Spread
    mttr: Spread
    mttr_by_people: Spread
    mttr_automatic: Spread
    never_alerted: int
    without_onset: int
    never_acknowledged: int
    acknowledged_before_alert: int
    unresolved: int
    reopened: int
    judged: int
    judged_real: int

    @property
    def precision(self) -> float | None:
        """The share of real ones among incidents with a verdict, expected ones included; None without any."""
        return self.judged_real / self.judged if self.judged else None


def summary(incidents: Iterable[Incident]) -> TimesSummary:
    """Figures of `incidents`, which the caller has limited to a period, a group, a rule or a severity."""
    given = list(incidents)
    counted = [incident for incident in given if incident.verdict not in LEFT_OUT]
    times = [times_of(incident) for incident in counted]
    judged = [incident for incident in given if incident.verdict]
    return TimesSummary(
        n=len(counted),
        left_out=len(given) - len(counted),
        mttd=Spread.over(span.detect for span in times),
        data_lag=Spread.over(span.data_lag for span in times),
        scan_lag=Spread.over(span.scan_lag for span in times),
        delivery_lag=Spread.over(span.delivery_lag for span in times),
        mtti=Spread.over(span.identify for span in times),
        mttr=Spread.over(span.resolve for span in times),
        mttr_by_people=resolve_spread(counted, by_people=True),
        mttr_automatic=resolve_spread(counted, by_people=False),
        never_alerted=sum(incident.alerted_at is None for incident in counted),
        without_onset=sum(incident.began_at is None for incident in counted),
        never_acknowledged=sum(incident.acknowledged_at is None for incident in counted),
        acknowledged_before_alert=sum(is_ahead_of_alert(incident) for incident in counted),
        unresolved=sum(not incident.is_resolved for incident in counted),
        reopened=sum(bool(incident.reopened_count) for incident in counted),
        judged=len(judged),
        judged_real=sum(incident.verdict == Verdict.REAL for incident in judged),
    )


def resolve_spread(incidents: Sequence[Incident], *, by_people: bool) -> Spread:
    return Spread.over(
        times_of(incident).resolve for incident in incidents if bool(incident.resolved_by) == by_people
    )


def is_ahead_of_alert(incident: Incident) -> bool:
    """Whether somebody answered before any alert got through, having seen it on the page."""
    answered, alerted = incident.acknowledged_at, incident.alerted_at
    return answered is not None and (alerted is None or answered < alerted)


def times_of(incident: Incident) -> Times:
    onset, detected, alerted = incident.began_at, incident.detected_at, incident.alerted_at
    data_lag, scan_lag = lags_before_detection(incident)
    answered = None if is_ahead_of_alert(incident) else incident.acknowledged_at
    return Times(
        detect=elapsed(onset or detected, alerted),
        data_lag=data_lag,
        scan_lag=scan_lag,
        delivery_lag=elapsed(detected, alerted),
        identify=elapsed(alerted, answered),
        resolve=elapsed(detected, incident.resolved_at),
    )


def elapsed(start: datetime | None, end: datetime | None) -> timedelta | None:
    """From `start` to `end`; nothing where a clock that was set back has the end before it."""
    return max(end - start, timedelta(0)) if start and end else None


def lags_before_detection(incident: Incident) -> tuple[timedelta | None, timedelta | None]:
    """(data lag, scan lag): onset to stored, stored to detected; in one where the first is not known."""
    onset, collected, detected = incident.began_at, incident.onset_collected_at, incident.detected_at
    if onset is None:
        return None, None
    if collected is None or not onset <= collected <= detected:
        return None, elapsed(onset, detected)
    return collected - onset, detected - collected

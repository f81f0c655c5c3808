"""Which of an incident's findings speaks for it: everywhere the same one."""

from collections.abc import Iterable
from datetime import datetime

from detection.models import Anomaly
from detection.vocabulary import Severity


def gravest_finding(anomalies: Iterable[Anomaly]) -> Anomaly | None:
    """The gravest finding that holds; where none does, of those seen last."""
    return max(anomalies, key=_gravity, default=None)


def _gravity(anomaly: Anomaly) -> tuple[bool, datetime | None, int, float]:
    is_holding = anomaly.cleared_at is None
    last_seen = None if is_holding else anomaly.last_seen_at
    return is_holding, last_seen, Severity(anomaly.severity).rank, float(anomaly.extra_cents)

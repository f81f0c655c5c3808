"""Findings become anomalies: new, still there, returned, cleared. Every write is compare-and-set and safe
to repeat."""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from collector.base.money import cents as exact_cents

from .continuation import LOOKED_AT, has_lapsed
from .findings.finding import Finding
from .frame.frame import LATE_HOURS
from .models import Anomaly
from .vocabulary import Severity

Key = tuple[int | None, str]


@dataclass(frozen=True)
class DescribedFinding:
    """A finding with its onset, explanation and message."""

    finding: Finding
    onset_at: datetime | None
    model: str
    explanation: dict[str, object]
    message: str


@dataclass
class Stored:
    opened: list[Anomaly] = field(default_factory=list)
    still: list[Anomaly] = field(default_factory=list)
    returned: list[Anomaly] = field(default_factory=list)
    worsened: list[Anomaly] = field(default_factory=list)
    cleared: list[Anomaly] = field(default_factory=list)


def key_of(finding: Finding) -> Key:
    """What makes two findings the same: member and rule."""
    return finding.member_id, finding.rule.value


def known_anomalies(as_of: datetime, window: timedelta) -> dict[Key, Anomaly]:
    """The newest anomaly of each member and rule that is open, or cleared so lately that a return would
    continue it."""
    longest = max(2 * window + timedelta(days=2), *LOOKED_AT.values())
    lately = Anomaly.objects.filter(cleared_at__gt=as_of - longest)
    rows = (Anomaly.objects.open() | lately).select_related("member").order_by("detected_at", "pk")
    return {
        (anomaly.member_id, anomaly.rule): anomaly
        for anomaly in rows
        if anomaly.cleared_at is None or not has_lapsed(anomaly.rule, anomaly.cleared_at, as_of, window)
    }


def store(
    described: Iterable[DescribedFinding],
    earlier: Mapping[Key, Anomaly],
    *,
    as_of: datetime,
    judged: frozenset[str],
) -> Stored:
    """Write what was found. Only rules in `judged` may clear anything; a run about the past never touches
    newer rows."""
    result = Stored()
    seen: set[Key] = set()
    for item in described:
        key = key_of(item.finding)
        seen.add(key)
        anomaly = earlier.get(key)
        if anomaly is None:
            _open(item, as_of, result)
        elif anomaly.last_seen_at <= as_of and (anomaly.cleared_at is None or anomaly.cleared_at <= as_of):
            _see_again(anomaly, item, as_of, result)
    for key, anomaly in earlier.items():
        if key not in seen and anomaly.cleared_at is None and anomaly.rule in judged:
            _clear(anomaly, as_of, result)
    return result


def _open(item: DescribedFinding, as_of: datetime, result: Stored) -> None:
    finding = item.finding
    anomaly, is_new = Anomaly.objects.get_or_create(
        member_id=finding.member_id,  # type: ignore[misc]  # the team has none
        rule=finding.rule.value,
        cleared_at=None,
        defaults={
            "cause": finding.cause.value,
            "onset_at": item.onset_at,
            "detected_at": as_of,
            "last_seen_at": as_of,
            "severity": finding.severity.value,
            **_figures(item, as_of),
        },
    )
    (result.opened if is_new else result.still).append(anomaly)


def _named_since(finding: Finding, before: Anomaly | None, as_of: datetime) -> dict[str, object]:
    """For members whom a finding of the team names: from which run on each is named without a break."""
    if "member_ids" not in finding.operands:
        return {}
    earlier = before.operands.get("named_since", {}) if before else {}
    named = map(str, finding.operands["member_ids"])
    return {"named_since": {pk: earlier.get(pk, _iso(as_of)) for pk in named}}


def _known(value: object) -> object:
    """None instead of NaN, such as the usual spend of somebody without a history: JSON has no NaN."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _figures(item: DescribedFinding, as_of: datetime, before: Anomaly | None = None) -> dict[str, object]:
    finding = item.finding
    window = {
        "window_start": _iso(finding.window.start_at),
        "window_end": _iso(finding.window.end_at),
        "daily_cents": finding.daily_cents,
    }
    figures = {name: _known(value) for name, value in finding.operands.items()}
    if finding.charged_cents is not None:
        figures["charged_cents"] = finding.charged_cents
    return {
        "metric": finding.metric,
        "observed": finding.observed,
        "bound": finding.bound,
        "expected": finding.expected,
        "extra_cents": exact_cents(finding.extra_cents),
        "is_provisional": finding.is_provisional,
        "model": item.model,
        "operands": figures | _named_since(finding, before, as_of) | window,
        "explanation": item.explanation,
        "message": item.message,
    }


def _see_again(anomaly: Anomaly, item: DescribedFinding, as_of: datetime, result: Stored) -> None:
    was_cleared, old_severity = anomaly.cleared_at, Severity(anomaly.severity)
    values: dict[str, object] = {"last_seen_at": as_of, "cleared_at": None}
    if takes_over(item.finding, anomaly, as_of):
        values |= _figures(item, as_of, anomaly)
    if item.finding.severity.rank > old_severity.rank:
        values["severity"] = item.finding.severity.value
        if old_severity is Severity.INFO:
            values["detected_at"] = as_of  # as an alarm it is new, however long it was known
    changed = {name: value for name, value in values.items() if getattr(anomaly, name) != value}
    if changed and not Anomaly.objects.filter(pk=anomaly.pk, cleared_at=was_cleared).update(**changed):
        return  # another run cleared or reopened it meanwhile
    for name, value in changed.items():
        setattr(anomaly, name, value)
    (result.returned if was_cleared else result.still).append(anomaly)
    if "severity" in changed:
        result.worsened.append(anomaly)


def takes_over(finding: Finding, before: Anomaly | None, as_of: datetime) -> bool:
    """Whether the finding's figures are shown from now on; else those of `before` stay.

    What returns is described by what it is now: its highest figure belonged to another stretch or cycle.
    """
    if before is None or before.cleared_at or finding.observed >= before.observed:
        return True
    return _can_be_revised(before, as_of)


def _can_be_revised(anomaly: Anomaly, as_of: datetime) -> bool:
    """Whether the stored figures' window is still judged, so that a lower figure is a correction and not
    its passing."""
    end = anomaly.operands.get("window_end")
    return end is None or datetime.fromisoformat(end) > as_of - timedelta(hours=LATE_HOURS)


def _clear(anomaly: Anomaly, as_of: datetime, result: Stored) -> None:
    open_row = Anomaly.objects.open().filter(pk=anomaly.pk, last_seen_at__lt=as_of)
    if open_row.update(cleared_at=as_of):
        anomaly.cleared_at = as_of
        result.cleared.append(anomaly)


def _iso(instant: datetime) -> str:
    return instant.isoformat()

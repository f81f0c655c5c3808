"""Backtest: what given settings would have raised over past days, had detection run at every step. Writes
nothing."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from detection.assess import assess
from detection.continuation import has_lapsed
from detection.engine import describe_finding
from detection.findings.finding import Finding
from detection.findings.wording import at_onset
from detection.frame.frame import Frame
from detection.models import DetectionSettings, Exemption
from detection.rules import ORDER
from detection.store import DescribedFinding
from detection.vocabulary import Severity

from .history import History
from .replay import Replay

Key = tuple[int | None, str]


@dataclass(frozen=True)
class SimulatedIncident:
    """One incident that would have been opened: a stretch of findings about one member and cause."""

    member_id: int | None
    email: str | None
    rules: tuple[str, ...]
    metric: str
    onset_at: datetime | None
    detected_at: datetime
    ended_at: datetime | None  # None: still going on at the last step
    severity: str
    observed_cents: float
    expected_cents: float
    extra_cents: float
    message: str

    def as_json(self) -> dict[str, object]:
        """The fields that `backtest --json` promises."""
        return {
            "email": self.email,
            "rules": list(self.rules),
            "metric": self.metric,
            "onset_at": _iso(self.onset_at),
            "detected_at": _iso(self.detected_at),
            "ended_at": _iso(self.ended_at),
            "severity": self.severity,
            "observed_cents": round(self.observed_cents, 2),
            "expected_cents": round(self.expected_cents, 2),
            "extra_cents": round(self.extra_cents, 2),
            "message": self.message,
        }


@dataclass
class Stretch:
    """Findings of one member and cause while they last, or come back within the continuation window."""

    detected_at: datetime
    first: Finding
    worst: Finding
    first_description: DescribedFinding
    worst_at: datetime
    severity: Severity
    rules: list[str] = field(default_factory=list)
    cleared_at: datetime | None = None


def backtest(
    history: History,
    settings: DetectionSettings,
    steps: Sequence[datetime],
    exemptions: Iterable[Exemption] = (),
) -> list[SimulatedIncident]:
    """Run detection at every step, which must be whole hours in order; incidents in order of their
    detection."""
    return backtests(history, [settings], steps, exemptions)[0]


def backtests(
    history: History,
    policies: Sequence[DetectionSettings],
    steps: Sequence[datetime],
    exemptions: Iterable[Exemption] = (),
) -> list[list[SimulatedIncident]]:
    """The same under each of several settings; those that look back as far share a walk."""
    walks = [_Walk(policy) for policy in policies]
    exemptions = list(exemptions)
    by_days: dict[int, list[_Walk]] = {}
    for walk in walks:
        by_days.setdefault(walk.settings.history_days, []).append(walk)
    for days, together in by_days.items() if steps else ():
        replay = Replay(history, steps[0], steps[-1], days=days)
        for as_of in steps:
            frame = replay.frame(as_of)
            in_force = [exemption for exemption in exemptions if exemption.is_in_force(as_of)]
            for walk in together:
                walk.judge(frame, in_force, replay)
        for walk in together:
            walk.end(replay)
    return [walk.incidents for walk in walks]


@dataclass
class _Walk:
    """One policy's way through the past: stretches that last or may come back, and those that are over."""

    settings: DetectionSettings
    live: dict[Key, Stretch] = field(default_factory=dict)
    done: list[Stretch] = field(default_factory=list)
    incidents: list[SimulatedIncident] = field(default_factory=list)

    def judge(self, frame: Frame, in_force: list[Exemption], replay: Replay) -> None:
        as_of = frame.as_of
        findings = assess(frame, self.settings, in_force, None, replay.read_work).findings
        present = [item for item in findings if not replay.history.has_left(item.member_id, as_of)]
        self._follow(present, as_of, replay)

    def end(self, replay: Replay) -> None:
        stretches = sorted(
            [*self.done, *self.live.values()],
            key=lambda stretch: (stretch.detected_at, stretch.first.member_id or 0),
        )
        self.incidents = [_would_be(stretch, replay) for stretch in stretches]

    def _follow(self, findings: Sequence[Finding], as_of: datetime, replay: Replay) -> None:
        """Open a stretch for what is new, and note what is still there, or no longer."""
        alarmed: dict[Key, list[Finding]] = {}
        for finding in findings:
            key: Key = (finding.member_id, finding.cause)
            is_known = self._goes_on(finding, as_of) and finding.rule.value in self.live[key].rules
            if finding.severity != Severity.INFO and (is_known or not finding.is_passing(as_of)):
                alarmed.setdefault(key, []).append(finding)
        for key, raised in alarmed.items():
            if not any(self._goes_on(finding, as_of) for finding in raised):
                self.done += [self.live.pop(key)] if key in self.live else []
                first = raised[0]
                description = _described(first, as_of, replay)
                self.live[key] = Stretch(as_of, first, first, description, as_of, first.severity)
            _add(self.live[key], raised, as_of)
        for key, stretch in self.live.items():
            if key not in alarmed and stretch.cleared_at is None:
                stretch.cleared_at = as_of

    def _goes_on(self, finding: Finding, as_of: datetime) -> bool:
        """Whether there is a stretch that the finding is part of, or comes back in time to continue."""
        stretch = self.live.get((finding.member_id, finding.cause))
        if stretch is None or stretch.cleared_at is None:
            return stretch is not None
        rule = finding.rule.value if finding.rule.value in stretch.rules else ""
        window = timedelta(hours=self.settings.continuation_hours)
        return not has_lapsed(rule, stretch.cleared_at, as_of, window)


def _add(stretch: Stretch, findings: Sequence[Finding], as_of: datetime) -> None:
    stretch.cleared_at = None
    for finding in findings:
        if finding.rule.value not in stretch.rules:
            stretch.rules.append(finding.rule.value)
        if finding.severity.rank > stretch.severity.rank:
            stretch.severity = finding.severity
        if _standing(finding) > _standing(stretch.worst):
            stretch.worst, stretch.worst_at = finding, as_of


def _standing(finding: Finding) -> tuple[int, float]:
    """What makes a finding the one that describes its incident: the rule that says most, then the
    dollars."""
    return -ORDER[finding.rule], finding.extra_cents


def _described(finding: Finding, as_of: datetime, replay: Replay) -> DescribedFinding:
    return describe_finding(finding, replay.detail(finding, as_of), replay.history.names, as_of)


def _would_be(stretch: Stretch, replay: Replay) -> SimulatedIncident:
    worst, first = stretch.worst, stretch.first_description
    message, onset_at = first.message, first.onset_at
    if worst is not stretch.first:
        message = at_onset(_described(worst, stretch.worst_at, replay).message, onset_at, stretch.worst_at)
    return SimulatedIncident(
        member_id=worst.member_id,
        email=replay.history.emails.get(worst.member_id) if worst.member_id is not None else None,
        rules=tuple(stretch.rules),
        metric=worst.metric,
        onset_at=onset_at,
        detected_at=stretch.detected_at,
        ended_at=stretch.cleared_at,
        severity=stretch.severity.value,
        observed_cents=worst.window_cents,
        expected_cents=worst.expected_cents,
        extra_cents=worst.extra_cents,
        message=message,
    )


def _iso(instant: datetime | None) -> str | None:
    return instant.isoformat() if instant else None

"""From a frame to the findings that stand: rules, exemptions, and what is only information."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from types import ModuleType

import numpy as np

from .findings.finding import Finding
from .frame.baseline import learn, prove, worth_a_look
from .frame.evidence import WorkReader, nothing_known
from .frame.frame import Frame
from .models import DetectionSettings, Exemption
from .rules import ALL, CONTEXT, OF_ALL, OF_THE_DAY, ORDER
from .vocabulary import ExemptionKind, Rule, Severity

Ages = Mapping[str, timedelta | None]


@dataclass(frozen=True)
class NoData:
    """`rule` could not be judged: `source` is `age` old, or was never collected (None)."""

    rule: str
    source: str
    age: timedelta | None

    def __str__(self) -> str:
        return f"{self.rule}: {self.reason}"

    @property
    def reason(self) -> str:
        age = "never collected" if self.age is None else f"{self.age.total_seconds() / 3600:.0f} h old"
        return f"{self.source} {age}"


@dataclass(frozen=True)
class Assessment:
    """`findings` stand; `suppressed` are kept quiet by exemptions; rules in `no_data` said nothing either
    way."""

    findings: tuple[Finding, ...]
    suppressed: tuple[Finding, ...]
    no_data: tuple[NoData, ...]


def assess(
    frame: Frame,
    settings: DetectionSettings,
    exemptions: Iterable[Exemption],
    ages: Ages | None,
    read_work: WorkReader = nothing_known,
) -> Assessment:
    """Judge the frame; writes nothing. Without `ages` every source counts as fresh.

    `read_work` is asked once, about the members whose figures are worth a look.
    """
    no_data = () if ages is None else tuple(missing_sources(settings, ages))
    silent = {gap.rule for gap in no_data}
    few = frame.only(worth_a_look(frame, settings))
    baseline = prove(few, settings, learn(few, settings), read_work)
    findings = _findings(OF_THE_DAY, silent, few, settings, baseline)
    findings += _findings(OF_ALL, silent, frame, settings)
    findings += _findings(CONTEXT, silent, _asked_about(frame, settings, findings), settings)
    findings.sort(key=lambda finding: ORDER[finding.rule])
    standing, suppressed = exempt(findings, exemptions)
    return Assessment(tuple(without_idle_talk(standing, settings)), tuple(suppressed), no_data)


def _findings(modules: Iterable[ModuleType], silent: set[str], *judged: object) -> list[Finding]:
    """What these rules find, except those that lack a source."""
    heard = (module for module in modules if not silent.intersection(module.RULES))
    return [finding for module in heard for finding in module.findings_in(*judged)]


def _asked_about(frame: Frame, settings: DetectionSettings, findings: Sequence[Finding]) -> Frame:
    """The members whom the rules that compare with the team may report: all, or where those rules only
    confirm, those with an alarm."""
    if settings.info_findings or not settings.confirm_by_own_history:
        return frame
    alarmed = [finding.member_id for finding in findings if finding.severity != Severity.INFO]
    return frame.only(np.flatnonzero(np.isin(frame.member_ids, [pk for pk in alarmed if pk is not None])))


def missing_sources(settings: DetectionSettings, ages: Ages) -> Iterable[NoData]:
    """Rules that lack a source, because it was never collected or is staler than the setting allows (0: at
    any age)."""
    stale = timedelta(hours=settings.stale_after_hours) if settings.stale_after_hours else timedelta.max
    for module in ALL:
        for source in module.NEEDS:
            age = ages.get(source)
            if age is None or age > stale:
                yield from (NoData(rule.value, source, age) for rule in module.RULES)


def exempt(
    findings: Sequence[Finding], exemptions: Iterable[Exemption]
) -> tuple[list[Finding], list[Finding]]:
    """Part the findings into those that stand and those that a verdict keeps quiet."""
    by_member: dict[tuple[int | None, str], list[Exemption]] = {}
    for exemption in exemptions:
        by_member.setdefault((exemption.member_id, exemption.cause), []).append(exemption)
    standing: list[Finding] = []
    suppressed: list[Finding] = []
    for finding in findings:
        verdicts = by_member.get((finding.member_id, finding.cause), [])
        (suppressed if any(_covers(verdict, finding) for verdict in verdicts) else standing).append(finding)
    return standing, suppressed


def _covers(exemption: Exemption, finding: Finding) -> bool:
    if exemption.kind != ExemptionKind.TOO_SMALL:
        return True
    # What has no dollars is above every floor: cents say nothing about a number of requests.
    return 0 < finding.daily_cents <= float(exemption.floor_cents or 0)


def without_idle_talk(findings: list[Finding], settings: DetectionSettings) -> list[Finding]:
    """Drop information, unless it is wanted or stands beside an alarm about the same spend."""
    alarmed = {
        (finding.member_id, finding.cause) for finding in findings if finding.severity != Severity.INFO
    }
    return [
        finding
        for finding in findings
        if finding.severity != Severity.INFO
        or finding.rule == Rule.PLAN_EXHAUSTED  # has a switch of its own
        or settings.info_findings
        or (finding.member_id, finding.cause) in alarmed
    ]

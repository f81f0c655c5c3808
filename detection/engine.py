"""One detection run: read, judge, explain, store. `detect` is what the pipeline and the command call."""

from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from collector.base.reports import StepReport
from collector.models import Member, Source

from .assess import Ages, Assessment, NoData, assess, without_idle_talk
from .findings.detail import Detail, load_detail
from .findings.explain import explain
from .findings.finding import Finding, with_charge
from .findings.messages import message_of
from .findings.onset import onset_of
from .frame.frame import Frame
from .frame.load import first_complete_collection, load_frame
from .frame.price_timeline import keep_price_timeline
from .frame.work import live_work
from .models import Anomaly, DetectionSettings, Exemption
from .rules import ALL
from .store import DescribedFinding, Key, Stored, key_of, known_anomalies, store, takes_over

# The first complete collection brings history along. Of that, only what was going on when it ended may
# raise an alert: what began within the day before. Whatever began earlier stays silent for as long as it
# lasts.
FIRST_IMPORT_LOOKS_BACK = timedelta(hours=24)


@dataclass(frozen=True)
class DetectionReport(StepReport):
    """What one run did. The lists hold stored anomalies; information (severity info) is among them when it
    is kept.

    `opened`: seen for the first time. `returned`: back within the continuation window. `still`: held before
    and holds. `worsened`: those of the last two whose severity rose. `cleared`: holds no more. `no_data`:
    rules that could not be judged, which neither opened nor cleared anything.
    """

    as_of: datetime
    opened: tuple[Anomaly, ...] = ()
    still: tuple[Anomaly, ...] = ()
    returned: tuple[Anomaly, ...] = ()
    worsened: tuple[Anomaly, ...] = ()
    cleared: tuple[Anomaly, ...] = ()
    suppressed: int = 0
    silent: int = 0
    no_data: tuple[NoData, ...] = ()

    @property
    def is_ok(self) -> bool:
        """Whether every rule could be judged whose source there is: files, say, bring usage alone."""
        return not any(gap.source == Source.EVENTS or gap.age is not None for gap in self.no_data)

    @property
    def summary(self) -> str:
        """One line for people."""
        standing = len(self.still) + len(self.returned)
        line = f"{len(self.opened)} new, {standing} still there, {len(self.cleared)} cleared"
        if self.suppressed:
            line += f", {self.suppressed} kept quiet by verdicts"
        if self.silent:
            line += f", {self.silent} older than the first import"
        if self.no_data:
            line += f"; no data, {self.gaps}"
        return line

    @property
    def gaps(self) -> str:
        """Each reason why rules could not be judged, with the number of rules."""
        rules = Counter(gap.reason for gap in self.no_data)
        return ", ".join(f"{why} ({count} rule{'s' * (count > 1)})" for why, count in rules.items())

    def as_json(self) -> dict[str, object]:
        """Plain values: every anomaly with its figures, by what happened to it."""
        lists = ("opened", "returned", "still", "worsened", "cleared")
        return {
            "as_of": self.as_of.isoformat(),
            **{name: [_as_json(anomaly) for anomaly in getattr(self, name)] for name in lists},
            "suppressed": self.suppressed,
            "silent": self.silent,
            "no_data": [str(gap) for gap in self.no_data],
        }


def detect(as_of: datetime, *, data_ages: Ages) -> DetectionReport:
    """Judge what is known at `as_of` and store it. Repeating it with the same facts changes nothing.

    `data_ages`: how old each source is, None where it was never collected. A fraction of a second is left
    to the next run.
    """
    as_of = as_of.replace(microsecond=0)
    settings = DetectionSettings.get_solo()
    days = settings.history_days
    frame = load_frame(as_of, days=days)
    in_force = Exemption.objects.in_force(as_of)
    assessment = assess(frame, settings, in_force, data_ages, live_work(frame, days=days))
    earlier = known_anomalies(as_of, timedelta(hours=settings.continuation_hours))
    described, silent = _describe_findings(assessment, earlier, frame, settings)
    silenced = {gap.rule for gap in assessment.no_data}
    judged = frozenset(rule.value for module in ALL for rule in module.RULES) - silenced
    concerned = {item.finding.member_id for item in described} | {member_id for member_id, _ in earlier}
    with transaction.atomic():
        is_current = _are_here(concerned)
        if is_current:
            stored = store(described, earlier, as_of=as_of, judged=judged)
    if not is_current:
        return detect(as_of, data_ages=data_ages)
    keep_price_timeline(as_of)
    return _report(as_of, stored, assessment, silent)


def _are_here(member_ids: Set[int | None]) -> bool:
    """Whether none of them was merged into another since they were read; none is, until this is stored."""
    wanted = [pk for pk in member_ids if pk is not None]
    rows = Member.objects.select_for_update(no_key=True).filter(pk__in=wanted)
    return len(rows.values_list("pk")) == len(wanted)


def _describe_findings(
    assessment: Assessment, earlier: dict[Key, Anomaly], frame: Frame, settings: DetectionSettings
) -> tuple[list[DescribedFinding], int]:
    """Findings with onset, reason and sentence, and how many were dropped because history raises no
    alerts."""
    as_of = frame.as_of
    findings = [
        finding
        for finding in assessment.findings
        if key_of(finding) in earlier or not finding.is_passing(as_of)
    ]
    if not findings:
        return [], 0
    shown = [finding for finding in findings if takes_over(finding, earlier.get(key_of(finding)), as_of)]
    detail = load_detail(shown, as_of, days=settings.history_days, prices=frame.prices)
    names = {member.pk: str(member) for member in Member.objects.filter(pk__in=_named(shown))}
    first_alerts_at = silent_before()
    described = []
    for finding in findings:
        before = earlier.get(key_of(finding))
        if before and not takes_over(finding, before, as_of):
            described.append(_as_before(finding, before))
            continue
        item = describe_finding(finding, detail, names, as_of, before)
        is_history = item.onset_at and first_alerts_at and item.onset_at < first_alerts_at
        if before or not is_history:
            described.append(item)
    # Information may have stood beside an alarm that is history.
    standing = {id(finding) for finding in without_idle_talk([item.finding for item in described], settings)}
    described = [item for item in described if id(item.finding) in standing]
    return described, len(findings) - len(described)


def _as_before(finding: Finding, before: Anomaly) -> DescribedFinding:
    """A finding that holds, while what is shown of it is what was found before."""
    return DescribedFinding(finding, before.onset_at, before.model, before.explanation, before.message)


def _named(findings: Sequence[Finding]) -> set[int]:
    """Members whose names the messages need."""
    listed = (member for finding in findings for member in finding.operands.get("member_ids", ()))
    return {finding.member_id for finding in findings if finding.member_id is not None}.union(listed)


def describe_finding(
    finding: Finding, detail: Detail, names: Mapping[int, str], as_of: datetime, before: Anomaly | None = None
) -> DescribedFinding:
    """Find the onset (kept from `before`, where it was seen before), explain the extra, and word it."""
    events = detail.events_of(finding)
    finding = with_charge(finding, events)
    onset_at = before.onset_at if before else onset_of(finding, events)
    why = explain(finding, events, detail.usual_of(finding.member_id), detail.team)
    message = message_of(finding, names, onset_at, why.sentence, as_of)
    return DescribedFinding(finding, onset_at, why.model, why.as_json(), message)


def silent_before() -> datetime | None:
    """Onsets before this are history; None where no events were ever completely collected (then nothing is
    silent)."""
    first = first_complete_collection()
    return first - FIRST_IMPORT_LOOKS_BACK if first else None


def _report(as_of: datetime, stored: Stored, assessment: Assessment, silent: int) -> DetectionReport:
    return DetectionReport(
        as_of=as_of,
        **{name: tuple(anomalies) for name, anomalies in vars(stored).items()},
        suppressed=len(assessment.suppressed),
        silent=silent,
        no_data=assessment.no_data,
    )


def _as_json(anomaly: Anomaly) -> dict[str, object]:
    return {
        "id": anomaly.pk,
        "email": anomaly.member.email if anomaly.member else None,
        "rule": anomaly.rule,
        "cause": anomaly.cause,
        "severity": anomaly.severity,
        "metric": anomaly.metric,
        "observed": anomaly.observed,
        "bound": anomaly.bound,
        "expected": anomaly.expected,
        "extra_cents": float(anomaly.extra_cents),
        "onset_at": anomaly.onset_at.isoformat() if anomaly.onset_at else None,
        "detected_at": anomaly.detected_at.isoformat(),
        "is_provisional": anomaly.is_provisional,
        "model": anomaly.model,
        "message": anomaly.message,
    }

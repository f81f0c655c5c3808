"""Which hours of the past change something: only those need the pipeline.

An hour is skipped when neither what detection finds, nor what an incident waits for, nor a budget or a report
can differ from the run before, except in figures that the next run brings to what they would have been.
`tests/tracker/demo` runs the same days hour by hour and compares.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal

from collector.models import Member
from detection.assess import exempt, without_idle_talk
from detection.engine import FIRST_IMPORT_LOOKS_BACK, silent_before
from detection.findings.finding import Finding
from detection.frame.frame import LATE_HOURS
from detection.models import Anomaly, DetectionSettings, Exemption
from detection.store import Key, key_of
from detection.vocabulary import Severity
from groups.models import Assignment
from incidents.lifecycle.growth import floor_cents, growth
from incidents.lifecycle.intake import followed
from incidents.models import Incident, IncidentSettings

from .dates import budget_hours, fixed_hours
from .foresight import Foresight

HOUR = timedelta(hours=1)
Figures = Mapping[Key, Finding]


def next_figures(shown: Figures, findings: Iterable[Finding], at: datetime) -> dict[Key, Finding]:
    """Whose figures an anomaly shows after a run: the largest, or the newest while they can be revised."""
    after: dict[Key, Finding] = {}
    for finding in findings:
        before = shown.get(key_of(finding))
        is_kept = before and finding.observed < before.observed
        if before and is_kept and before.window.end_at <= at - timedelta(hours=LATE_HOURS):
            after[key_of(finding)] = before
        else:
            after[key_of(finding)] = finding
    return after


def shape(findings: Iterable[Finding]) -> set[tuple[Key, Severity, tuple[int, ...]]]:
    """What a run's findings are, without their figures."""
    return {(key_of(item), item.severity, tuple(item.operands.get("member_ids", ()))) for item in findings}


def stated(figures: Figures) -> dict[Key, tuple[float, float, datetime]]:
    return {key: (item.observed, item.extra_cents, item.window.end_at) for key, item in figures.items()}


class Outlook:
    """Walks through the hours of a foresight; those in `also` are run whatever is found in them."""

    def __init__(self, foresight: Foresight, also: Iterable[datetime] = ()) -> None:
        self.foresight = foresight
        self.places = {hour: place for place, hour in enumerate(foresight.hours)}
        self.fixed = {*fixed_hours(foresight), *also, foresight.hours[-1]}
        self.budgets: set[datetime] = set()
        self.alerts_from = silent_before() or foresight.hours[0]
        self.places_known = -1
        self.settings = DetectionSettings.get_solo()
        self.would_be: Figures = {}  # had every hour been run
        self.shown: Figures = {}  # after the hours that were
        self.last_shape: set[tuple[Key, Severity, tuple[int, ...]]] = set()
        self.read_state(foresight.hours[0])

    def read_state(self, at: datetime) -> None:
        """Read what runs and people have made of the incidents; after each of either."""
        members = dict(Member.objects.values_list("email", "pk"))
        self.ids = {old: members[email] for old, email in self.foresight.emails.items() if email in members}
        self.exemptions = list(Exemption.objects.all())
        self.incidents = followed()
        self.floor = floor_cents()
        self.window = IncidentSettings.get_solo().reopen_window
        if self.places_known != (places := Assignment.objects.count()):
            self.places_known, self.budgets = places, budget_hours(self.foresight, at)
        self.is_counting = any(self._counts_quiet_runs(*followed_one) for followed_one in self.incidents)

    def must_run(self, hour: datetime, *, is_read: bool) -> bool:
        """Whether the pipeline has to run at `hour`; `is_read` if somebody looks or acts before the next."""
        findings = self.findings(hour)
        would_be = next_figures(self.would_be, findings, hour)
        must = (
            hour in self.fixed
            or hour in self.budgets
            or self.is_counting
            or shape(findings) != self.last_shape
            or self._may_be_history(hour, findings)
            or self._ends_wait(hour)
            or self._alerts_again(would_be)
            or self._loses_something(hour, findings, would_be)
            or (is_read and stated(would_be) != stated(self.shown))
        )
        self.would_be = would_be
        if must:
            self.shown, self.last_shape = next_figures(self.shown, findings, hour), shape(findings)
        return must

    def findings(self, hour: datetime) -> list[Finding]:
        """What detection finds at `hour`, after the verdicts given so far."""
        findings = [
            replace(item, member_id=self.ids.get(item.member_id, -item.member_id)) if item.member_id else item
            for item in self.foresight.findings[self.places[hour]]
        ]
        in_force = [exemption for exemption in self.exemptions if exemption.is_in_force(hour)]
        return without_idle_talk(exempt(findings, in_force)[0], self.settings)

    def _counts_quiet_runs(self, incident: Incident, anomalies: list[Anomaly]) -> bool:
        """Whether the next run changes it because nothing of it is found."""
        is_holding = any(anomaly.cleared_at is None for anomaly in anomalies)
        return not is_holding and (not incident.is_resolved or not incident.quiet_runs)

    def _may_be_history(self, hour: datetime, findings: list[Finding]) -> bool:
        """Whether something may have begun in history: in each of the early hours that is decided again."""
        windows = [item.window for item in findings if item.severity != Severity.INFO]
        begins = [window.onset_from for window in windows if window.unit != "none"]
        return (
            hour < self.alerts_from + 3 * FIRST_IMPORT_LOOKS_BACK
            and min(begins, default=hour) < self.alerts_from
        )

    def _ends_wait(self, hour: datetime) -> bool:
        """Whether a snooze or a reopen window is over by `hour`."""
        return any(
            (incident.snoozed_until and not incident.is_resolved and incident.snoozed_until <= hour)
            or (
                incident.is_resolved
                and (until := incident.reopens_until(self.window))
                and hour - HOUR < until <= hour
            )
            for incident, _ in self.incidents
        )

    def _alerts_again(self, figures: Figures) -> bool:
        """Whether an incident would have grown so much that it alerts again."""
        for incident, _ in self.incidents:
            holding = [
                Anomaly(
                    operands={"daily_cents": item.daily_cents}, extra_cents=Decimal(str(item.extra_cents))
                )
                for item in figures.values()
                if (item.member_id, item.cause.value) == (incident.member_id, incident.cause)
            ]
            if holding and growth(incident, holding, self.floor):
                return True
        return False

    def _loses_something(self, hour: datetime, findings: list[Finding], would_be: Figures) -> bool:
        """Whether the next hour, run without this one, would show other figures or miss a finding's end."""
        place = self.places[hour] + 1
        if place == len(self.foresight.hours):
            return True
        later = self.findings(hour + HOUR)
        if {key_of(item) for item in findings} - {key_of(item) for item in later}:
            return True
        after = next_figures(would_be, later, hour + HOUR)
        return stated(next_figures(self.shown, later, hour + HOUR)) != stated(after)

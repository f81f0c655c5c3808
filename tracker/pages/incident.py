"""One incident's chart and facts."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.http import QueryDict
from django.utils.dateparse import parse_date, parse_datetime

from collector.base.plausibility import is_number
from detection.models import Anomaly
from incidents.actions.suggestions import RemedyContext, suggestions_for
from incidents.models import TimelineEntry, TimelineStep
from tracker.access.request import Access
from tracker.access.roles import Role
from tracker.pages.incidents import severity_flag, status_flag
from tracker.reports.incident import IncidentReport, priced_model
from tracker.widgets import formats
from tracker.widgets.charts import Chart, Series
from tracker.widgets.palette import display_name
from tracker.widgets.tables import PageParts

COUNTED = {"requests": formats.count, "tokens": formats.count_short}


@dataclass(frozen=True)
class IncidentFact:
    label: str
    value: str
    url: str = ""


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


def page(report: IncidentReport, query: QueryDict, now: datetime, access: Access) -> PageParts:
    may_respond, is_admin = access.may(Role.RESPONDER), access.may(Role.ADMIN)
    context = RemedyContext(report.incident, report.cause, now, may_respond, is_admin)
    return PageParts(
        query,
        now,
        report=report,
        status=status_flag(report.incident),
        severity=severity_flag(report.incident),
        facts=facts(report, now),
        times=times(report),
        timeline=timeline_lines(report.timeline),
        findings=[(finding, finding_facts(finding)) for finding in report.findings],
        chart=hours_chart(report),
        suggestions=suggestions_for(context) if may_respond else [],
        answer=newest_answer(report),
    )


def newest_answer(report: IncidentReport) -> str:
    """What the member concerned answered last, such as `Answered by Carl (Slack): I stopped it, …`."""
    answers = [entry for entry in report.timeline if entry.step == TimelineStep.ANSWERED]
    return f"{answers[-1].sentence}, {formats.instant(answers[-1].at)}" if answers else ""


def facts(report: IncidentReport, now: datetime) -> list[IncidentFact]:
    """Who, since when, how much more than usual."""
    incident, finding = report.incident, report.gravest
    member_url = incident.member.get_absolute_url() if incident.member else ""
    lines = [IncidentFact("Who", incident.who, member_url)]
    lines += [IncidentFact("Member", str(member), member.get_absolute_url()) for member in report.named]
    if incident.owner:
        lines.append(IncidentFact("Owner", str(incident.owner), incident.owner.get_absolute_url()))
    if incident.began_at:
        by = " (corrected)" if incident.onset_corrected_at else ""
        since = formats.age(now - incident.began_at)
        lines.append(IncidentFact("Since", f"{formats.instant(incident.began_at)}, {since}{by}"))
    else:
        found = f"{formats.instant(incident.detected_at)}, {formats.age(now - incident.detected_at)}"
        lines.append(IncidentFact("Detected", found))
    if finding:
        lines.append(IncidentFact("Measured", measured_against(finding, report.multiple)))
        lines.append(IncidentFact("Threshold", threshold(finding)))
    if incident.extra_cents:
        lines.append(IncidentFact("Extra cost", formats.money(incident.extra_cents)))
    if incident.model:
        lines.append(IncidentFact("Model", display_name(incident.model)))
    return lines


def finding_facts(finding: Anomaly) -> list[IncidentFact]:
    """Without what was usual: the incident has one such figure, and it stands at the top of the page."""
    return [
        IncidentFact("Measured", measured_against(finding, None)),
        IncidentFact("Threshold", threshold(finding)),
        IncidentFact("Detected", formats.instant(finding.detected_at)),
        IncidentFact("Last seen", formats.instant(finding.last_seen_at)),
        *operands(finding),
    ]


def threshold(finding: Anomaly) -> str:
    return "any rise" if priced_model(finding) else measured(finding, finding.bound)


def measured_against(finding: Anomaly, multiple: float | None) -> str:
    """`$286.10 in 24 h, 24× the usual $12.00`."""
    observed = f"{measured(finding, finding.observed)} {span(finding.metric)}".strip()
    if not multiple or is_ratio(finding):
        return observed
    return f"{observed}, {formats.multiple(multiple)} the usual {measured(finding, finding.expected)}"


def span(metric: str) -> str:
    """The time that a metric sums: the end of its name, in words; empty for `members`."""
    _, _, end = metric.rpartition("_")
    if is_number(end[:-1]):
        return f"in {end[:-1]} {'h' if end.endswith('h') else 'days'}"
    return {"cycle": "in the cycle", "day": "in the day"}.get(end, "")


def measured(finding: Anomaly, value: float) -> str:
    """A figure in the unit of the finding's metric: counts for requests and tokens, else cents."""
    if is_ratio(finding):
        return f"{formats.multiple(value)} the earlier price"
    if finding.metric == "members":
        return formats.plural(round(value), "member")
    for word, show in COUNTED.items():
        if finding.metric.startswith(word):
            return f"{show(value)} {word}"
    return f"{formats.rate(value)} a request" if "per_request" in finding.metric else formats.money(value)


def is_ratio(finding: Anomaly) -> bool:
    """Whether what is measured is a multiple already: of a model's price."""
    return finding.metric == "price_ratio"


def operands(finding: Anomaly) -> list[IncidentFact]:
    """What the finding rests on, in words, without figures that only the statistics need."""
    stored = finding.operands
    stated = {name: value for name, value in stored.items() if value is not None}
    lines = [
        IncidentFact(label, show(stated[name])) for name, (label, show) in OPERANDS.items() if name in stated
    ]
    if "mean" in stored:
        lines.insert(0, IncidentFact("Average of active members", measured(finding, stored["mean"])))
    return lines


def round_count(value: float) -> str:
    return formats.count(round(value))


def stored_instant(value: str) -> str:
    return formats.instant(parse_datetime(value))


def stored_day(value: str) -> str:
    return formats.full_day(parse_date(value))


# Stored figures that a reader can follow, in the order in which they are shown.
OPERANDS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "limit_cents": ("Limit", formats.money),
    "median_cents": ("Median of the team", formats.money),
    "included_cents": ("Included in the plan", formats.money),
    "multiplier": ("Threshold at", formats.multiple),
    "share": ("Of the budget", formats.percent),
    "requests": ("Requests", round_count),
    "bound_requests": ("Usual ceiling of requests a day", round_count),
    "days": ("Days compared with", formats.count),
    "active_days": ("Days with spend among them", formats.count),
    "active_members": ("Members compared with", formats.count),
    "member_days": ("Days of members compared with", formats.count),
    "day": ("Day", stored_day),
    "window_start": ("Measured from", stored_instant),
    "window_end": ("Measured to", stored_instant),
}


def times(report: IncidentReport) -> list[IncidentFact]:
    """The spans that MTTD, MTTI and MTTR are means of."""
    spans = report.times
    return [
        IncidentFact(
            f"{'Onset' if report.incident.began_at else 'Detected'} to alert (MTTD)",
            formats.duration(spans.detect),
        ),
        IncidentFact("of it data lag", formats.duration(spans.data_lag)),
        IncidentFact("of it scan lag", formats.duration(spans.scan_lag)),
        IncidentFact("of it delivery lag", formats.duration(spans.delivery_lag)),
        IncidentFact("Alert to acknowledged (MTTI)", formats.duration(spans.identify)),
        IncidentFact("Detected to resolved (MTTR)", formats.duration(spans.resolve)),
    ]


def hours_chart(report: IncidentReport) -> Chart:
    """Spend by the hour, the 24 hours up to it, and the band between usual and alarm."""
    hours = report.hours
    onset = report.incident.began_at
    series = [
        Series("Spend in the hour", [in_dollars(hour.cents) for hour in hours], slot="1", kind="bar"),
        Series(
            "Running 24-hour total",
            [in_dollars(hour.running_cents) for hour in hours],
            slot="2",
            kind="line",
            marks=[
                bool(onset and hour.at <= onset and (onset - hour.at).total_seconds() < 3600)
                for hour in hours
            ],
        ),
    ]
    if report.usual_cents is not None and report.bound_cents is not None:
        for name, cents, slot in (
            ("Usual 24 h", report.usual_cents, "3"),
            ("Threshold", report.bound_cents, "7"),
        ):
            series.append(Series(name, [cents / 100] * len(hours), slot=slot, kind="line", dashed=True))
    return Chart(
        key="hours",
        title=f"The hours around the {'onset' if onset else 'detection'}",
        labels=[f"{hour.at:%d %b %H}h" for hour in hours],
        titles=[f"{hour.at:%Y-%m-%d %H:%M} UTC" for hour in hours],
        series=series,
        unit="usd",
        label_head="Hour",
        caption=caption(report),
        summary=f"Hourly spend of {report.incident.who}{on_model(report)}.",
    )


def in_dollars(cents: float | None) -> float | None:
    return None if cents is None else cents / 100


def on_model(report: IncidentReport) -> str:
    model = priced_model(report.gravest)
    return f" on {display_name(model)}" if model else ""


def caption(report: IncidentReport) -> str:
    notes = ["The large point marks the onset."] if report.incident.began_at else []
    if on_model(report):
        notes.append(f"Only spend{on_model(report)}.")
    if any(hour.cents is None for hour in report.hours):
        notes.append("Hours of which only the day’s total is known are empty.")
    return " ".join(notes)

"""The incidents page's cards, filters and tables."""

from dataclasses import dataclass

from django.http import QueryDict
from django.utils.html import format_html
from django.utils.safestring import SafeString
from markupsafe import Markup

from collector.base import names
from detection.findings.messages import sentence_of
from detection.models import Anomaly
from detection.vocabulary import Severity
from incidents.models import Incident, Status
from incidents.times import Spread, TimesSummary
from tracker.access.request import Access
from tracker.access.roles import Role
from tracker.reports.incidents import IncidentsReport, not_narrowing
from tracker.widgets import cells, formats
from tracker.widgets.cells import Flag
from tracker.widgets.palette import display_name
from tracker.widgets.tables import LONG_ROWS, Column, PageParts, Table

STATUS_TONES = {"open": "critical", "alerted": "critical", "acknowledged": "warning", "resolved": "good"}


@dataclass(frozen=True)
class Card:
    label: str
    figure: str
    note: str = ""
    tone: str = ""
    help: str = ""


def page(report: IncidentsReport, query: QueryDict, access: Access) -> PageParts:
    today = ", and today" if report.filters.period.is_current else ""
    return PageParts(
        query,
        report.filters.now,
        report=report,
        period_too=f"{today}; what is unresolved, however old",
        cards=cards(report),
        incidents=incidents_table(report, access),
        anomalies=anomalies_table(report),
        not_narrowing=not_narrowing(report.filters),
    )


def cards(report: IncidentsReport) -> list[Card]:
    times = report.times
    verdicts = f"{times.judged_real} of {formats.plural(times.judged, 'verdict')} real"
    return [
        unresolved_card(report),
        time_card("MTTD", times.mttd, mttd_help(times)),
        time_card(
            "MTTI",
            times.mtti,
            "From the first alert to the first acknowledgement; elsewhere called MTTA. "
            f"{times.never_acknowledged} were never acknowledged, {times.acknowledged_before_alert} before "
            "any alert got through: both are excluded.",
        ),
        time_card(
            "MTTR",
            times.mttr,
            "From detection to resolution. "
            f"By people {mean(times.mttr_by_people)} (n {times.mttr_by_people.n}), "
            f"by themselves {mean(times.mttr_automatic)} (n {times.mttr_automatic.n}).",
        ),
        Card(
            "Excluded",
            formats.count(times.left_out),
            f"expected or planned · {verdicts}" if times.judged else "expected or planned",
            help="Incidents with the verdict expected or planned count in none of these times.",
        ),
    ]


def unresolved_card(report: IncidentsReport) -> Card:
    """Green only if detection has run and every figure is fresh."""
    if report.unresolved:
        tone = "critical" if report.critical else "warning"
        notes = [f"{report.critical} critical", report.watch.doubt if report.watch.has_looked else ""]
        return Card("Unresolved", formats.count(report.unresolved), " · ".join(filter(None, notes)), tone)
    if report.watch.doubt:
        figure = "0" if report.watch.has_looked else formats.NOTHING
        return Card("Unresolved", figure, report.watch.doubt, "warning" if report.watch.is_stale else "")
    if report.filters.narrows_incidents:
        return Card("Unresolved", "0", "under these filters")
    return Card("Unresolved", "0", "0 critical", "good")


def time_card(label: str, times: Spread, help: str) -> Card:
    return Card(label, mean(times), spread(times), help=help)


def mttd_help(times: TimesSummary) -> str:
    return (
        "From the onset, where usage crossed the bound, to the first alert that got through; from "
        f"detection where no onset is known ({times.without_onset}). On average: "
        f"data {mean(times.data_lag)}, scan {mean(times.scan_lag)}, delivery {mean(times.delivery_lag)}. "
        f"{times.never_alerted} were never alerted. A slow drift is found days after it began, "
        "which lifts the mean far above the median."
    )


def spread(times: Spread) -> str:
    if not times.n:
        return "none in this period"
    return f"median {formats.duration(times.median)} · p90 {formats.duration(times.p90)} · n {times.n}"


def mean(times: Spread) -> str:
    return formats.duration(times.mean)


def severity_flag(row: Incident | Anomaly) -> Flag:
    return Flag(str(Severity(row.severity).label), row.severity)  # each has a tone of its name


def status_flag(incident: Incident) -> Flag:
    label = str(incident.get_status_display())
    return Flag(label, STATUS_TONES[incident.status])


def flags(incident: Incident) -> cells.Shown:
    """Both, for below the name: a phone shows no further column without scrolling sideways."""
    return Markup(" ").join((cells.flag(status_flag(incident)), cells.flag(severity_flag(incident))))


def incidents_table(report: IncidentsReport, access: Access) -> Table[Incident]:
    tick = Column("select", "Select", lambda i: i.pk, "tick", shown=checkbox, sortable=False, only_page=True)
    columns: list[Column[Incident]] = [
        *([tick] if access.may(Role.RESPONDER) else []),
        Column(
            "incident", "Incident", lambda i: i.pk, shown=lambda i: f"#{i.pk} {i.who}",
            link=lambda i: i.get_absolute_url(), under=flags,
        ),
        Column("who", "Who", lambda i: i.who, only_csv=True),
        Column("message", "What", lambda i: i.sentence, "sentence", sortable=False),
        Column("status", "Status", lambda i: i.status, "flag", shown=status_flag),
        Column("severity", "Severity", lambda i: Severity(i.severity).rank, "flag", shown=severity_flag),
        Column("extra", "Extra cost", lambda i: i.extra_cents or None, "money"),
        Column("onset", "Onset", lambda i: i.began_at, "ago", help="When usage crossed the bound."),
        Column("detected", "Detected", lambda i: i.detected_at, "ago"),
        Column("acknowledged", "Acknowledged by", acknowledged_by),
        Column("verdict", "Verdict", lambda i: i.verdict, shown=lambda i: i.get_verdict_display()),
    ]  # fmt: skip
    return Table(
        "incidents", "Incidents", columns, report.incidents,
        sort="-detected", row_choices=LONG_ROWS, empty=nothing("incident", report),
    )  # fmt: skip


def nothing(what: str, report: IncidentsReport) -> str:
    where = "matches these filters" if report.filters.narrows_incidents else "in this period"
    return f"No {what} {where}."


def acknowledged_by(incident: Incident) -> str:
    """Whoever took it on; “earlier” where it has reopened since and waits for somebody again."""
    who = names.current().actor(incident.acknowledged_by)
    waits = incident.status in (Status.OPEN, Status.ALERTED)
    return f"{who}, earlier" if who and waits else who


def checkbox(incident: Incident) -> SafeString:
    return format_html(
        # Kept as it is while the figures around it are refreshed: a tick is not lost.
        '<input type="checkbox" name="incident" value="{}" form="bulk" id="tick-{}" hx-preserve '
        'aria-label="Select #{} {}">',
        incident.pk,
        incident.pk,
        incident.pk,
        incident.who,
    )


def anomalies_table(report: IncidentsReport) -> Table[Anomaly]:
    return Table(
        "anomalies", "All anomalies", [
            Column(
                "who", "Who", lambda a: str(a.member or "The team"),
                link=incident_url, under=lambda a: cells.flag(severity_flag(a)),
            ),
            Column("message", "What", sentence_of, "sentence", sortable=False),
            Column("rule", "Rule", lambda a: a.rule, shown=lambda a: a.get_rule_display()),
            Column("severity", "Severity", lambda a: Severity(a.severity).rank, "flag", shown=severity_flag),
            Column("model", "Model", lambda a: display_name(a.model) if a.model else ""),
            Column("extra", "Extra cost", lambda a: a.extra_cents or None, "money"),
            Column("onset", "Onset", lambda a: a.onset_at, "ago"),
            Column("detected", "Detected", lambda a: a.detected_at, "ago"),
            Column(
                "cleared", "Cleared", lambda a: a.cleared_at, "ago",
                help="The first run that no longer found it.",
            ),
        ],
        report.anomalies, sort="-detected", row_choices=LONG_ROWS, empty=nothing("anomaly", report),
    )  # fmt: skip


def incident_url(anomaly: Anomaly) -> str:
    link = getattr(anomaly, "incident_link", None)
    return link.incident.get_absolute_url() if link else ""

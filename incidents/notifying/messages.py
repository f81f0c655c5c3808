"""What a notification says, before any channel gives it a form. Plain text: each channel escapes it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

from django.conf import settings
from django.urls import reverse
from pydantic import TypeAdapter

from collector.base.money import dollars
from detection.findings.wording import model_label, without_onset
from detection.models import Anomaly
from detection.vocabulary import Severity
from incidents.actions.answer_links import answer_path
from incidents.actions.causes import CauseRow, IncidentCause, incident_cause, spend_of
from incidents.models import Incident, Status, TimelineEntry, answered_at
from incidents.wording import clean, instant, said_to_member


@dataclass(frozen=True)
class MessageFact:
    label: str
    value: str


@dataclass(frozen=True)
class MessageCause:
    """What is doing it: a sentence, and the largest sources as (kind, name, figures, address in Cursor)."""

    sentence: str
    rows: tuple[tuple[str, str, str, str], ...]


@dataclass(frozen=True)
class IncidentMessage:
    """One incident as it stands now. `who` is a member's name or the team; `url` opens its page."""

    pk: int
    who: str
    message: str
    severity: str
    status: str
    standing: str
    facts: tuple[MessageFact, ...]
    url: str
    member_url: str
    member_email: str
    cause: MessageCause | None = None

    @property
    def headline(self) -> str:
        """`Critical: Ana Ruiz spent $412 in 24 h, 6.1x their usual $67`: no onset, no reasons."""
        return f"{'Resolved' if self.is_resolved else self.severity.capitalize()}: {self.parts[0]}"

    @property
    def why(self) -> str:
        """The reasons that the sentence gives, such as `340 more requests (+$290)`; empty for none."""
        return self.parts[1]

    @property
    def parts(self) -> tuple[str, str]:
        """The message without its onset, split where the reasons begin; a name may hold a colon, too."""
        text = without_onset(self.message)
        start = len(self.who) if text.startswith(self.who) else 0
        claim, _, why = text[start:].partition(": ")
        return text[:start] + claim, why

    @property
    def is_resolved(self) -> bool:
        return self.status == Status.RESOLVED

    @property
    def is_acknowledged(self) -> bool:
        return self.status == Status.ACKNOWLEDGED


@dataclass(frozen=True)
class MemberQuestion:
    """What the member concerned is asked, in the second person, and the page on which they answer."""

    pk: int
    headline: str
    url: str


@dataclass(frozen=True)
class Alert:
    """One incident, or a summary of several. `step` is what just happened, in a sentence."""

    incidents: tuple[IncidentMessage, ...]
    step: str
    list_url: str
    question: MemberQuestion | None = None

    @property
    def is_summary(self) -> bool:
        return len(self.incidents) > 1

    @property
    def headline(self) -> str:
        if not self.is_summary:
            return self.incidents[0].headline
        critical = sum(incident.severity == Severity.CRITICAL for incident in self.incidents)
        return f"{len(self.incidents)} incidents" + (f", {critical} critical" if critical else "")

    @property
    def subject(self) -> str:
        """What a phone or a list of mails shows of it."""
        return self.question.headline if self.question else self.headline


@dataclass(frozen=True)
class DigestTable:
    heading: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    empty: str = ""


@dataclass(frozen=True)
class DigestButton:
    """What Slack shows as a button below a message: the action and what it is about."""

    action: str
    label: str
    value: str


@dataclass(frozen=True)
class Digest:
    """A regular report: a title, some lines, some tables."""

    title: str
    lines: tuple[str, ...]
    tables: tuple[DigestTable, ...]
    url: str
    buttons: tuple[DigestButton, ...] = ()

    @property
    def subject(self) -> str:
        return self.title

    def as_json(self) -> dict[str, object]:
        return asdict(self)


DIGESTS = TypeAdapter(Digest)  # reads one that was stored as JSON


def site_url(path: str) -> str:
    """The absolute address of a page of this site."""
    return f"{settings.DASHBOARD_URL}{path}"


def alert(incidents: Sequence[Incident], step: str = "") -> Alert:
    """One incident with its cause, or several with a line each."""
    has_cause = len(incidents) == 1
    described = tuple(describe(incident, has_cause=has_cause) for incident in incidents)
    return Alert(described, clean(step), site_url(reverse("incidents")))


def describe(incident: Incident, *, has_cause: bool = True) -> IncidentMessage:
    """`incident` in words. Three queries, one where somebody holds it, and three for the cause."""
    anomalies = incident.anomalies()
    member, person = incident.member, incident.person_concerned
    return IncidentMessage(
        pk=incident.pk,
        who=clean(incident.who),
        message=clean(incident.sentence),
        severity=incident.severity,
        status=incident.status,
        standing=standing(incident),
        facts=tuple(facts(incident, anomalies)),
        url=site_url(incident.get_absolute_url()),
        member_url=site_url(member.get_absolute_url()) if member else "",
        member_email=person.email if person else "",
        cause=message_cause(incident_cause(incident, anomalies)) if has_cause else None,
    )


def ask_member(news: Alert, entry: TimelineEntry) -> Alert:
    """`news` as a question to the member whom its one incident is about; `entry` is the step that alerts."""
    incident = news.incidents[0]
    text = said_to_member(entry.incident.person_name, incident.parts[0])
    headline = f"{incident.severity.capitalize()}: {text}"
    person = entry.incident.person_concerned
    address = site_url(answer_path(entry.pk, person.pk if person else 0))
    return replace(news, question=MemberQuestion(entry.pk, headline, address))


def message_cause(cause: IncidentCause | None) -> MessageCause | None:
    if cause is None:
        return None
    largest: dict[str, CauseRow] = {}
    for row in cause.rows:
        largest.setdefault(row.kind, row)
    rows = ((row.kind, clean(row.name), spend_of(row), row.url) for row in largest.values())
    return MessageCause(clean(cause.sentence), tuple(rows))


def facts(incident: Incident, anomalies: Sequence[Anomaly]) -> list[MessageFact]:
    """Who, whose it is, model, how much against what, since when."""
    lines = []
    if incident.member:
        lines.append(MessageFact("Who", f"{clean(incident.member.name)} <{incident.member.email}>".strip()))
    if incident.owner:
        lines.append(MessageFact("Owner", f"{clean(incident.owner.name)} <{incident.owner.email}>".strip()))
    if incident.model:
        lines.append(MessageFact("Model", clean(model_label(incident.model))))
    if incident.extra_cents:
        lines.append(MessageFact("Extra cost", dollars(incident.extra_cents)))
    if incident.began_at:
        lines.append(MessageFact("Since", instant(incident.began_at)))
    rules = sorted({str(anomaly.get_rule_display()) for anomaly in anomalies})
    if rules:
        lines.append(MessageFact("Rules", ", ".join(rules)))
    return lines


def standing(incident: Incident) -> str:
    """How the incident stands: `Acknowledged by Ada Byron, 2 Mar 2026, 14:05 UTC`."""
    if incident.status == Status.RESOLVED:
        by = clean(incident.resolved_by)
        text = f"Resolved by {by}" if by else "Resolved by itself: the finding cleared"
        verdict = f" ({incident.get_verdict_display()})" if incident.verdict else ""
        return f"{text}{verdict}, {instant(incident.resolved_at)}"
    if incident.is_acknowledged:
        return f"Acknowledged by {clean(incident.acknowledged_by)}, {instant(answered_at(incident))}"
    reopened = f", reopened {instant(incident.reopened_at)}" if incident.reopened_at else ""
    return f"Open since {instant(incident.detected_at)}{reopened}; nobody has acknowledged it yet"

"""One incident's page: what, since when, why, the hours around it, and everything that was done."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.db.models import Sum

from collector.base import names
from collector.base.days import day_end, day_start, utc_day
from collector.models import Member, MemberModelDay, MemberModelHour
from detection.findings.gravest import gravest_finding
from detection.findings.wording import without_onset
from detection.models import Anomaly
from detection.vocabulary import Rule
from incidents import times
from incidents.actions.causes import IncidentCause, incident_cause
from incidents.models import Incident, Notification, TimelineEntry
from tracker.widgets.palette import display_name

HOURS_BEFORE, HOURS_AFTER, DAY_HOURS = 24, 48, 24
HOUR = timedelta(hours=1)
MOST_NAMED = 10
# What a part of the extra is called when it cost more, and when it saved.
PART_LABELS = {
    "volume": ("More requests", "Fewer requests"),
    "model_mix": ("More expensive models", "Cheaper models"),
    "context": ("Longer context", "Shorter context or more cache"),
    "price": ("Higher price for the same tokens", "Lower price for the same tokens"),
}


@dataclass(frozen=True)
class IncidentPart:
    """One reason and its cents of the extra. `start` and `width` place it on a bar of 100."""

    label: str
    cents: float
    model: str
    slot: int
    start: float
    width: float


@dataclass(frozen=True)
class Hour:
    """One hour's spend, and that of the 24 hours that end with it; in cents; None where only the day's total
    is known."""

    at: datetime
    cents: float | None
    running_cents: float | None


@dataclass(frozen=True)
class IncidentReport:
    incident: Incident
    gravest: Anomaly | None
    findings: Sequence[Anomaly]
    parts: Sequence[IncidentPart]
    why: str
    hours: Sequence[Hour]
    usual_cents: float | None  # of 24 hours, where the finding compares with such
    bound_cents: float | None
    times: times.Times
    timeline: Sequence[TimelineEntry]
    notifications: Sequence[Notification]
    others: Sequence[Incident]
    named: Sequence[Member]  # by a finding of the team, such as who is at their limit
    cause: IncidentCause | None = None

    @property
    def message(self) -> str:
        """The incident's sentence without its onset, which stands below it."""
        return without_onset(self.incident.shown_message)

    @property
    def multiple(self) -> float | None:
        """How many times what is usual; None where nothing is."""
        finding = self.gravest
        return finding.observed / finding.expected if finding and finding.expected else None


def incident_report(incident: Incident, now: datetime, known_until: datetime | None = None) -> IncidentReport:
    """Everything that the incident's page shows, usage up to `known_until`. Some twelve queries."""
    anomalies = incident.anomalies()
    gravest = gravest_finding(anomalies)
    band = gravest if gravest and gravest.metric == "spend_24h" else None
    return IncidentReport(
        incident=incident,
        gravest=gravest,
        findings=anomalies,
        parts=parts(gravest),
        why=str(gravest.explanation.get("sentence", "")) if gravest else "",
        hours=hours(incident, min(known_until or now, now), priced_model(gravest)),
        usual_cents=band.expected if band else None,
        bound_cents=band.bound if band else None,
        times=times.times_of(incident),
        timeline=list(incident.timeline.all()),
        notifications=list(
            incident.notifications.select_related("channel", "entry").order_by("created_at", "pk")
        ),
        others=others(incident),
        named=named_members(gravest),
        cause=incident_cause(incident, anomalies),
    )


def named_members(anomaly: Anomaly | None) -> list[Member]:
    """The first few whom the finding names, in an order that tells nothing of names. One query, or none."""
    pks = anomaly.operands.get("member_ids", []) if anomaly else []
    first = sorted(pks, key=names.current().place)[:MOST_NAMED]
    members = Member.objects.in_bulk(first) if first else {}
    return [members[pk] for pk in first if pk in members]


def parts(anomaly: Anomaly | None) -> list[IncidentPart]:
    """What the extra is made of; a part that saved takes no room on the bar."""
    amounts = anomaly.explanation.get("parts", []) if anomaly else []
    total = sum(max(float(part["cents"]), 0) for part in amounts) or 1.0
    shown, start = [], 0.0
    for slot, part in enumerate(amounts, start=1):
        cents = float(part["cents"])
        width = 100 * max(cents, 0) / total
        name = part["name"].replace("_", " ")
        label = PART_LABELS.get(part["name"], (name, name))[cents < 0]
        shown.append(
            IncidentPart(
                label, cents, model_name(part.get("model", "")), slot, round(start, 2), round(width, 2)
            )
        )
        start += width
    return shown


def model_name(key: str) -> str:
    return display_name(key) if key else ""


def priced_model(anomaly: Anomaly | None) -> str:
    """The model whose price rose; empty of any other finding."""
    is_price = anomaly is not None and anomaly.rule == Rule.PRICE_CHANGE
    return str(anomaly.operands.get("model", "")) if anomaly and is_price else ""


def hours(incident: Incident, until: datetime, model: str = "") -> list[Hour]:
    """Every hour from a day before the onset to two days after it, or to `until`; on `model` alone, if one is
    given. Two queries."""
    around = (incident.began_at or incident.detected_at).replace(minute=0, second=0, microsecond=0)
    first, last = around - HOURS_BEFORE * HOUR, min(around + HOURS_AFTER * HOUR, until)
    first_day, last_day = utc_day(first - (DAY_HOURS - 1) * HOUR), utc_day(last)
    about = {"member_id": incident.member_id} if incident.member_id else {"model": model} if model else {}
    spent = hourly_cents(about, first_day, last_day)
    unknown = days_with_spend(about, first_day, last_day) - set(map(utc_day, spent))
    in_order, at = [], first
    while at < last:
        day = [at - back * HOUR for back in range(DAY_HOURS)]
        cents = [None if utc_day(hour) in unknown else spent.get(hour, 0.0) for hour in day]
        present = [amount for amount in cents if amount is not None]
        in_order.append(Hour(at, cents[0], sum(present) if len(present) == len(cents) else None))
        at += HOUR
    return in_order


def hourly_cents(about: Mapping[str, object], first: date, last: date) -> dict[datetime, float]:
    """Cents by hour, of the whole days `first` to `last`."""
    rows = MemberModelHour.objects.between(day_start(first), day_end(last)).filter(**about)
    sums = rows.order_by().values_list("hour_at").annotate(cents=Sum("total_cents"))
    return {hour_at: float(cents) for hour_at, cents in sums}


def days_with_spend(about: Mapping[str, object], first: date, last: date) -> set[date]:
    """Days with spend. Of some no hour is known: pruned before hours were kept, or imported as totals."""
    rows = MemberModelDay.objects.between(first, last).filter(**about, total_cents__gt=0)
    return set(rows.order_by().values_list("day", flat=True).distinct())


def others(incident: Incident) -> list[Incident]:
    """Up to ten other incidents of the same member, newest first."""
    if incident.member_id is None:
        return []
    same = Incident.objects.filter(member_id=incident.member_id).exclude(pk=incident.pk)
    return list(same.for_sentences()[:10])

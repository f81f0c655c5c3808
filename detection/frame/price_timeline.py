"""The team's timeline of prices: models seen for the first time, and prices per token that changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum

from django.db.models import Count, F, FloatField, Min, Sum
from django.db.models.functions import Cast

from collector.base.days import utc_day
from collector.models import MemberModelDay
from detection.models import Anomaly
from detection.vocabulary import Rule

from .totals import load_price_changes

TIMELINE_DAYS = 90
# A model that the team used within so many days of the first day known may have been in use before.
SETTLED_DAYS = 14


class PriceEventKind(Enum):
    FIRST_SEEN = "first_seen"
    PRICE_CHANGE = "price_change"


@dataclass(frozen=True)
class PriceEvent:
    """Something that moved what `model` costs the team, on the UTC `day`; nobody is named.

    `members` have used it since. First seen: `cents` is the value of its usage since, `ratio` what a request
    of it costs over the team's average request in that time (None without a cost). Price change: `cents` is
    what the change adds a week at the present use (less, where negative), `ratio` the new price over the old.
    """

    kind: PriceEventKind
    day: date
    model: str
    members: int
    cents: float
    ratio: float | None


def price_timeline(as_of: datetime, *, days: int = TIMELINE_DAYS) -> list[PriceEvent]:
    """Events of the last `days` days, the newest first.

    A handful of queries; one groups the days' totals by model.
    """
    first = utc_day(as_of) - timedelta(days=days)
    events = [*first_sights(first, utc_day(as_of)), *_price_events(first, as_of)]
    return sorted(events, key=lambda event: (event.day, event.model), reverse=True)


def first_sights(first: date, last: date) -> list[PriceEvent]:
    """Models that the team made a first request of from `first` to `last`, both included."""
    known_since = MemberModelDay.objects.aggregate(day=Min("day"))["day"]
    if known_since is None:
        return []
    settled = max(first, known_since + timedelta(days=SETTLED_DAYS))
    used = MemberModelDay.objects.between(first, last).filter(requests__gt=0).exclude(model="").order_by()
    value = Sum(Cast(F("total_cents") + F("worth_cents"), FloatField()))
    rows = list(
        used.filter(day__gte=settled)
        .values("model")
        .annotate(
            since=Min("day"),
            people=Count("member", distinct=True),
            spent=value,
            served=Sum("requests"),
        )
    )
    before = MemberModelDay.objects.filter(day__lt=settled, model__in=[row["model"] for row in rows])
    known = set(before.filter(requests__gt=0).order_by().values_list("model", flat=True).distinct())
    team = used.aggregate(spent=value, served=Sum("requests"))
    usual = team["spent"] / team["served"] if team["served"] else 0.0
    return [
        PriceEvent(
            PriceEventKind.FIRST_SEEN,
            row["since"],
            row["model"],
            row["people"],
            row["spent"],
            row["spent"] / row["served"] / usual if usual and row["spent"] else None,
        )
        for row in rows
        if row["model"] not in known
    ]


def _price_events(first: date, as_of: datetime) -> list[PriceEvent]:
    """Changes that show now, and rises that detection reported before."""
    events = {
        (change.model, change.day): PriceEvent(
            PriceEventKind.PRICE_CHANGE,
            change.day,
            change.model,
            change.members,
            change.weekly_cents,
            change.ratio,
        )
        for change in load_price_changes(as_of)
        if change.day >= first
    }
    reported = Anomaly.objects.filter(rule=Rule.PRICE_CHANGE, detected_at__lte=as_of)
    for figures, ratio in reported.values_list("operands", "observed"):
        model, day = figures["model"], date.fromisoformat(figures["day"])
        if day >= first:
            change = PriceEvent(
                PriceEventKind.PRICE_CHANGE, day, model, figures["members"], figures["weekly_cents"], ratio
            )
            events.setdefault((model, day), change)
    return list(events.values())

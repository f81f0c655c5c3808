"""Prices and models: when a model's price changed or a model was first used, and what that meant."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from functools import reduce
from operator import or_

from django.db.models import Count, Q, Sum

from collector.base.statements import prepared
from collector.models import MemberModelDay
from collector.models.totals import MemberModelDayQuerySet
from detection.models.price_timeline import LEAST_MEMBERS, PriceTimeline
from tracker.periods import Period

Limit = Callable[[MemberModelDayQuerySet], MemberModelDayQuerySet]


@dataclass(frozen=True)
class ModelNews:
    """What happened to a model on a day, and its use since, up to the period's end. Money in cents."""

    day: date
    model: str
    ratio: float | None  # the new price of a token over the old one; None: the team first used the model
    spent_cents: float
    members: int

    @property
    def extra_cents(self) -> float | None:
        """What it cost more, or less, than at the old price; None of a new model."""
        return None if self.ratio is None else self.spent_cents * (1 - 1 / self.ratio)


_timelines = prepared(lambda: PriceTimeline.objects.order_by("pk")[:1])  # the one row, or none


def model_news(period: Period, limit: Limit) -> list[ModelNews] | None:
    """What the rows that `limit` leaves have to do with, the newest first; None where nobody has looked yet.

    One query, and one more where there is any.
    """
    if not (timelines := _timelines()):
        return None
    events = [(model, date.fromisoformat(day), ratio) for model, day, ratio in timelines[0].events]
    events = [event for event in events if period.first <= event[1] <= period.last]
    fresh = {model for model, _, ratio in events if ratio is None}
    events = [event for event in events if event[2] is None or event[0] not in fresh]
    if not events:
        return []
    since = [Q(model=model, day__gte=day, total_cents__gt=0) for model, day, _ in events]
    rows = limit(MemberModelDay.objects.between(min(day for _, day, _ in events), period.last))
    sums = rows.filter(reduce(or_, since)).aggregate(
        **{f"spent{place}": Sum("total_cents", filter=used, default=0) for place, used in enumerate(since)},
        **{
            f"members{place}": Count("member", filter=used, distinct=True) for place, used in enumerate(since)
        },
    )
    news = [
        ModelNews(day, model, ratio, float(sums[f"spent{place}"]), sums[f"members{place}"])
        for place, (model, day, ratio) in enumerate(events)
    ]
    shown = [item for item in news if item.members >= (1 if item.ratio is None else LEAST_MEMBERS)]
    return sorted(shown, key=lambda item: (item.day, item.spent_cents), reverse=True)

"""Prices and models: when a model's price changed or a model was first used, and what that meant."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import pandas as pd
from django.db.models import FloatField, Q, Sum
from django.db.models.functions import Cast

from collector.models import MemberModelDay
from collector.models.totals import MemberModelDayQuerySet
from detection.frame.price_changes import DAYS_BEFORE, DAYS_SINCE, PriceChange, moved_models, price_changes
from detection.frame.price_timeline import SETTLED_DAYS
from detection.frame.tokens import weighed
from tracker.periods import Period

# A model that nobody used for so long counts as new.
LOOK_BACK = timedelta(days=365)
Limit = Callable[[MemberModelDayQuerySet], MemberModelDayQuerySet]


@dataclass(frozen=True)
class ModelNews:
    """What happened to a model on a day, and its use since, up to the period's end. Money in cents."""

    day: date
    model: str
    ratio: float | None  # the new price of a token over the old one; None: the model was first used
    spent_cents: float
    members: int

    @property
    def extra_cents(self) -> float | None:
        """What it cost more, or less, than at the old price; None of a new model."""
        return None if self.ratio is None else self.spent_cents * (1 - 1 / self.ratio)


def model_news(period: Period, limit: Limit, known_from: date | None) -> list[ModelNews]:
    """Of the rows that `limit` leaves, the newest first; `known_from` is the first day of anybody's usage.

    One query, and one more where there is any. A model that was used soon after that day may be older.
    """
    start = period.first - timedelta(days=DAYS_BEFORE + DAYS_SINCE)
    rows = limit(MemberModelDay.objects.between(start, period.last))
    team = charged(rows, "model", "day")
    first_days: dict[str, date] = {}
    for model, day in zip(team["model"], team["day"], strict=True):
        first_days[model] = min(day, first_days.get(model, day))
    settled = max(period.first, (known_from or period.first) + timedelta(days=SETTLED_DAYS))
    fresh = [model for model, day in first_days.items() if day >= settled]
    moved = {model for last in lasts(period) for model in moved_models(up_to(team, last))}
    if not (fresh or moved):
        return []
    chosen = Q(model__in=moved, day__gte=start) | Q(model__in=fresh)
    rows = limit(MemberModelDay.objects.between(start - LOOK_BACK, period.last).filter(chosen))
    by_member = charged(rows, "member_id", "model", "day")
    used_before = set(by_member[by_member["day"] < start]["model"])
    found = [meant(first_days[model], model, None, by_member) for model in fresh if model not in used_before]
    found += [
        meant(change.day, change.model, change.ratio, by_member)
        for change in changes_in(period, by_member[by_member["model"].isin(moved)])
        if change.model not in fresh
    ]
    return sorted(found, key=lambda item: (item.day, item.spent_cents), reverse=True)


def charged(rows: MemberModelDayQuerySet, *keys: str) -> pd.DataFrame:
    """What was charged by `keys`: they, cents, weight, requests. One query."""
    unpaid = Cast(Sum("unpriced_weight") + Sum("free_weight"), FloatField())
    sums = rows.filter(total_cents__gt=0).order_by().values_list(*keys)
    sums = sums.annotate(
        paid=Cast(Sum("total_cents"), FloatField()),
        paid_weight=weighed(Sum) - unpaid,
        served=Sum("requests"),
    )
    columns = [*keys, "cents", "weight", "requests"]
    return pd.DataFrame.from_records(list(sums), columns=columns)


def lasts(period: Period) -> list[date]:
    """Days that together see every change of the period: a change shows for DAYS_SINCE days."""
    steps = range((period.last - period.first).days // DAYS_SINCE + 1)
    return [period.last - timedelta(days=DAYS_SINCE * step) for step in steps]


def up_to(rows: pd.DataFrame, last: date) -> pd.DataFrame:
    """Rows of the days that a change seen on `last` is judged by, with `ago`."""
    ago = pd.Series([(last - day).days for day in rows["day"]], index=rows.index, dtype=int)
    return rows.assign(ago=ago)[ago.between(0, DAYS_BEFORE + DAYS_SINCE)]


def changes_in(period: Period, by_member: pd.DataFrame) -> Collection[PriceChange]:
    """The changes that began within the period, each once."""
    seen = [change for last in lasts(period) for change in price_changes(up_to(by_member, last), last)]
    return {(c.model, c.day): c for c in seen if period.first <= c.day <= period.last}.values()


def meant(day: date, model: str, ratio: float | None, by_member: pd.DataFrame) -> ModelNews:
    since: Any = by_member[(by_member["model"] == model) & (by_member["day"] >= day)]
    return ModelNews(day, model, ratio, float(since["cents"].sum()), int(since["member_id"].nunique()))

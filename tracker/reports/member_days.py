"""One member day by day: what each day was made of, and which stand out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from django.db.models import QuerySet

from collector.base.money import in_micro
from collector.base.statements import prepared
from collector.models import AGENT_SURFACES, BillingCycle, DailyActivity, MemberModelDay
from collector.models.totals import span_of
from detection.frame.outlier_days import outlier_days
from tracker.periods import Comparison
from tracker.reports.changes import Change, Changes, changes_by_key
from tracker.reports.people import Person
from tracker.reports.usage import ModelUsage, Totals, total

TOKENS = ("input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens")


@dataclass
class MemberDay:
    """One day: spend by model, requests, tokens, and what `DailyActivity` counted."""

    day: date
    cents: dict[str, Decimal] = field(default_factory=dict)
    totals: Totals = field(default_factory=Totals)
    requests: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, int] = field(default_factory=lambda: dict.fromkeys(TOKENS, 0))
    activity: DailyActivity | None = None
    is_outlier: bool = False

    @property
    def main_model(self) -> str | None:
        """The model with most requests that day; of two alike, the one that cost more."""
        used = [name for name, count in self.requests.items() if count]
        return max(used, key=lambda name: (self.requests[name], self.cents[name], name), default=None)


@prepared
def day_rows(member: int, first: date, last: date) -> QuerySet:
    return MemberModelDay.objects.filter(member=member).between(first, last).values()


@prepared
def activity_rows(member: int, first: date, last: date) -> QuerySet:
    return DailyActivity.objects.filter(member=member).between(first, last)


def row_totals(row: dict) -> Totals:
    """Of one rollup row."""
    is_agents, spent = row["surface"] in AGENT_SURFACES, in_micro(row["total_cents"])
    return Totals(
        row["requests"], row["failed_requests"], row["cache_read_tokens"], row["runs"],
        row["requests"] if is_agents else 0, spent, in_micro(row["billed_cents"]), spent if is_agents else 0,
    )  # fmt: skip


def usage_of(rows: list[dict], person: Person) -> ModelUsage:
    """What the member's rollup rows amount to, by model."""
    own: dict[str, list[Totals]] = defaultdict(list)
    for row in rows:
        own[row["model"]].append(row_totals(row))
    by_model = {model: sums for model, totals in own.items() if any(sums := total(totals))}
    people = {model: int(person.is_person and totals.requests > 0) for model, totals in by_model.items()}
    return ModelUsage(by_model, people, total(by_model.values()))


def add_model_day(day: MemberDay, row: dict) -> None:
    model = row["model"]
    day.cents[model] = day.cents.get(model, Decimal(0)) + row["total_cents"]
    day.requests[model] = day.requests.get(model, 0) + row["requests"]
    day.totals = total([day.totals, row_totals(row)])
    for name in TOKENS:
        day.tokens[name] += row[name]


def mark_outliers(shown: list[MemberDay]) -> list[MemberDay]:
    """Mark the outlier days; today, the last, is none of those averaged: it can only grow."""
    cents = [day.totals.total_cents for day in shown]
    for day, is_outlier in zip(shown, outlier_days(cents, cents[:-1]), strict=True):
        day.is_outlier = is_outlier
    return shown


def changes_of(rows: Iterable[Mapping[str, Any]], held: Comparison | None) -> Changes:
    """Of one member's rollup rows; none where nothing is compared."""
    if held is None:
        return Changes()
    changes: dict[tuple[int, str, str], Change] = defaultdict(Change)
    for row in rows:
        key, spent = (row["member_id"], row["model"], row["surface"]), row["total_cents"]
        if held.first <= row["day"] <= held.last and is_in_cycle(row, held.cycle):
            changes[key] += Change(spent)
        if held.earlier_first <= row["day"] <= held.earlier_last and is_in_cycle(row, held.earlier_cycle):
            changes[key] += Change(before_cents=spent)
    return changes_by_key(changes)


def is_in_cycle(row: Mapping[str, Any], cycle: BillingCycle | None) -> bool:
    """Whether a rollup row lies within `cycle`; None has every row."""
    return cycle is None or span_of(cycle).holds(row["day"], row["is_after_turn"])

"""One member day by day: what each day was made of, and which stand out."""

from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from collector.models import AGENT_SURFACES, DailyActivity
from detection.frame.outlier_days import outlier_days
from tracker.reports.people import Person
from tracker.reports.usage import ModelUsage, Totals

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


def row_totals(row: dict) -> Totals:
    """Of one rollup row."""
    is_agents = row["surface"] in AGENT_SURFACES
    of_agents = {
        "agent_requests": row["requests"] if is_agents else 0,
        "agent_cents": row["total_cents"] if is_agents else Decimal(0),
    }
    return Totals(**{name: (row | of_agents)[name] for name in Totals._fields})


def usage_of(rows: list[dict], person: Person) -> ModelUsage:
    """What the member's rollup rows amount to, by model."""
    by_model: dict[str, Totals] = {}
    for row in rows:
        by_model[row["model"]] = by_model.get(row["model"], Totals()).plus(row_totals(row))
    by_model = {model: totals for model, totals in by_model.items() if any(totals)}
    people = {model: int(person.is_person and totals.requests > 0) for model, totals in by_model.items()}
    return ModelUsage(by_model, people)


def add_model_day(day: MemberDay, row: dict) -> None:
    model = row["model"]
    day.cents[model] = day.cents.get(model, Decimal(0)) + row["total_cents"]
    day.requests[model] = day.requests.get(model, 0) + row["requests"]
    day.totals = day.totals.plus(row_totals(row))
    for name in TOKENS:
        day.tokens[name] += row[name]


def mark_outliers(shown: list[MemberDay]) -> list[MemberDay]:
    """Mark the outlier days; today, the last, is none of those averaged: it can only grow."""
    cents = [day.totals.total_cents for day in shown]
    for day, is_outlier in zip(shown, outlier_days(cents, cents[:-1]), strict=True):
        day.is_outlier = is_outlier
    return shown

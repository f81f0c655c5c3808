"""What totals are made of: the figures of stored events, as small exact numbers that add up fast."""

from collections.abc import Iterator
from typing import NamedTuple

from django.db import connection
from django.db.models import (
    BigIntegerField,
    Case,
    CharField,
    Expression,
    F,
    FloatField,
    IntegerField,
    Q,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce, Round

from collector.base.expressions import SqliteTemplate
from collector.models import UsageEvent
from collector.models.usage import UsageEventQuerySet

from .surfaces import surface_in_sql
from .worth import TOKEN_WEIGHTS, UNPRICED, WORTH_KNOWN

# Rows taken from the database at a time.
BATCH = 5000


class EventFigures(NamedTuple):
    """One event: money in millionths of a cent, units in ten-thousandths, flags as 0 and 1."""

    member_id: int
    model: str
    surface: str
    hour: int
    is_failed: int
    chargeable: int
    max_mode: int
    headless: int
    charged: int
    units: int
    input: int
    output: int
    cache_write: int
    cache_read: int
    is_worth_known: int
    is_unpriced: int
    model_cost: int
    first_seen: str
    cloud_agent_id: str
    automation_id: str
    conversation_id: str

    @property
    def thread(self) -> str:
        """What requests of one piece of work have in common."""
        return self.cloud_agent_id or self.automation_id or self.conversation_id

    @property
    def weight(self) -> float:
        """The tokens as one number, in input tokens' worth."""
        return (
            self.input * TOKEN_WEIGHTS["input_tokens"]
            + self.cache_write * TOKEN_WEIGHTS["cache_write_tokens"]
            + self.cache_read * TOKEN_WEIGHTS["cache_read_tokens"]
            + self.output * TOKEN_WEIGHTS["output_tokens"]
        )

    @property
    def run(self) -> tuple[str, ...] | None:
        """Identifies the run of an agent or automation; None if the event belongs to none."""
        if self.cloud_agent_id:
            return (self.cloud_agent_id,)
        return ("", self.automation_id, self.conversation_id) if self.automation_id else None


class HourOfDay(SqliteTemplate):
    """The UTC hour of an instant, 0 to 23; Django's own runs a Python function for every row on SQLite."""

    output_field = IntegerField()
    template = "CAST(EXTRACT(HOUR FROM %(expressions)s AT TIME ZONE 'UTC') AS INTEGER)"
    sqlite_template = "CAST(SUBSTR(%(expressions)s, 12, 2) AS INTEGER)"


def _as_flag(condition: Q) -> Case:
    return Case(When(condition, then=Value(1)), default=Value(0), output_field=IntegerField())


def _scaled(name: str, by: int) -> Expression:
    """A decimal column as a whole number: exact, since its places are no more than `by` has zeros."""
    number = Cast(Coalesce(F(name), 0, output_field=FloatField()), FloatField())
    return Cast(Round(number * Value(by), output_field=FloatField()), BigIntegerField())


COLUMNS: dict[str, Expression] = {
    "surface": surface_in_sql(),
    "hour": HourOfDay("occurred_at"),
    "is_failed": _as_flag(UsageEvent.FAILED),
    "chargeable": _as_flag(Q(is_chargeable=True)),
    "max_mode": _as_flag(Q(is_max_mode=True)),
    "headless": _as_flag(Q(is_headless=True)),
    "charged": _scaled("charged_cents", 1_000_000),
    "units": _scaled("request_units", 10_000),
    "input": Coalesce("input_tokens", 0),
    "output": Coalesce("output_tokens", 0),
    "cache_write": Coalesce("cache_write_tokens", 0),
    "cache_read": Coalesce("cache_read_tokens", 0),
    "is_worth_known": _as_flag(WORTH_KNOWN),
    "is_unpriced": _as_flag(UNPRICED),
    "model_cost": _scaled("model_cents", 1_000_000),
    "first_seen": Cast("first_seen_at", CharField()),
}


def figures_of(events: UsageEventQuerySet) -> Iterator[EventFigures]:
    """The figures of `events` in the order of time. One query, read past Django's conversions."""
    rows = events.order_by("occurred_at", "pk").annotate(**COLUMNS).values_list(*EventFigures._fields)
    with connection.cursor() as cursor:
        cursor.execute(*rows.query.sql_with_params())
        while batch := cursor.fetchmany(BATCH):
            yield from map(EventFigures._make, batch)

"""What events add up to, by hour and by day, and the rows that it becomes."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from collector.base.money import NO_CENTS

from .event_figures import EventFigures

NO_UNITS = Decimal("0.0000")
# Requests of an hour that make an agent, an automation or a conversation worth naming.
BUSY_THREAD = 5


class DayKey(NamedTuple):
    member_id: int
    day: date
    model: str
    surface: str
    is_after_turn: bool


class HourKey(NamedTuple):
    member_id: int
    hour_at: datetime
    model: str
    surface: str


class DayTotals(NamedTuple):
    """What `MemberModelDay` holds, in the order of its columns here."""

    requests: int = 0
    billed_requests: int = 0
    failed_requests: int = 0
    max_mode_requests: int = 0
    headless_requests: int = 0
    total_cents: Decimal = NO_CENTS
    billed_cents: Decimal = NO_CENTS
    request_units: Decimal = NO_UNITS
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    worth_cents: Decimal = NO_CENTS
    unpriced_weight: int = 0
    free_weight: int = 0
    runs: int = 0


class HourTotals(NamedTuple):
    """What `MemberModelHour` holds."""

    requests: int = 0
    failed_requests: int = 0
    total_cents: Decimal = NO_CENTS
    billed_cents: Decimal = NO_CENTS
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    worth_cents: Decimal = NO_CENTS
    unpriced_weight: int = 0
    free_weight: int = 0
    runs: int = 0
    settled_at: datetime | None = None
    top_thread: str = ""
    top_thread_requests: int = 0


@dataclass(slots=True)
class EventSums:
    """What events of one hour, member, model and surface add up to; money in millionths of a cent."""

    requests: int = 0
    billed_requests: int = 0
    failed_requests: int = 0
    max_mode_requests: int = 0
    headless_requests: int = 0
    total: int = 0
    billed: int = 0
    units: int = 0  # in ten-thousandths
    input_tokens: int = 0
    output_tokens: int = 0
    cache_write_tokens: int = 0
    cache_read_tokens: int = 0
    worth: int = 0
    unpriced_weight: float = 0.0
    free_weight: float = 0.0
    runs: int = 0
    settled_at: str = ""
    threads: dict[str, int] = field(default_factory=dict)

    def add(self, event: EventFigures) -> None:
        if event.is_failed:
            self.failed_requests += 1
        else:
            self.requests += 1
            self.billed_requests += event.chargeable
            self.max_mode_requests += event.max_mode
            self.headless_requests += event.headless
            if thread := event.thread:
                self.threads[thread] = self.threads.get(thread, 0) + 1
        self.total += event.charged
        self.billed += event.charged * event.chargeable
        self.units += event.units
        self.input_tokens += event.input
        self.output_tokens += event.output
        self.cache_write_tokens += event.cache_write
        self.cache_read_tokens += event.cache_read
        if event.is_worth_known:
            self.worth += event.model_cost
        elif event.is_unpriced:
            self.unpriced_weight += event.weight
        elif not event.charged:
            self.free_weight += event.weight
        if event.first_seen > self.settled_at:
            self.settled_at = event.first_seen

    def join(self, other: EventSums) -> None:
        """Add the sums of other events."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.settled_at = max(self.settled_at, other.settled_at)
        for thread, requests in other.threads.items():
            self.threads[thread] = self.threads.get(thread, 0) + requests

    def of_day(self) -> DayTotals:
        return DayTotals(
            self.requests,
            self.billed_requests,
            self.failed_requests,
            self.max_mode_requests,
            self.headless_requests,
            _cents(self.total),
            _cents(self.billed),
            Decimal(self.units).scaleb(-4),
            self.input_tokens,
            self.output_tokens,
            self.cache_write_tokens,
            self.cache_read_tokens,
            _cents(self.worth),
            round(self.unpriced_weight),
            round(self.free_weight),
            self.runs,
        )

    def of_hour(self) -> HourTotals:
        thread, requests = min(self.threads.items(), key=_most_requests, default=("", 0))
        is_busy = requests >= BUSY_THREAD
        return HourTotals(
            self.requests,
            self.failed_requests,
            _cents(self.total),
            _cents(self.billed),
            self.input_tokens,
            self.output_tokens,
            self.cache_write_tokens,
            self.cache_read_tokens,
            _cents(self.worth),
            round(self.unpriced_weight),
            round(self.free_weight),
            self.runs,
            _seen_at(self.settled_at),
            thread if is_busy else "",
            requests if is_busy else 0,
        )


ADDED = [item.name for item in fields(EventSums) if item.name not in ("settled_at", "threads")]


def _most_requests(thread: tuple[str, int]) -> tuple[int, str]:
    """Of several with as many requests the first by name, so that it is the same again."""
    name, requests = thread
    return -requests, name


def _cents(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-6)


@lru_cache(10_000)
def _seen_at(text: str) -> datetime:
    """An instant as the databases write it; UTC where no zone is named."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)

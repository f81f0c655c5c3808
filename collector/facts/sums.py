"""What events add up to, by hour and by day."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from .event_figures import EventFigures

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


@dataclass(slots=True)
class EventSums:
    """What events of one hour, member, model and surface add up to: every column of `MemberModelDay` and
    `MemberModelHour` but the keys. Money is added up in millionths of a cent."""

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
    unpriced: float = 0.0
    free: float = 0.0
    runs: int = 0
    last_seen: str = ""
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
            self.unpriced += event.weight
        elif not event.charged:
            self.free += event.weight
        if event.first_seen > self.last_seen:
            self.last_seen = event.first_seen

    def join(self, other: EventSums) -> None:
        """Add the sums of other events."""
        for name in ADDED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.last_seen = max(self.last_seen, other.last_seen)
        for thread, requests in other.threads.items():
            self.threads[thread] = self.threads.get(thread, 0) + requests

    @property
    def total_cents(self) -> Decimal:
        return _cents(self.total)

    @property
    def billed_cents(self) -> Decimal:
        return _cents(self.billed)

    @property
    def worth_cents(self) -> Decimal:
        return _cents(self.worth)

    @property
    def request_units(self) -> Decimal:
        return Decimal(self.units).scaleb(-4)

    @property
    def unpriced_weight(self) -> int:
        return round(self.unpriced)

    @property
    def free_weight(self) -> int:
        return round(self.free)

    @property
    def settled_at(self) -> datetime | None:
        return _seen_at(self.last_seen) if self.last_seen else None

    @property
    def top_thread(self) -> str:
        return self._busiest()[0]

    @property
    def top_thread_requests(self) -> int:
        return self._busiest()[1]

    def _busiest(self) -> tuple[str, int]:
        thread, requests = min(self.threads.items(), key=_most_requests, default=("", 0))
        return (thread, requests) if requests >= BUSY_THREAD else ("", 0)


ADDED = [item.name for item in fields(EventSums) if item.name not in ("last_seen", "threads")]


def _most_requests(thread: tuple[str, int]) -> tuple[int, str]:
    """Where several have as many requests, the first by name, so that the choice is always the same."""
    name, requests = thread
    return -requests, name


def _cents(millionths: int) -> Decimal:
    return Decimal(millionths).scaleb(-6)


@lru_cache(10_000)
def _seen_at(text: str) -> datetime:
    """An instant as the databases write it; UTC where no zone is named."""
    instant = datetime.fromisoformat(text)
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)

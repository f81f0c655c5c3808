"""The stretch of time that one reading asks for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from collector.base.days import day_start, to_epoch_ms, utc_day

DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


@dataclass(frozen=True)
class Window:
    """The instants `[start_at, end_at)`, asked as of `read_at`, which stamps what is written.

    `is_backwards`: history, newest part first, so that what is complete stays in one piece.
    """

    start_at: datetime
    end_at: datetime
    read_at: datetime
    is_backwards: bool = False

    @property
    def span(self) -> tuple[datetime, datetime]:
        return self.start_at, self.end_at

    @property
    def length(self) -> timedelta:
        return self.end_at - self.start_at

    @property
    def first_ms(self) -> int:
        return to_epoch_ms(self.start_at)

    @property
    def last_ms(self) -> int:
        """The vendor's ranges are closed: the last millisecond that belongs to it, …59.999."""
        return to_epoch_ms(self.end_at) - 1

    def cut(self, longest: timedelta) -> list[Window]:
        """This window in pieces of at most `longest`, in reading order; pieces of days end at midnight, and
        those of hours with an hour."""
        pieces, start_at = [], self.start_at
        while start_at < self.end_at:
            end_at = start_at + longest
            if longest >= DAY:
                # Totals are kept by day: a day read in one piece is added up once.
                end_at = day_start(utc_day(end_at))
            elif longest >= HOUR:
                end_at = end_at.replace(minute=0, second=0, microsecond=0)
            end_at = min(end_at, self.end_at)
            pieces.append(replace(self, start_at=start_at, end_at=end_at))
            start_at = end_at
        return pieces[::-1] if self.is_backwards else pieces

    def __str__(self) -> str:
        return f"{self.start_at:%Y-%m-%d %H:%M} to {self.end_at:%Y-%m-%d %H:%M}"


def closed_minute(now: datetime) -> datetime:
    """The start of the minute under way: no window reaches beyond it, so none is asked for half."""
    return now.replace(second=0, microsecond=0)

"""The billing cycle: from one monthly anniversary of the subscription's first instant to the next."""

import calendar
from dataclasses import dataclass
from datetime import UTC, date, datetime, time


@dataclass(frozen=True)
class Anniversary:
    """The day of the month and the time (UTC) at which the cycle turns; in a shorter month, its last day."""

    day: int = 14
    at: time = time(21, 23, 8)

    def in_month(self, year: int, month: int) -> datetime:
        day = min(self.day, calendar.monthrange(year, month)[1])
        return datetime.combine(date(year, month, day), self.at, UTC)

    def cycle(self, instant: datetime) -> tuple[datetime, datetime]:
        """Return the cycle [start, end) that holds `instant`."""
        turn = self.in_month(instant.year, instant.month)
        if instant < turn:
            return self._month_away(turn, -1), turn
        return turn, self._month_away(turn, 1)

    def turns(self, first: datetime, last: datetime) -> list[datetime]:
        """Return the starts of all cycles that overlap [first, last], oldest first."""
        start, end = self.cycle(first)
        starts = [start]
        while end <= last:
            starts.append(end)
            end = self.cycle(end)[1]
        return starts

    def _month_away(self, turn: datetime, months: int) -> datetime:
        months += turn.year * 12 + turn.month - 1
        return self.in_month(months // 12, months % 12 + 1)


MID_MONTH = Anniversary()

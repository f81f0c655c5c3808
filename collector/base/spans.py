"""Stretches of days, as a condition of rows by day."""

from datetime import date
from typing import NamedTuple

from django.db.models import Q


class DaySpan(NamedTuple):
    """Days, both included; of a cycle, which turns within the first and the last, what of them lies in it."""

    first: date
    last: date
    is_cycle: bool = False

    @property
    def rows(self) -> Q:
        # One range of days, which an index finds at once; of alternatives each is looked for by itself.
        days = Q(day__gte=self.first, day__lte=self.last)
        if not self.is_cycle:
            return days
        return days & ~Q(day=self.first, is_after_turn=False) & ~Q(day=self.last, is_after_turn=True)

    def holds(self, day: date, is_after_turn: bool) -> bool:
        """Whether one of the rows lies in it: of days on which a cycle turns, their part after or before."""
        if self.is_cycle and day in (self.first, self.last):
            return is_after_turn == (day == self.first)
        return self.first <= day <= self.last

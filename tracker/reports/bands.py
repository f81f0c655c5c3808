"""The stacked chart's bands: who spent most in the shown days, and all others together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from heapq import nlargest
from typing import Any

from django.db.models import DecimalField, Q, QuerySet, Sum, Value

from collector.models.totals import MemberModelDayQuerySet
from tracker.periods import Period
from tracker.reports.seats import last_days
from tracker.reports.team import MemberFigures, Team

STACKED_MEMBERS = 6
Sums = dict[tuple[int, date], Decimal]  # cents by member and day


@dataclass(frozen=True)
class MemberDays:
    """One band of the stacked chart: a member's spend on each shown day; nobody's name is the rest."""

    member: MemberFigures | None
    cents: list[float]


@dataclass(frozen=True)
class Bands:
    """Draws the bands from `rows`, the selection's daily figures since the period's first day."""

    team: Team
    period: Period
    rows: MemberModelDayQuerySet

    def spent_and_last(self, idle: Sequence[MemberFigures]) -> tuple[Sums, dict[int, date]]:
        """Daily sums of who spent most before today, and of everybody today; and the last days of the `idle`.
        One query of two parts."""
        before = [member.person.pk for member in self.team.spenders(STACKED_MEMBERS)]
        sums = self._sums_where(Q(member__in=before) | Q(day=self.period.today))
        spent, last = Sums(), dict[int, date]()
        nothing = Value(None, DecimalField(max_digits=16, decimal_places=6))
        for pk, day, cents in sums.union(last_days(idle).annotate(cents=nothing), all=True):
            if cents is None:
                last[pk] = day
            else:
                spent[pk, day] = cents
        return spent, last

    def drawn(self, totals: Sequence[Decimal], sums: Sums) -> list[MemberDays]:
        """The bands, the largest first and the rest last; `totals` are the cents of each shown day, `sums`
        what `spent_and_last` found. One query where today names others than the days before it."""
        most = self._most_in_shown_days(sums)
        if others := set(most) - {member.person.pk for member in self.team.spenders(STACKED_MEMBERS)}:
            sums = sums | {(pk, day): cents for pk, day, cents in self._sums_where(Q(member__in=others))}
        bands = [self._band(pk, sums) for pk in most]
        rest = [
            max(float(total) - sum(band.cents[index] for band in bands), 0)
            for index, total in enumerate(totals)
        ]
        return [*bands, MemberDays(None, rest)]

    def _band(self, pk: int, sums: Sums) -> MemberDays:
        cents = [float(sums.get((pk, day), 0)) for day in self.period.shown_days]
        return MemberDays(self.team.member(pk), cents)

    def _most_in_shown_days(self, sums: Sums) -> list[int]:
        """Members by what they spent in the period and today, the largest first. `sums` have all of today."""
        spent = {
            pk: used.total_cents for pk, used in self.team.usage.by_member.items() if used.total_cents > 0
        }
        for (pk, day), cents in sums.items():
            if day == self.period.today and not self.period.cycle:  # a cycle's totals have today in them
                spent[pk] = spent.get(pk, Decimal(0)) + cents
        return nlargest(STACKED_MEMBERS, filter(spent.get, spent), key=lambda pk: spent[pk])

    def _sums_where(self, wanted: Q) -> QuerySet[Any, Any]:
        rows = self.rows.filter(wanted)
        rows = rows.in_cycle(self.period.cycle) if self.period.cycle else rows
        return rows.order_by().values_list("member_id", "day").annotate(cents=Sum("total_cents"))

"""The stacked chart's bands: who spent most in the shown days, and all others together."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from heapq import nlargest

from django.db.models import Q, QuerySet

from collector.base.spans import DaySpan
from collector.base.statements import Statement, prepared
from collector.models import MemberModelDay
from tracker.reports.selection import Selection
from tracker.reports.sql import as_date, fetch, float_cents, micro_sum, summed
from tracker.reports.team import MemberFigures, Team

STACKED_MEMBERS = 6
READ_MEMBERS = 12  # today may lift some of them above the six, hardly anybody from below
SPENT = micro_sum("total_cents")
Sums = dict[tuple[int, date], int]  # millionths of a cent by member and day


@dataclass(frozen=True)
class MemberDays:
    """One band of the stacked chart: a member's spend on each shown day; nobody's name is the rest."""

    member: MemberFigures | None
    cents: list[float]


def spent_and_last(team: Team, idle: frozenset[int]) -> tuple[Sums, dict[int, date]]:
    """Of the shown days, daily sums of who spent most before today, and of everybody today; and on which day
    each of the `idle` made the last request ever. One query of two parts."""
    before = frozenset(member.person.pk for member in team.spenders(READ_MEMBERS))
    drawn = _drawn_rows.statement(team.selection, _shown(team), before, team.period.today)
    spent, last = Sums(), dict[int, date]()
    last_days = summed(_request_rows.statement(idle), ("member_id",), "MAX(day)", "NULL")
    for pk, day, micro in fetch(_by_day(drawn), last_days):
        if micro is None:
            last[pk] = as_date(day)
        else:
            spent[pk, as_date(day)] = micro
    return spent, last


@prepared
def _drawn_rows(chosen: Selection, span: DaySpan, members: frozenset[int], today: date | None) -> QuerySet:
    """Of the members, and of everybody today, if that is given."""
    rows = chosen.of(MemberModelDay.objects.within(span)).order_by()
    return rows.filter(Q(member__in=members) | Q(day=today) if today else Q(member__in=members))


@prepared
def _request_rows(members: frozenset[int]) -> QuerySet:
    return MemberModelDay.objects.filter(member__in=members, requests__gt=0).order_by()


def _shown(team: Team) -> DaySpan:
    """Up to today, also where charts end before."""
    period = team.period
    return period.span if period.cycle else DaySpan(period.first, period.today)


def draw(team: Team, sums: Sums, totals: Sequence[Decimal]) -> list[MemberDays]:
    """The bands, the largest first and the rest last; `totals` are the cents of each shown day, `sums` what
    `spent_and_last` read. One query where today names somebody from below READ_MEMBERS."""
    most = _most_in_shown_days(team, sums)
    if others := frozenset(most) - {member.person.pk for member in team.spenders(READ_MEMBERS)}:
        more = fetch(_by_day(_drawn_rows.statement(team.selection, _shown(team), others, None)))
        sums = sums | {(pk, as_date(day)): micro for pk, day, micro in more}
    days = team.period.shown_days
    bands = [
        MemberDays(team.member(pk), [float_cents(sums.get((pk, day), 0)) for day in days]) for pk in most
    ]
    drawn = [sum(cents) for cents in zip(*(band.cents for band in bands), strict=True)] or [0.0] * len(days)
    rest = [max(float(total) - cents, 0) for total, cents in zip(totals, drawn, strict=True)]
    return [*bands, MemberDays(None, rest)]


def _by_day(rows: Statement | None) -> Statement | None:
    return summed(rows, ("member_id", "day"), SPENT)


def _most_in_shown_days(team: Team, sums: Sums) -> list[int]:
    """Members by what they spent in the period and today, the largest first. `sums` have all of today."""
    spent = {pk: used.total_micro for pk, used in team.usage.by_member.items() if used.total_micro > 0}
    for (pk, day), micro in sums.items():
        if day == team.period.today and not team.period.cycle:  # a cycle's totals have today in them
            spent[pk] = spent.get(pk, 0) + micro
    return nlargest(STACKED_MEMBERS, filter(spent.get, spent), key=lambda pk: spent[pk])

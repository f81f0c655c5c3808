"""The stacked chart's bands: who spent most in the shown days, and all others together."""

from collections.abc import Mapping, Sequence
from datetime import date
from heapq import nlargest
from typing import NamedTuple

from django.db.models import Q, QuerySet

from collector.base.spans import DaySpan
from collector.base.statements import Statement, micro_sum, prepared
from collector.models import MemberModelDay
from tracker.reports.people import Person
from tracker.reports.selection import Selection
from tracker.reports.sql import as_date, fetch, float_cents, summed
from tracker.reports.team import Team
from tracker.reports.usage import Day

STACKED_MEMBERS = 6
READ_MEMBERS = 12  # today may lift some of them above the six, hardly anybody from below
Sums = Mapping[tuple[int, date], int]  # millionths of a cent by member and day


class MemberDays(NamedTuple):
    """One band of the stacked chart: a member's spend on each shown day; nobody's name is the rest."""

    person: Person | None
    cents: list[float]


class Spent(NamedTuple):
    """What is read of single members."""

    micro: Sums  # of the shown days
    last_days: Mapping[int, date]  # of idle seats: the last day with a request


def read_spent(team: Team, idle: frozenset[int]) -> Spent:
    """Of the shown days, daily sums of who spent most before today, and of everybody today; and on which day
    each of the `idle` made the last request ever. One query of two parts."""
    before = frozenset(person.pk for person in team.spenders(READ_MEMBERS))
    last = summed(_request_rows.statement(idle), ("member_id",), "MAX(day)", "NULL")
    micro, last_days = dict[tuple[int, date], int](), dict[int, date]()
    for pk, day, spent in fetch(_by_day(team, before, team.period.today), last):
        if spent is None:
            last_days[pk] = as_date(day)
        else:
            micro[pk, as_date(day)] = spent
    return Spent(micro, last_days)


def member_days(team: Team, sums: Sums, daily: Sequence[Day]) -> list[MemberDays]:
    """The bands, the largest first and the rest last; `sums` are what `read_spent` read, `daily` the shown
    days. One query where today names somebody from below READ_MEMBERS."""
    period, sums = team.period, dict(sums)
    spent = {pk: own.total_micro for pk, own in team.by_member.items() if own.total_micro > 0}
    for (pk, day), micro in sums.items():
        if day == period.today and not period.cycle:  # a cycle's totals have today in them
            spent[pk] = spent.get(pk, 0) + micro
    most = nlargest(STACKED_MEMBERS, filter(spent.get, spent), key=lambda pk: spent[pk])
    if others := frozenset(most) - {person.pk for person in team.spenders(READ_MEMBERS)}:
        sums |= {(pk, as_date(day)): micro for pk, day, micro in fetch(_by_day(team, others, None))}
    bands = [[float_cents(sums.get((pk, day), 0)) for day in period.shown_days] for pk in most]
    drawn = [sum(cents) for cents in zip(*bands, strict=True)] or [0.0] * len(daily)
    rest = [max(float(day.total_cents) - cents, 0) for day, cents in zip(daily, drawn, strict=True)]
    named = [MemberDays(team.people[pk], cents) for pk, cents in zip(most, bands, strict=True)]
    return [*named, MemberDays(None, rest)]


def _by_day(team: Team, members: frozenset[int], today: date | None) -> Statement | None:
    """Sums of the members' shown days, up to today also where charts end before."""
    period = team.period
    span = period.span if period.cycle else DaySpan(period.first, period.today)
    rows = _drawn_rows.statement(team.selection, span, members, today)
    return summed(rows, ("member_id", "day"), micro_sum("total_cents"))


@prepared
def _drawn_rows(chosen: Selection, span: DaySpan, members: frozenset[int], today: date | None) -> QuerySet:
    """Of the members, and of everybody today, if that is given."""
    rows = chosen.of(MemberModelDay.objects.within(span)).order_by()
    return rows.filter(Q(member__in=members) | Q(day=today) if today else Q(member__in=members))


@prepared
def _request_rows(members: frozenset[int]) -> QuerySet:
    return MemberModelDay.objects.filter(member__in=members, requests__gt=0).order_by()

"""Seats that are paid for and not used."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from collector.base import names
from collector.base.days import utc_day
from tracker.reports.team import MemberFigures

# A member who joined within these days has had no time to begin.
NEWCOMER = timedelta(days=14)
# The team's first reading takes a while. Nobody knows how long those whom it lists have been there.
FIRST_READING = timedelta(days=1)


@dataclass(frozen=True)
class UnusedSeat:
    member: MemberFigures
    last_day: date | None  # of the last request ever
    since: date | None  # when the member joined; None if before the team was first read, or names are hidden


def unused_seats(
    inactive: Sequence[MemberFigures], last: Mapping[int, date], now: datetime
) -> list[UnusedSeat]:
    """Of the `inactive`, neither newcomers nor owners of the organisation; `last` has their last requests."""
    if not inactive:
        return []
    reader = names.current()
    first = min(inactive[0].team.people.values(), key=lambda person: person.first_seen)
    begun = first.since + FIRST_READING
    return [
        UnusedSeat(
            seat,
            last.get(seat.person.pk),
            utc_day(seat.person.since)
            if seat.person.since > begun and not reader.hides(seat.person.pk)
            else None,
        )
        for seat in inactive
        if not (seat.person.is_owner or is_newcomer(seat.person.since, begun, now))
    ]


def is_newcomer(since: datetime, begun: datetime, now: datetime) -> bool:
    """Whether a member of `since` came lately, and after the team was first read."""
    return since > begun and since > now - NEWCOMER

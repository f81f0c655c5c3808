"""What the vendor's memberships mean day by day, and which of it is taken over."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from collector.base.days import utc_day
from collector.models import CursorGroupMembership


class DayStay(NamedTuple):
    """A stay in UTC days, from `first` to the day before `until`; in no group without a group."""

    cursor_group_id: int | None
    first: date
    until: date | None


@dataclass(frozen=True)
class HeldGroup:
    """What is on record from a day on."""

    group_id: int | None
    is_local: bool


def by_day(stays: Iterable[CursorGroupMembership]) -> Iterator[DayStay]:
    """Yield one member's stays in order, in no group between them. A day belongs to where it ended.

    A stay ends where the next begins: the vendor's list may tell of the new group before the old one's end.
    One in a group that no longer exists ended with it.
    """
    ordered = sorted(stays, key=lambda stay: stay.joined_at)
    for stay, following in zip(ordered, [*ordered[1:], None], strict=True):
        next_first = utc_day(following.joined_at) if following else None
        left_at = stay.left_at or stay.group.gone_at
        left_on = utc_day(left_at) if left_at else None
        until = min((day for day in (left_on, next_first) if day), default=None)
        yield DayStay(stay.group_id, utc_day(stay.joined_at), until)
        if left_on and (next_first is None or left_on < next_first):
            yield DayStay(None, left_on, next_first)


def to_take_over(
    wanted: Mapping[date, int | None], stays: Mapping[date, HeldGroup]
) -> dict[date, int | None]:
    """Return the groups to put on record, by day, so that one member's record says what the vendor says.

    A day that falls into something set here is left alone: it wins until it is given back.
    """
    record = dict(stays)
    writes: dict[date, int | None] = {}
    for day, group_id in sorted(wanted.items()):
        holder = held_on(record, day)
        if holder.is_local or holder.group_id == group_id:
            continue
        writes[day] = group_id
        record[day] = HeldGroup(group_id, is_local=False)
    return writes


def held_on(record: Mapping[date, HeldGroup], day: date) -> HeldGroup:
    """What `record` says of `day`; in no group before its first day."""
    last = max((from_day for from_day in record if from_day <= day), default=None)
    return record[last] if last else HeldGroup(None, is_local=False)

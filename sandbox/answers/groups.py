"""GET /teams/groups and /teams/groups/:id: billing groups of a cycle, with spend where it happened."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import numpy as np

from sandbox.company.columns import Events
from sandbox.company.instants import DAY_MS, day_ms, days_between, iso, midnight
from sandbox.company.members import Employee, user_id
from sandbox.company.names import GROUPS
from sandbox.http import HttpError, Request, Row, bad_request
from sandbox.state.view import View

from .directory_groups import directory_group_id
from .spelling import cents

UNASSIGNED_ID = "group_unassigned"


@dataclass(frozen=True)
class GroupCycle:
    """A billing cycle in whole UTC days, as this endpoint shows it; `end` is not included."""

    start: date
    end: date

    @property
    def days(self) -> list[date]:
        return days_between(self.start, self.end - timedelta(days=1))


def answer_list(request: Request) -> Row:
    books = Books(request.view, _cycle(request))
    return {
        "groups": [books.group(name) for name in GROUPS],
        "unassignedGroup": books.group(None),
        "billingCycle": _cycle_row(books.cycle),
    }


def answer_one(request: Request) -> Row:
    by_id = {group_id(name): name for name in (*GROUPS, None)}
    if request.parts[0] not in by_id:
        raise HttpError(404, "Not Found", "Group not found")
    books = Books(request.view, _cycle(request))
    group = books.group(by_id[request.parts[0]], has_member_days=True)
    return {"group": group, "billingCycle": _cycle_row(books.cycle)}


def group_id(name: str | None) -> str:
    return UNASSIGNED_ID if name is None else "group_" + user_id(9_000 + GROUPS.index(name))[5:]


class Books:
    """The spend of a cycle by member and UTC day, in whole days of the cycle."""

    def __init__(self, view: View, cycle: GroupCycle) -> None:
        self.cycle, self._view = cycle, view
        self._spend = self._matrix(view.events(day_ms(cycle.start), day_ms(cycle.end) - 1))

    def _matrix(self, events: Events) -> np.ndarray:
        matrix = np.zeros((len(self._view.company.members), len(self.cycle.days)), dtype=np.int64)
        np.add.at(
            matrix,
            (events.member, (events.occurred_ms - day_ms(self.cycle.start)) // DAY_MS),
            events.charged_micro,
        )
        return matrix

    def group(self, name: str | None, *, has_member_days: bool = False) -> Row:
        """Return the group with what its members spent while they were in it."""
        last = min(self._view.now.date(), self.cycle.end - timedelta(days=1))
        people = [m for m in self._view.company.members if m.is_human and m.joined_on <= last]
        current = [m for m in people if m.group_on(last) == name and last < m.left_on]
        former = [
            m for m in people if m not in current and name in {m.group_on(day) for day in self.cycle.days}
        ]
        daily = sum(
            (self._in_group(m, name) for m in (*current, *former)),
            np.zeros(len(self.cycle.days), dtype=np.int64),
        )
        return {
            "id": group_id(name),
            "name": name or "Unassigned",
            "type": "BILLING",
            "directoryGroupId": directory_group_id(name) if name else None,
            "memberCount": len(current),
            "createdAt": iso(midnight(self._view.company.first_day)),
            "updatedAt": iso(midnight(self.cycle.start)),
            "spendCents": cents(daily.sum()),
            "currentMembers": [self._member(m, name, has_days=has_member_days) for m in current],
            "formerMembers": [self._member(m, name, has_days=False) for m in former],
            "dailySpend": self._daily_spend(daily),
        }

    def _in_group(self, member: Employee, name: str | None) -> np.ndarray:
        inside = [member.group_on(day) == name and day < member.left_on for day in self.cycle.days]
        return self._spend[member.index] * np.array(inside)

    def _member(self, member: Employee, name: str | None, *, has_days: bool) -> Row:
        daily = self._in_group(member, name)
        row: Row = {
            "userId": member.id,
            "name": member.name,
            "email": member.email,
            "joinedAt": iso(midnight(self._joined_on(member, name))),
            "leftAt": _left_at(member, name, self._view.now.date()),
            "spendCents": cents(daily.sum()),
        }
        return row | {"dailySpend": self._daily_spend(daily)} if has_days else row

    def _joined_on(self, member: Employee, name: str | None) -> date:
        moved_on = member.moved_on if member.former_group and member.group == name else date.min
        return max(member.joined_on, moved_on, self._view.company.first_day)

    def _daily_spend(self, daily: Iterable[int]) -> list[Row]:
        """Return the days with spend; a day without is absent."""
        days = zip(self.cycle.days, daily, strict=True)
        return [{"date": day.isoformat(), "spendCents": cents(micro)} for day, micro in days if micro]


def _left_at(member: Employee, name: str | None, today: date) -> str | None:
    if member.former_group == name and name is not None and member.moved_on <= today:
        return iso(midnight(member.moved_on))
    return iso(midnight(member.left_on)) if member.left_on <= today else None


def _cycle(request: Request) -> GroupCycle:
    instant = request.view.now
    if wish := request.query.get("billingCycle"):
        try:
            instant = datetime.combine(date.fromisoformat(wish), time(23, 59, 59), UTC)
        except ValueError:
            raise bad_request("billingCycle must be YYYY-MM-DD") from None
        if not 2000 <= instant.year <= 2100:
            raise bad_request("billingCycle is out of range")
    start, end = request.view.company.anniversary.cycle(instant)
    return GroupCycle(start.date(), end.date())


def _cycle_row(cycle: GroupCycle) -> Row:
    return {"cycleStart": iso(midnight(cycle.start)), "cycleEnd": iso(midnight(cycle.end))}

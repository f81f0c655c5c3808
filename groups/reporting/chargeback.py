"""Who is charged for what: a cycle's spend by group and member, by the group held on each day."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from collector.base import names
from collector.base.spans import DaySpan
from collector.base.spreadsheets import harmless
from collector.base.statements import Statement, prepared
from collector.facts.weeks import Weekly, cycle_in_weeks
from collector.models import BillingCycle, Member, MemberModelDay
from collector.models.totals import MemberModelDayQuerySet, span_of
from groups.assignments.membership import UNASSIGNED, sums_by_group
from groups.names import key
from groups.small import forget_shown_groups, shown_groups


class ChargebackFigures(NamedTuple):
    """What somebody spent, exact to a millionth of a cent; total − billed = included."""

    total_cents: Decimal = Decimal(0)
    billed_cents: Decimal = Decimal(0)
    requests: int = 0

    @property
    def included_cents(self) -> Decimal:
        return self.total_cents - self.billed_cents

    def share_of(self, whole: ChargebackFigures) -> Decimal | None:
        """This part of the whole's total, between 0 and 1; None if the total is nothing."""
        return self.total_cents / whole.total_cents if whole.total_cents else None


def total(parts: Iterable[ChargebackFigures]) -> ChargebackFigures:
    """Of all of them together."""
    return ChargebackFigures._make(map(sum, zip(ChargebackFigures(), *parts, strict=True)))


class MemberCharge(NamedTuple):
    """What one member spent on the days on which they were in the group."""

    group_id: int
    group: str
    member_id: int
    email: str
    name: str
    figures: ChargebackFigures


@dataclass(frozen=True)
class GroupCharge:
    """One group, or Unassigned, with its members, the largest first."""

    group_id: int
    name: str
    figures: ChargebackFigures
    members: list[MemberCharge]


@dataclass(frozen=True)
class Chargeback:
    """A whole cycle, groups by name and Unassigned last. The groups' figures add up to its own exactly."""

    start_at: datetime
    end_at: datetime
    figures: ChargebackFigures
    groups: list[GroupCharge]


def chargeback(cycle: BillingCycle, member_ids: Collection[int] | None = None) -> Chargeback:
    """Divide a cycle's spend, or that of some members. Three queries."""
    rows = _rows.statement(span_of(cycle), None if member_ids is None else frozenset(member_ids))
    weekly = cycle_in_weeks(cycle) if member_ids is None else None
    try:
        charges = _charges(rows, weekly)
    except KeyError:  # a member or group was made, or removed, between two of the queries
        forget_shown_groups()
        charges = _charges(rows, weekly)
    groups = [
        GroupCharge(group_id, path, total(member.figures for member in members), members)
        for (group_id, path), members in charges.items()
    ]
    groups.sort(key=lambda group: (group.group_id == UNASSIGNED, key(group.name)))
    return Chargeback(cycle.start_at, cycle.end_at, total(group.figures for group in groups), groups)


@prepared
def _rows(span: DaySpan, member_ids: frozenset[int] | None) -> MemberModelDayQuerySet:
    rows = MemberModelDay.objects.within(span)
    return rows if member_ids is None else rows.filter(member__in=member_ids)


_people = prepared(lambda: Member.objects.order_by().values_list("pk", "email", "name"))


def _charges(days: Statement | None, weekly: Weekly | None) -> dict[tuple[int, str], list[MemberCharge]]:
    """The members of each group (id, path) with what they spent in it, the largest first."""
    reader = names.current()
    people = {pk: (reader.address(pk, email), reader.name(pk, name)) for pk, email, name in _people()}
    shown = shown_groups()
    sums = defaultdict[tuple[int, str], dict[int, ChargebackFigures]](dict)
    for group_id, pk, own in sums_by_group(days, *ChargebackFigures._fields, weekly=weekly):
        members, figures = sums[shown[group_id]], ChargebackFigures._make(own)
        # Groups that are shown as one may both have had the member.
        members[pk] = total([members[pk], figures]) if pk in members else figures
    by_group = {
        group: [MemberCharge(*group, pk, *people[pk], figures) for pk, figures in members.items()]
        for group, members in sums.items()
    }
    for charges in by_group.values():
        charges.sort(key=lambda charge: (-charge.figures.total_cents, charge.email))
    return by_group


CSV_COLUMNS = (
    "group",
    "email",
    "name",
    "total_cents",
    "billed_cents",
    "included_cents",
    "requests",
    "share",
)


def as_rows(result: Chargeback) -> list[dict[str, object]]:
    """One flat row per group and member, for CSV: exact cents, shares of the cycle's total, safe texts."""
    return [
        {"group": harmless(group.name), "email": harmless(member.email), "name": harmless(member.name)}
        | _as_json(member.figures, result.figures)
        for group in result.groups
        for member in group.members
    ]


def as_json(result: Chargeback) -> dict[str, object]:
    """The same as a tree, money as text so that no reader makes a float of it."""
    return {
        "cycleStart": result.start_at.isoformat(),
        "cycleEnd": result.end_at.isoformat(),
        **_as_json(result.figures, result.figures),
        "groups": [
            {"group": group.name, **_as_json(group.figures, result.figures)}
            | {
                "members": [
                    {"email": member.email, "name": member.name} | _as_json(member.figures, result.figures)
                    for member in group.members
                ]
            }
            for group in result.groups
        ],
    }


def _as_json(figures: ChargebackFigures, whole: ChargebackFigures) -> dict[str, object]:
    share = figures.share_of(whole)
    return {
        "total_cents": f"{figures.total_cents:f}",
        "billed_cents": f"{figures.billed_cents:f}",
        "included_cents": f"{figures.included_cents:f}",
        "requests": figures.requests,
        "share": "" if share is None else f"{share:.6f}",
    }

"""The tables of a cycle's chargeback."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from django.http import QueryDict
from django.urls import reverse

from collector.base.days import utc_day
from collector.models import BillingCycle
from groups.names import UNASSIGNED_NAME
from groups.reporting.chargeback import Chargeback, ChargebackFigures, GroupCharge, MemberCharge, total
from groups.tree import GroupOption, group_options
from tracker import periods
from tracker.filter_bar import Choice
from tracker.filters import NAMES
from tracker.pages.days import change_columns
from tracker.reports.changes import NO_CHANGE, Change, ChargeChanges
from tracker.reports.cycle import Reconciled
from tracker.reports.people import member_url
from tracker.reports.teams import parents
from tracker.widgets import formats
from tracker.widgets.tables import LONG_ROWS, Column, PageParts, Row, Table, query_string_with
from tracker.widgets.trees import Tree

SHARE = "Share of the cycle's total spend."
SPENT = "Who spent while in the group: leavers and movers too. Settings counts who belongs to it now."
NOT_COMPARED = ChargeChanges()
NOTHING_SPENT = "Nothing was spent in this cycle."
INCLUDED = "Used, but covered by the plan: total less on demand."


@dataclass(frozen=True)
class GroupLine:
    """One group with everything below it; `members` are those who spent in any of them."""

    option: GroupOption
    is_parent: bool
    members: int
    figures: ChargebackFigures
    change: Change | None  # None where nothing is compared

    @property
    def cents(self) -> Decimal:
        return self.figures.total_cents


def page(
    result: Chargeback,
    cycle: BillingCycle,
    known: Sequence[BillingCycle],
    query: QueryDict,
    now: datetime,
    reconciled: Reconciled | None = None,
    changes: ChargeChanges = NOT_COMPARED,
) -> PageParts:
    choices = cycle_choices(known, cycle)
    is_last_known = choices[0].is_current and cycle.end_at <= now
    return PageParts(
        query,
        now,
        result=result,
        cycle=f"{formats.instant(cycle.start_at)} to {formats.instant(cycle.end_at)}",
        cycles=choices,
        note=periods.no_cycle(now) if is_last_known else "",
        reconciled=reconciled,
        kept_query=kept_query(query),
        comparisons=comparisons(query),
        compared_with=compared_with(query, changes),
        tree=groups_tree(result, cycle, now, changes),
        groups=groups_table(result, changes),
        members=members_table(result, changes),
    )


def groups_table(result: Chargeback, changes: ChargeChanges) -> Table[GroupCharge]:
    change: list[Column[GroupCharge]] = change_columns(
        changes.comparison, changes.by_group, lambda row: row.group_id
    )
    columns = [
        Column("group", "Group", lambda row: row.name),
        Column("members", "Members who spent", lambda row: len(row.members), "count", help=SPENT),
        *figure_columns(lambda row: row.figures, result, change),
    ]
    return Table("groups", "By group", columns, result.groups, sort="-total", empty=NOTHING_SPENT)


def members_table(result: Chargeback, changes: ChargeChanges) -> Table[MemberCharge]:
    change: list[Column[MemberCharge]] = change_columns(
        changes.comparison, changes.by_member, lambda row: (row.group_id, row.member_id)
    )
    columns = [
        Column("group", "Group", lambda row: row.group),
        Column("member", "Member", lambda row: row.name or row.email, link=lambda row: member_url(row.email)),
        Column("email", "E-mail", lambda row: row.email, only_csv=True),
        *figure_columns(lambda row: row.figures, result, change),
    ]
    return Table(
        "members", "By group and member", columns, [row for group in result.groups for row in group.members],
        sort="-total", row_choices=LONG_ROWS, empty=NOTHING_SPENT,
    )  # fmt: skip


def groups_tree(
    result: Chargeback, cycle: BillingCycle, now: datetime, changes: ChargeChanges
) -> Tree[GroupLine]:
    overview, period = reverse("overview"), cycle_days(cycle, now)
    change: list[Column[GroupLine]] = [Column("change", "Change", lambda line: line.change, "change")]
    columns = figure_columns(
        lambda line: line.figures, result, change if changes.comparison else [], share="percent"
    )
    return Tree(
        "groups",
        "By group",
        [*columns, Column("members", "Members who spent", lambda line: line.members, "figure", help=SPENT)],
        group_lines(result, changes),
        link=lambda line: f"{overview}?{urlencode(period | {'group': line.option.path})}",
        note="A parent has the sums of the groups below it. The CSV has each group by itself.",
    )


def group_lines(result: Chargeback, changes: ChargeChanges) -> list[GroupLine]:
    """Groups in the order of the tree, parents before children with the sums of both, Unassigned last."""
    charges = {charge.group_id: charge for charge in result.groups}
    by_group = changes.by_group
    names = {pk: changes.paths[pk] for pk in by_group} | {pk: charge.name for pk, charge in charges.items()}
    names = {pk: name for pk, name in names.items() if name != UNASSIGNED_NAME}
    concerned = {*charges, *by_group}
    options = [option for option in group_options(names) if option.group_ids & concerned]
    folded = parents(options)
    return [
        GroupLine(
            option,
            is_parent=option.path in folded,
            members=len({member.member_id for charge in own for member in charge.members}),
            figures=total(charge.figures for charge in own),
            change=sum((by_group.get(pk, NO_CHANGE) for pk in option.group_ids), NO_CHANGE)
            if changes.comparison
            else None,
        )
        for option in options
        for own in [[charges[pk] for pk in option.group_ids if pk in charges]]
    ]


def cycle_days(cycle: BillingCycle, now: datetime) -> dict[str, str]:
    """The period of `cycle` as the address of another page has it: one that is over by its days."""
    if cycle.end_at > now:
        return {"period": "cycle"}
    return {
        "from": f"{utc_day(cycle.start_at)}",
        "to": f"{utc_day(cycle.end_at - timedelta(microseconds=1))}",
    }


def kept_query(query: QueryDict) -> dict[str, str]:
    """The filters of other pages that the address carries."""
    return {name: str(query[name]) for name in NAMES if query.get(name) and name != "compare"}


def comparisons(query: QueryDict) -> list[Choice]:
    """With nothing, or with the cycle before."""
    is_compared = bool(query.get("compare"))
    return [
        Choice("", "Off", not is_compared, query_string_with(query, {"compare": None})),
        Choice("cycle", "Cycle before", is_compared, query_string_with(query, {"compare": "cycle"})),
    ]


def compared_with(query: QueryDict, changes: ChargeChanges) -> str:
    if not query.get("compare"):
        return ""
    return f"Compared with {changes.comparison.days}" if changes.comparison else "No cycle before is known"


def figure_columns(
    of: Callable[[Row], ChargebackFigures],
    result: Chargeback,
    change: list[Column[Row]],
    share: str = "share",
) -> list[Column[Row]]:
    """The columns that every row of a chargeback has."""
    return [
        Column("total", "Total", lambda row: of(row).total_cents, "money"),
        *change,
        Column("billed", "On demand", lambda row: of(row).billed_cents, "money"),
        Column("included", "Included", lambda row: of(row).included_cents, "money", help=INCLUDED),
        Column("requests", "Requests", lambda row: of(row).requests, "count"),
        Column("share", "Share", lambda row: _share_of_total(of(row), result), share, help=SHARE),
    ]


def cycle_choices(known: Sequence[BillingCycle], chosen: BillingCycle) -> list[Choice]:
    """Each by its first day."""
    return [Choice(f"{cycle.start_at:%Y-%m-%d}", cycle_name(cycle), cycle == chosen) for cycle in known]


def cycle_name(cycle: BillingCycle) -> str:
    """`13 Feb 2026 to 13 Mar 2026`."""
    return f"{formats.full_day(utc_day(cycle.start_at))} to {formats.full_day(utc_day(cycle.end_at))}"


def _share_of_total(part: ChargebackFigures, result: Chargeback) -> float | None:
    share = part.share_of(result.figures)
    return None if share is None else float(share)

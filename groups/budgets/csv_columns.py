"""Budgets in the CSV of groups: `budget` is the member's own, `group_budget` that of the line's group."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation

from collector.base.cells import is_empty_value
from collector.base.csv_files import Problems, Row
from collector.base.plausibility import MOST_CENTS
from collector.imports.numbers import money
from collector.models import Member
from groups.imports.people import Target
from groups.models import CycleBudget, Group
from groups.names import key

from .models import MOST_DOLLARS

# Nobody budgets tenths of cents: 1.250 means thousands.
THOUSANDTHS = re.compile(r"\.\d{3,}$")
COLUMNS = {"budget": ("budget",), "group_budget": ("group_budget", "group budget")}


@dataclass(frozen=True)
class PlannedBudget:
    """One budget that the file would change, in dollars; empty is none. `email` or `path` says whose."""

    email: str
    path: str
    current: str
    new: str


def read_dollars(row: Row, column: str, delimiter: str, problems: Problems) -> str:
    """The amount with two decimals, `0.00` for no budget; empty where the cell is."""
    cell = row[column]
    text = cell.replace("$", "").strip()
    if is_empty_value(text):
        return ""
    try:
        amount = _typed_amount(text, delimiter)
    except ValueError:
        amount = Decimal(-1)
    if not amount.is_finite() or not 0 <= amount <= MOST_DOLLARS or THOUSANDTHS.search(text):
        problems.note(row.line, f"the budget “{cell[:40]}” is not an amount in dollars, such as 250.")
        return ""
    return f"{amount:.2f}"


def _typed_amount(text: str, delimiter: str) -> Decimal:
    """As this product exports it, or as spreadsheets do: `1,250.00`, and `250,50` between semicolons."""
    try:
        return Decimal(text)
    except InvalidOperation:
        cents = money(text, delimiter, MOST_CENTS) if any(map(str.isdigit, text)) else None
        if cents is None:  # a word such as “included” is not a budget of zero
            raise ValueError("not an amount") from None
        return cents / 100


def agreed_group_budgets(lines: Iterable[Target], problems: Problems) -> Iterator[Target]:
    """The lines, without the budgets of groups that have several in the file, which are noted."""
    lines = list(lines)
    first_by_group: dict[str, Target] = {}
    disagreeing: set[str] = set()
    for line in lines:
        group = key(line.path or "")
        if not line.group_budget:
            continue
        first = first_by_group.setdefault(group, line)
        if line.group_budget != first.group_budget:
            problems.note(
                line.line,
                f"the budget of “{line.path}” is {line.group_budget} here and {first.group_budget} on line "
                f"{first.line}. Write the same amount on both lines.",
            )
            disagreeing.add(group)
    for line in lines:
        if key(line.path or "") not in disagreeing:
            yield line
        elif line.email:
            yield replace(line, group_budget="")


def planned_budgets(lines: Iterable[Target]) -> list[PlannedBudget]:
    """The budgets that would change, members' first. Two queries."""
    members, groups = current_budgets()
    asked = {line.email: line.budget for line in lines if line.email and line.budget}
    asked_groups = {key(line.path): line for line in lines if line.path and line.group_budget}
    people = set(Member.objects.values_list("email", flat=True)) if asked else set()
    budgets = [
        PlannedBudget(email, "", members.get(email, ""), none_for_zero(new))
        for email, new in asked.items()
        if email in people
    ]
    budgets += [
        PlannedBudget("", line.path or "", groups.get(group, ""), none_for_zero(line.group_budget))
        for group, line in asked_groups.items()
    ]
    return [budget for budget in budgets if budget.current != budget.new]


def none_for_zero(amount: str) -> str:
    return amount if Decimal(amount) else ""


def current_budgets() -> tuple[dict[str, str], dict[str, str]]:
    """Amounts by the members' e-mails, and by the keys of the groups' names. One query."""
    members, groups = {}, {}
    for row in CycleBudget.objects.select_related("group", "member"):
        if row.member:
            members[row.member.email] = f"{row.amount_dollars:.2f}"
        elif row.group:
            groups[key(row.group.name)] = f"{row.amount_dollars:.2f}"
    return members, groups


def apply_budgets(planned: Iterable[Mapping[str, str]], emails: Collection[str] | None) -> int:
    """Set what was planned, or what of it is about these members; return how many. A group that is not there
    is left out."""
    groups = {key(group.name): group for group in Group.objects.open()}
    changed = 0
    for row in planned:
        if emails is not None and row["email"] not in emails:
            continue
        group = groups.get(key(row["path"])) if row["path"] else None
        member = Member.objects.by_address(row["email"]) if row["email"] else None
        if group or member:
            set_budget(group, member, row["new"])
            changed += 1
    return changed


def set_budget(group: Group | None, member: Member | None, amount: str) -> None:
    """Saves one budget at a time, so that the history records each change."""
    budget = CycleBudget.objects.filter(group=group, member=member).first()
    if not amount:
        if budget:
            budget.delete()
        return
    budget = budget or CycleBudget(group=group, member=member)
    budget.amount_dollars = Decimal(amount)
    budget.save()

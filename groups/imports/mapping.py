"""The mapping of members to groups as a CSV: `email,name,group`."""

import csv
from datetime import date
from typing import BinaryIO

from collector.base.cells import bare_address, is_empty_value
from collector.base.csv_files import Problems, Row
from collector.base.spreadsheets import harmless, original
from collector.models import Member
from groups.assignments.membership import current
from groups.budgets import csv_columns
from groups.imports import people
from groups.imports.people import PeopleTable, Target, group_cell, without_disagreement
from groups.models import CycleBudget
from groups.names import BadName, key, normalised
from groups.reporting.files import Writable

HEADER = ("email", "name", "group")
BUDGET_HEADER = ("budget", "group_budget")  # only where a budget is set
COLUMNS = {
    "email": people.COLUMNS["email"],
    "name": people.COLUMNS["name"],
    "group": ("group", "billing group", "group name"),
    **csv_columns.COLUMNS,
}


def write_mapping(file: Writable, day: date) -> int:
    """Write the mapping of `day` to the text file `file`; return the number of members.

    Everyone on the team is in it, and whoever else is in a group. Cells are safe to open in a spreadsheet.
    Where budgets are set, two more columns hold them, and groups without members stand below with theirs.
    """
    group_by_member = current(day)
    on_team = set(Member.objects.on_team().values_list("pk", flat=True))
    writer = csv.writer(file)
    members, groups = csv_columns.current_budgets()
    has_budgets = bool(members or groups)
    writer.writerow(HEADER + (BUDGET_HEADER if has_budgets else ()))
    written, shown = 0, set()
    for member in Member.objects.order_by("email"):
        group = group_by_member.get(member.pk)
        if group or member.pk in on_team:
            name = key(group.name) if group else ""
            cells = (member.email, member.name, group.name if group else "")
            budgets = (members.get(member.email, ""), groups.get(name, "")) if has_budgets else ()
            writer.writerow(map(harmless, cells + budgets))
            shown.add(name)
            written += 1
    for budget in CycleBudget.objects.filter(group__isnull=False).select_related("group"):
        if budget.group and key(budget.group.name) not in shown:
            writer.writerow(map(harmless, ("", "", budget.group.name, "", f"{budget.amount_dollars:.2f}")))
    return written


def read_mapping(file: BinaryIO, problems: Problems) -> list[Target]:
    """Read a mapping; FileError where it cannot be used.

    Lines that make no sense, and all lines of a member, or amounts of a group, on which two disagree, are
    noted in `problems`.
    """
    table = PeopleTable(file, COLUMNS, ("email", "group"), problems)
    lines = (_target(row, table.delimiter, problems) for row in table)
    targets = without_disagreement(filter(None, lines), problems)
    return list(csv_columns.agreed_group_budgets(targets, problems))


def _target(row: Row, delimiter: str, problems: Problems) -> Target | None:
    email, group = bare_address(original(row["email"])), original(row["group"])
    budget = csv_columns.read_dollars(row, "budget", delimiter, problems)
    group_budget = csv_columns.read_dollars(row, "group_budget", delimiter, problems)
    if is_empty_value(email) and not (group_budget and group):
        problems.note(row.line, "the e-mail is missing: add it, or delete the line.")
        return None
    try:
        path = normalised(group) if group_cell(group) else ""
    except BadName as exc:
        problems.note(row.line, str(exc))
        return None
    if is_empty_value(email):
        email = ""
    return Target(row.line, email, original(row["name"]), path, budget=budget, group_budget=group_budget)

"""The People Directory's CSV → people, each with the group that it puts them into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from collector.base.cells import bare_address, is_empty_value
from collector.base.csv_files import CsvTable, Problems, Row
from collector.base.csv_headers import Columns
from groups.names import SEPARATOR, UNASSIGNED_NAME, BadName, ancestors, key, normalised

GENERAL = "General"
COLUMNS = {
    # A directory may have a private address under *Email* as well.
    "email": (
        *("work email", "email (work)", "primary work email", "email primary work", "work email address"),
        *("company email", "business email", "email", "email address", "user email", "member email"),
        *("mail", "user principal name"),  # of Microsoft's and other directories
    ),
    "name": ("display name", "full name", "name"),
    "title": ("job title", "title"),
    "department": (
        *("department", "department name", "dept", "abteilung", "département", "departement", "departamento"),
        *("division", "business unit", "employee supervisory organization", "supervisory organization"),
        *("cost center", "cost center name", "cost centre", "kostenstelle"),  # for want of anything better
    ),
    "group": ("group", "gruppe", "groupe", "grupo"),
    "team": ("team", "team name", "équipe", "equipe", "equipo"),
}


class PeopleTable(CsvTable):
    """A list of people. An encoding that was guessed is remarked on: names may be spelled wrong."""

    most_rows = 50_000  # far more than the largest company that this is built for has people

    def __init__(self, file: BinaryIO, columns: Columns, required: tuple[str, ...], problems: Problems):
        super().__init__(file, columns, required=required, problems=problems)
        if self.guessed_encoding:
            problems.remarks.append(
                f"The encoding was guessed ({self.guessed_encoding}): look at names with accents."
            )


@dataclass(frozen=True)
class Target:
    """One person of the file; `path` is the group, empty for Unassigned, None where the file has none."""

    line: int
    email: str
    name: str
    path: str | None
    title: str = ""
    department: str = ""
    budget: str = ""  # dollars, the member's own; empty where the file has none
    group_budget: str = ""  # of the group that the line names

    def difference(self, first: Target) -> str:
        """How it differs from an earlier line about the same person; empty where only in spelling."""
        if key(self.path or "") != key(first.path or ""):
            path, other = self.path or UNASSIGNED_NAME, first.path or UNASSIGNED_NAME
            return f"is here in “{path}” and on line {first.line} in “{other}”"
        if self.budget != first.budget:
            budget, other = self.budget or "none", first.budget or "none"
            return f"has the budget {budget} here and {other} on line {first.line}"
        return ""


def read_people(file: BinaryIO, problems: Problems) -> list[Target]:
    """The people by first appearance; FileError where the file cannot be used.

    Lines that make no sense, and all lines of a person on which two disagree, are noted in `problems`. A line
    without an e-mail is a person of its own, whose e-mail is empty.
    """
    table = PeopleTable(file, COLUMNS, ("email",), problems)
    return without_disagreement(filter(None, (_person(row, problems) for row in table)), problems)


def without_disagreement(lines: Iterable[Target], problems: Problems) -> list[Target]:
    """One target for each e-mail, and those without one; none of an e-mail in two groups, which is noted."""
    people: dict[str | int, Target] = {}
    disagreeing: set[str] = set()
    for line in lines:
        first = people.setdefault(line.email or line.line, line)
        if first.path is None:  # who came back is listed twice, once without a group
            people[line.email or line.line] = line
        elif line.path is not None and (difference := line.difference(first)):
            problems.note(line.line, f"{line.email} {difference}. Keep one of the two lines.")
            disagreeing.add(line.email)
    return [person for person in people.values() if person.email not in disagreeing]


def group_cell(text: str) -> str:
    """The group that a cell names; empty for a word such as “none”."""
    return "" if is_empty_value(text) else text


def path_of(group: str, team: str, department: str) -> str:
    """`Group > Team`; General where there is no team of its own; Department where there is no group.

    Empty if all three are. A team alone is taken for a group.
    """
    parent = group or department
    if not parent:
        return normalised(team + SEPARATOR + GENERAL) if team else ""
    own_team = team if key(team) != key(parent) else ""
    return normalised(parent + SEPARATOR + (own_team or GENERAL))


def _person(row: Row, problems: Problems) -> Target | None:
    try:
        path = path_of(*(group_cell(row[column]) for column in ("group", "team", "department")))
    except BadName as exc:
        problems.note(row.line, f"{exc} Correct Group, Team or Department.")
        return None
    email = "" if is_empty_value(row["email"]) else bare_address(row["email"])
    return Target(row.line, email, row["name"], path or None, row["title"], row["department"])


def spelled_alike(paths: Iterable[str], existing: Iterable[str]) -> dict[str, str]:
    """Each path in one spelling of it and its parents: that of an `existing` name, else the first seen."""
    spelling: dict[str, str] = {}
    for name in existing:
        for path in (*ancestors(name), name):
            spelling.setdefault(key(path), path)
    spelled_paths = {}
    for path in paths:
        spelled = ""
        for part in path.split(SEPARATOR):
            wanted = f"{spelled}{SEPARATOR}{part}" if spelled else part
            spelled = spelling.setdefault(key(wanted), wanted)
        spelled_paths[path] = spelled
    return spelled_paths

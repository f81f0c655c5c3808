"""The People Directory's CSV → people, each with the group that it puts them into."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import BinaryIO

from collector.base.csv_files import CsvTable, Problems, Row
from groups.names import SEPARATOR, BadName, ancestors, key, normalised

GENERAL = "General"
COLUMNS = {
    "email": ("email", "e-mail", "work email", "email address"),
    "name": ("display name", "full name", "name"),
    "title": ("job title", "title"),
    "department": ("department",),
    "group": ("group",),
    "team": ("team",),
}


@dataclass(frozen=True)
class DirectoryPerson:
    """One person of the file; `path` is the group, empty where the file says nothing that makes one."""

    line: int
    email: str
    name: str
    title: str
    department: str
    path: str


def read(file: BinaryIO) -> list[DirectoryPerson]:
    """The people by first appearance; FileError with line numbers where the file cannot be used.

    A line without an e-mail is a person of its own, whose e-mail is empty.
    """
    problems = Problems()
    people: dict[str | int, DirectoryPerson] = {}
    for row in CsvTable(file, COLUMNS, required=("email",)):
        if person := _person(row, problems):
            first = people.setdefault(person.email or person.line, person)
            _check_agreement(first, person, problems)
    problems.raise_if_any()
    return list(people.values())


def path_of(group: str, team: str, department: str) -> str:
    """`Group > Team`; General where there is no team of its own; Department where there is no group.

    Empty if all three are. A team alone is taken for a group.
    """
    parent = group or department
    if not parent:
        return normalised(team + SEPARATOR + GENERAL) if team else ""
    own_team = team if key(team) != key(parent) else ""
    return normalised(parent + SEPARATOR + (own_team or GENERAL))


def _person(row: Row, problems: Problems) -> DirectoryPerson | None:
    try:
        path = path_of(row["group"], row["team"], row["department"])
    except BadName as exc:
        problems.note(row.line, f"{exc} Correct Group, Team or Department.")
        return None
    return DirectoryPerson(row.line, row["email"].lower(), row["name"], row["title"], row["department"], path)


def _check_agreement(first: DirectoryPerson, person: DirectoryPerson, problems: Problems) -> None:
    """A problem if two lines for one person disagree on the group."""
    if key(first.path) != key(person.path):
        problems.note(
            person.line,
            f"{person.email} is here in “{person.path or 'no group'}” and on line {first.line} in "
            f"“{first.path or 'no group'}”. Keep one of the two lines.",
        )


def spelled_alike(paths: Iterable[str], known: Iterable[str]) -> dict[str, str]:
    """Return the one spelling of each path and its parents: a `known` name's, else the first seen."""
    spelling: dict[str, str] = {}
    for name in known:
        for path in (*ancestors(name), name):
            spelling.setdefault(key(path), path)
    return {path: _spelled(path, spelling) for path in paths}


def _spelled(path: str, spelling: dict[str, str]) -> str:
    """Spell `path` part by part, and remember how."""
    spelled = ""
    for part in path.split(SEPARATOR):
        wanted = f"{spelled}{SEPARATOR}{part}" if spelled else part
        spelled = spelling.setdefault(key(wanted), wanted)
    return spelled

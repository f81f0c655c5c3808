"""The mapping of members to groups as a CSV: `email,name,group`."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, BinaryIO

from collector.base.cells import says_nothing
from collector.base.csv_files import CsvTable, Problems, Row
from collector.base.spreadsheets import harmless, original
from collector.models import Member
from groups.assignments.membership import current
from groups.imports.people import group_cell, people_rows
from groups.names import BadName, key, normalised

HEADER = ("email", "name", "group")
COLUMNS = {"email": ("email", "e-mail"), "name": ("name",), "group": ("group",)}


@dataclass(frozen=True)
class Entry:
    """One line of the mapping; `path` is empty for Unassigned."""

    line: int
    email: str
    name: str
    path: str


def write(file: Any, day: date) -> int:
    """Write the mapping of `day` to the text file `file`; return the number of members.

    Everyone on the team is in it, and whoever else is in a group. Cells are safe to open in a spreadsheet.
    """
    held = current(day)
    on_team = set(Member.objects.on_team().values_list("pk", flat=True))
    writer = csv.writer(file)
    writer.writerow(HEADER)
    written = 0
    for member in Member.objects.order_by("email"):
        group = held[member.pk]
        if group or member.pk in on_team:
            writer.writerow(map(harmless, (member.email, member.name, group.name if group else "")))
            written += 1
    return written


def read(file: BinaryIO, problems: Problems | None = None) -> list[Entry]:
    """Read a mapping; FileError where it cannot be used.

    Lines that make no sense, and all lines of a member on which two disagree, are noted in `problems`;
    without it, one is enough to refuse the file.
    """
    noted = problems or Problems()
    entries: dict[str, Entry] = {}
    disagreeing: set[str] = set()
    for row in people_rows(CsvTable(file, COLUMNS, required=("email", "group"), problems=noted)):
        for entry in _entry(row, noted):
            first = entries.setdefault(entry.email, entry)
            if key(first.path) != key(entry.path):
                noted.note(
                    entry.line, f"{entry.email} is on line {first.line} too, in another group: keep one."
                )
                disagreeing.add(entry.email)
    if problems is None:
        noted.raise_if_any()
    return [entry for entry in entries.values() if entry.email not in disagreeing]


def _entry(row: Row, problems: Problems) -> Iterator[Entry]:
    email, group = " ".join(original(row["email"]).lower().split()), original(row["group"])
    if says_nothing(email):
        problems.note(row.line, "the e-mail is missing: add it, or delete the line.")
        return
    try:
        path = normalised(group) if group_cell(group) else ""
    except BadName as exc:
        problems.note(row.line, str(exc))
        return
    yield Entry(row.line, email, original(row["name"]), path)

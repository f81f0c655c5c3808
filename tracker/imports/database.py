"""Reading the SQLite file of cursor-usage-tracker, whatever its age: what a file lacks reads as empty."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any
from urllib.parse import quote

from collector.base.csv_files import FileError
from collector.base.days import from_epoch_ms
from collector.base.money import cents

MAGIC = b"SQLite format 3\0"
# Without one of these it is somebody else's database.
EXPECTED = {"members", "usage_events", "daily_usage"}

TrackerRow = dict[str, Any]


@dataclass
class ImportPart:
    """What became of one kind of row."""

    name: str
    read: int = 0
    taken: int = 0
    known: int = 0  # skipped: here already
    unusable: int = 0  # skipped: no member, day or instant that makes sense

    @property
    def line(self) -> str:
        """The part in one line, for people."""
        text = f"{self.name}: {self.read:,} read, {self.taken:,} taken, {self.known:,} known already"
        return f"{text}, {self.unusable:,} unusable" if self.unusable else text


class TrackerDb:
    """An open file, read only. FileError where it is none, or damaged."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise FileError(
                    f"{path.name} is no SQLite database: give the tracker.db of cursor-usage-tracker."
                )
        self._connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?mode=ro", uri=True)
        self._connection.row_factory = sqlite3.Row
        if not EXPECTED & self._names("SELECT name FROM sqlite_master"):
            raise FileError(f"{path.name} is a database, but not that of cursor-usage-tracker.")

    def close(self) -> None:
        self._connection.close()

    def rows(self, table: str, *columns: str, only: str = "") -> Iterator[TrackerRow]:
        """The rows of `table`; None for columns, nothing for tables, that the file lacks. `only` is SQL."""
        there = self._names("SELECT name FROM pragma_table_info(?)", table)
        wanted = [column for column in columns if column in there]
        if not wanted:
            return
        nothing: TrackerRow = dict.fromkeys(columns)
        # All three are written down in this package; a file has no say in them.
        for row in self._select(f"SELECT {', '.join(wanted)} FROM {table} {only}"):  # noqa: S608  # nosec B608
            yield {**nothing, **dict(row)}

    def _names(self, query: str, *values: str) -> set[str]:
        return {row[0] for row in self._select(query, *values)}

    def _select(self, query: str, *values: str) -> Iterator[sqlite3.Row]:
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.DatabaseError as exc:
            raise FileError(
                f"The database cannot be read ({exc}). Copy it again while the tracker is stopped."
            ) from exc


def instant(value: Any) -> datetime | None:
    """Milliseconds, or text, in UTC where it names no zone; None if it is no instant."""
    text = str(value or "").strip()
    try:
        if text.isdigit():
            return from_epoch_ms(int(text))
        parsed = datetime.fromisoformat(text)
    except (ValueError, OverflowError):
        return None
    return parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)


def day(value: Any) -> date | None:
    """The UTC day of a day or an instant; None if it is none."""
    found = instant(value)
    return found.date() if found else None


def email(value: Any) -> str:
    return str(value or "").strip().lower()


def number(value: Any) -> int:
    """A count; what is none counts as 0."""
    try:
        return int(float(value or 0))
    except (TypeError, ValueError, OverflowError):
        return 0


def amount(value: Any) -> Decimal:
    """Cents; what are none count as 0."""
    try:
        return cents(value)
    except (InvalidOperation, ValueError):
        return Decimal(0)

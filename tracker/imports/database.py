"""Reading the SQLite file of cursor-usage-tracker, whatever its age: what a file lacks reads as empty."""

import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

from collector.base.cells import bare_address, tidy
from collector.base.csv_files import FileError
from collector.base.days import from_epoch_ms
from collector.base.money import cents
from collector.base.plausibility import EARLIEST, MOST_CENTS, MOST_COUNT, MOST_UNITS, is_number

MAGIC = b"SQLite format 3\0"
# Without one of these it is somebody else's database.
EXPECTED = {"members", "usage_events", "daily_usage"}

UNREADABLE = "The database cannot be read ({}). Copy it again while the tracker is stopped."

# A later instant is a fault of somebody's clock or arithmetic, and beyond some databases' last year.
LAST_INSTANT = datetime(2100, 1, 1, tzinfo=UTC)
UNIT_PLACES = Decimal("0.0001")
# Kinds of reasons that a report distinguishes.
MOST_REASONS = 8

# What SQLite keeps in a column, whatever the column's type says.
Cell = str | int | float | bytes | None
TrackerRow = dict[str, Cell]
T = TypeVar("T")


@dataclass
class ImportPart:
    """What became of one kind of row."""

    name: str
    read: int = 0
    taken: int = 0
    unusable: int = 0  # skipped: no member, day, instant or number that makes sense
    reasons: Counter[str] = field(default_factory=Counter)

    def counted(self, rows: Iterable[T]) -> Iterator[T]:
        """The same rows, each counted as read."""
        for row in rows:
            self.read += 1
            yield row

    def readable(self, rows: Iterable[tuple[object, ...]], make: Callable[..., T]) -> Iterator[T]:
        """What `make` makes of each row; a row with an OddValue is rejected."""
        for row in rows:
            try:
                yield make(*row)
            except OddValue as exc:
                self.reject(str(exc))

    def reject(self, reason: str) -> None:
        """Count a row that cannot be used."""
        self.unusable += 1
        if reason in self.reasons or len(self.reasons) < MOST_REASONS:
            self.reasons[reason] += 1

    @property
    def already_here(self) -> int:
        """Rows that were skipped because what they say is stored already."""
        return self.read - self.taken - self.unusable

    @property
    def line(self) -> str:
        """The part in one line, for people."""
        text = (
            f"{self.name}: {self.read:,} read, {self.taken:,} imported, {self.already_here:,} already known"
        )
        if not self.unusable:
            return text
        reasons = "; ".join(f"{count:,} {reason}" for reason, count in self.reasons.items())
        return f"{text}, {self.unusable:,} unusable ({reasons})"


class TrackerDb:
    """An open file, read only. FileError if it is not SQLite's, or is damaged."""

    def __init__(self, path: Path) -> None:
        with path.open("rb") as file:
            if file.read(len(MAGIC)) != MAGIC:
                raise FileError(
                    f"{path.name} is not an SQLite database: give the tracker.db of cursor-usage-tracker."
                )
        self._connection = sqlite3.connect(f"file:{quote(str(path.resolve()))}?{_mode(path)}", uri=True)
        # A text in the wrong encoding is a poor name, and no reason to stop.
        self._connection.text_factory = partial(str, encoding="utf-8", errors="replace")
        if not EXPECTED & self._names("SELECT name FROM sqlite_master"):
            raise FileError(f"{path.name} is a database, but not that of cursor-usage-tracker.")
        for (verdict,) in self._select("PRAGMA quick_check(1)"):
            if verdict != "ok":
                raise FileError(UNREADABLE.format(verdict))

    def close(self) -> None:
        self._connection.close()

    def count(self, table: str) -> int:
        """How many rows `table` has; none where the file lacks it."""
        if not self._names("SELECT name FROM pragma_table_info(?)", table):
            return 0
        return int(next(self._select(f"SELECT COUNT(*) FROM {table}"))[0])  # noqa: S608  # nosec B608

    def rows(self, table: str, *columns: str, only: str = "") -> Iterator[TrackerRow]:
        """The rows of `table`; None for columns, nothing for tables, that the file lacks. `only` is SQL."""
        present = self._names("SELECT LOWER(name) FROM pragma_table_info(?)", table)
        if present.isdisjoint(columns):
            return
        # Under their names, which `only` may use.
        wanted = ", ".join(column if column in present else f"NULL AS {column}" for column in columns)
        # All three are written down in this package; a file has no say in them.
        for row in self._select(f"SELECT {wanted} FROM {table} {only}"):  # noqa: S608  # nosec B608
            yield dict(zip(columns, row, strict=True))

    def _names(self, query: str, *values: str) -> set[str]:
        return {row[0] for row in self._select(query, *values)}

    def _select(self, query: str, *values: str) -> Iterator[tuple[Any, ...]]:
        try:
            yield from self._connection.execute(query, values)
        except sqlite3.DatabaseError as exc:
            raise FileError(UNREADABLE.format(exc)) from exc


def _mode(path: Path) -> str:
    """How to open it. To read a database in WAL mode SQLite writes beside it, unless it may rely on nobody
    writing to it; a read-only mount forbids the one, and a log that is not brought in yet the other."""
    is_pending = any(path.with_name(f"{path.name}-{kind}").exists() for kind in ("wal", "journal"))
    return "mode=ro" if is_pending or os.access(path.parent, os.W_OK) else "immutable=1"


class OddValue(ValueError):
    """An implausible value; the message says which."""


def text_of(value: Cell) -> str:
    """A cell as text: empty for NULL, decoded if it holds bytes."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value or "")


def instant_of(value: Cell) -> datetime | None:
    """Milliseconds, or text, in UTC if it has no time zone; None if it is not a plausible instant."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = text_of(value).strip()
    try:
        parsed = from_epoch_ms(int(text)) if is_number(text) else datetime.fromisoformat(text)
        parsed = parsed.astimezone(UTC) if parsed.tzinfo else parsed.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return parsed if EARLIEST <= parsed < LAST_INSTANT else None


def day_of(value: Cell) -> date | None:
    """The UTC day of a day or an instant; None if it is none."""
    moment = instant_of(value)
    return moment.date() if moment else None


def email(value: Cell) -> str:
    """The address in lower case; empty if there is none."""
    return _normal(text_of(value))


@lru_cache(10_000)
def _normal(text: str) -> str:
    return bare_address(tidy(text))


@lru_cache(10_000)
def label(value: Cell, limit: int) -> str:
    """A text without control characters, cut to `limit`."""
    return "".join(char for char in text_of(value) if char.isprintable()).strip()[:limit]


def number(value: Cell) -> int:
    """A count, 0 if there is none; OddValue for what cannot be one."""
    if type(value) is int and 0 <= value <= MOST_COUNT:
        return value
    try:
        count = int(float(value or 0))
    except (TypeError, ValueError):
        raise OddValue("with a count that is not a number") from None
    except OverflowError:
        raise OddValue("with an implausible count") from None
    if not 0 <= count <= MOST_COUNT:
        raise OddValue("with an implausible count")
    return count


def amount(value: Cell, most: Decimal = MOST_CENTS) -> Decimal | None:
    """Cents; None where there is no number, which is not zero; OddValue for an impossible sum."""
    try:
        decimal = Decimal(str(value))
    except InvalidOperation:
        return None
    if not decimal.is_finite() or not -most <= decimal <= most:
        raise OddValue("with an implausible amount")
    return cents(decimal)


def some_count(value: Cell) -> int | None:
    """A count; unknown where there is none that can be so, since the rest of the row counts all the same."""
    if type(value) is int and 0 <= value <= MOST_COUNT:  # as nearly all are
        return value
    try:
        return None if value is None else number(value)
    except OddValue:
        return None


@lru_cache(10_000)
def units(value: Cell) -> Decimal:
    """Request units; none if they are implausible, because they are not money."""
    try:
        count = amount(value) or Decimal(0)
    except OddValue:
        return Decimal(0)
    return count.quantize(UNIT_PLACES) if 0 <= count <= MOST_UNITS else Decimal(0)

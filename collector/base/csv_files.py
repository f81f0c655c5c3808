"""Reading a CSV file as people have it: whatever the encoding, separator, order and case of its columns.

Lines are streamed, so that a file may be larger than memory. A line that cannot be read is noted as a problem
with its number, and the lines after it are still read.
"""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from .archives import unpacked
from .cells import is_empty_value, tidy
from .csv_headers import BLANK, Columns, Header, read_header, unwrapped
from .encodings import DAMAGED_BYTES, NotText, encoding_of
from .file_problems import FileError, Problems

# Far above any line of these files; the csv module itself refuses cells above 131,072 characters.
MAX_LINE = 1_000_000
# As many as a spreadsheet has rows, which some programs save to the last one.
MOST_BLANK = 1_048_576
# Beyond this a file is in another form, and reading on would only take time.
MOST_BROKEN = 1_000
# NUL, and the character that replaces bytes that could not be decoded.
NOT_TEXT = re.compile("[\0\ud800-\udfff]")
# Titles and blank lines that may stand above the names of the columns.
MOST_LINES_ABOVE = 20


@dataclass(frozen=True)
class Row:
    """One line of the file: its number, and its cells by our names of the columns, without outer blanks."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell; empty if the file has no such column."""
        return self.cells.get(column, "")


class CsvTable:
    """A CSV file open for reading. The constructor raises FileError if it is not this kind of file.

    So does reading on once there were `most_rows` lines that are not blank, whatever else is wrong with them.
    """

    most_rows = sys.maxsize

    def __init__(
        self, file: BinaryIO, columns: Columns, *, required: tuple[str, ...], problems: Problems | None = None
    ) -> None:
        try:
            file = unpacked(file)
            encoding, self.guessed_encoding = encoding_of(file)
        except NotText as exc:
            raise FileError(str(exc)) from exc
        self.problems = problems or Problems()
        errors = DAMAGED_BYTES if encoding.startswith("utf") else "strict"
        self._lines = _Lines(io.TextIOWrapper(file, encoding=encoding, errors=errors, newline=""))
        self._known, self._required = columns, required
        self._header = _find_header(self._lines, columns, required, self.problems)
        self.exports = 1  # begun so far: a file may hold several, one below the other

    @property
    def delimiter(self) -> str:
        return self._header.delimiter

    @property
    def header(self) -> str:
        """The line that names the columns."""
        return self._header.text

    @property
    def columns(self) -> set[str]:
        """Our names of the columns that the file has."""
        return set(self._header.places)

    def __iter__(self) -> Iterator[Row]:
        """The lines that can be read; the others are noted as problems."""
        rows, broken, reader = 0, 0, self._reader()
        while True:
            self._lines.row = []
            try:
                cells = unwrapped(next(reader), self.delimiter)
            except StopIteration:
                return
            except csv.Error as exc:
                self.problems.note(self._lines.first_of_row, _advice(exc))
                broken += 1
                if broken > MOST_BROKEN:
                    raise FileError(
                        *self.problems.report, "This is not a CSV file, or a damaged one."
                    ) from exc
                self._lines.push_back()
                reader = self._reader()
                continue
            if not any(map(str.strip, cells)):
                continue
            rows += 1
            if rows > self.most_rows:
                raise FileError(f"More than {self.most_rows:,} lines: too many for this kind of file.")
            if header := self._header.another(cells, self._known, self._required):
                self._header = header
                self.exports += 1
            elif row := self._row(self._lines.first_of_row, cells):
                yield row

    def _reader(self) -> Iterator[list[str]]:
        return csv.reader(self._lines, delimiter=self.delimiter, skipinitialspace=True, strict=True)

    def _row(self, line: int, cells: list[str]) -> Row | None:
        width = self._header.width
        try:
            if any(cell.strip() for cell in cells[width:]):
                raise ValueError(
                    f"{len(cells)} cells, but the first line has {width} columns. "
                    "Put quotes around the cell that contains the separator."
                )
            if len(cells) < width:
                _plain("".join(cells))  # a damaged character says more than the number of cells
                raise ValueError(
                    f"only {len(cells)} of {width} cells. The file seems to be cut off here: export it again."
                )
            return Row(line, {name: _cell(cells, places) for name, places in self._header.places.items()})
        except ValueError as exc:
            self.problems.note(line, str(exc))
            return None


def _cell(cells: list[str], places: list[list[int]]) -> str:
    """The cell of a column; where the file has it in several spellings, the best that is not empty."""
    first = _agreed(cells, places[0])
    if len(places) == 1 or not is_empty_value(first):
        return first
    others = (_agreed(cells, alike) for alike in places[1:])
    return next((text for text in others if not is_empty_value(text)), first)


def _agreed(cells: list[str], places: list[int]) -> str:
    """The cell of columns with one name; ValueError where they disagree."""
    text = _plain(cells[places[0]])
    for place in places[1:]:
        other = _plain(cells[place])
        if text and other and text != other:
            raise ValueError(
                f"two columns with the same name have different values, “{text[:40]}” and “{other[:40]}”."
            )
        text = text or other
    return text


def _plain(cell: str) -> str:
    if cell.startswith('="') and cell.endswith('"') and len(cell) > 2:  # so that Excel takes it for text
        cell = cell[2:-1]
    if cell.isascii() and "\0" not in cell:
        return cell.strip()
    if NOT_TEXT.search(cell):
        raise ValueError(
            "a cell contains a NUL character or a damaged one, which is not text. Export the file again."
        )
    return tidy(cell)


class _Lines:
    """The physical lines of a text, numbered and limited in length; the lines of a row can be read again."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self._again: deque[str] = deque()
        self.row: list[str] = []
        self.number = 0  # of the line read last
        self._blank = 0  # blank lines up to it, in a row

    @property
    def first_of_row(self) -> int:
        return self.number - len(self.row) + 1

    def push_back(self) -> None:
        """Put back all lines of the row but the first, so that they are read again."""
        again = self.row[1:]
        self._again.extendleft(reversed(again))
        self.number -= len(again)
        self.row = self.row[:1]

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = self._again.popleft() if self._again else _next_line(self._text, self.number + 1)
        if not line:
            raise StopIteration
        self.number += 1
        self._blank = self._blank + 1 if line[0] in BLANK and not line.strip(BLANK) else 0
        if self._blank > MOST_BLANK:
            raise FileError(f"Line {self.number}: {MOST_BLANK:,} lines before it are blank. Remove them.")
        self.row.append(line)
        return line


def _next_line(text: io.TextIOWrapper, number: int) -> str:
    try:
        line = text.readline(MAX_LINE)
    except UnicodeDecodeError as exc:
        raise FileError(
            f"Line {number} or a later one: this is not text in UTF-8, UTF-16 or Windows-1252. "
            "Save the file as UTF-8."
        ) from exc
    except NotText as exc:
        raise FileError(str(exc)) from exc
    if len(line) == MAX_LINE:
        raise FileError(
            f"Line {number}: more than {MAX_LINE:,} characters in one line. This is not a CSV file, "
            "or a cell holds something other than text: remove it."
        )
    return line


def _find_header(lines: _Lines, columns: Columns, required: tuple[str, ...], problems: Problems) -> Header:
    """The first of the file's first lines that names the required columns; FileError if none does.

    Lines above it with as many cells, as in a file that was sorted with its names, are noted as problems.
    """
    first: Header | None = None
    widths: list[tuple[int, int]] = []
    for _ in range(MOST_LINES_ABOVE):
        try:
            header = read_header(lines, columns)
        except csv.Error as exc:
            raise FileError(f"Line 1: {_reason(exc)} It should name the columns.") from exc
        if header is None:
            break
        if all(name in header.places for name in required):
            for number, width in widths:
                if width == header.width:
                    problems.note(number, "it stands above the names of the columns. Move these to line 1.")
            return header
        widths.append((lines.number, header.width))
        # An error is about the line that has most of the columns.
        first = header if first is None or len(header.places) > len(first.places) else first
    if first is None:
        raise FileError("Line 1: the file is empty, or does not begin with a line of column names.")
    missing = " and no column ".join(
        (name if name in columns[name] else min(columns[name], key=len)).capitalize()
        for name in required
        if name not in first.places
    )
    raise FileError(
        f"Line 1: there is no column {missing}. The file begins with “{tidy(first.text)[:120]}”; "
        "its first line should name the columns."
    )


def _advice(exc: csv.Error) -> str:
    return (
        f"{_reason(exc)} Correct this line, or export the file again; a quote inside a quoted cell "
        'is written twice ("").'
    )


def _reason(exc: csv.Error) -> str:
    if "field larger" in str(exc):
        return f"a cell has more than {csv.field_size_limit():,} characters: a closing quote may be missing."
    if "unexpected end" in str(exc):
        return "a quoted cell never ends; the file seems to be cut off."
    return f"this is not valid CSV ({exc})."

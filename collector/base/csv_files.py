"""Reading a CSV file as people have it: whatever the encoding, separator, order and case of its columns.

Lines are streamed, so that a file may be larger than memory. What cannot be read is said with its line.
"""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import BinaryIO

DELIMITERS = ",;\t"
CHUNK_BYTES = 1 << 20
# Far above any line of these files; the csv module itself refuses cells above 131,072 characters.
MAX_LINE = 1_000_000
# Enough to see what is wrong with a file without drowning in it.
MAX_PROBLEMS = 20

Columns = Mapping[str, tuple[str, ...]]  # our name for a column: the headers it goes by, in lower case


class FileError(Exception):
    """The file cannot be used and nothing was changed. `problems` are sentences with line numbers."""

    def __init__(self, *problems: str) -> None:
        super().__init__("\n".join(problems))
        self.problems = list(problems)


class Problems:
    """Gathers what is wrong with a file's lines, and raises it as one FileError."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def add(self, line: int, sentence: str) -> None:
        """Note a problem; FileError at once when there are too many to be of use."""
        self.found.append(f"Line {line}: {sentence}")
        if len(self.found) >= MAX_PROBLEMS:
            raise FileError(*self.found, f"Stopped after {MAX_PROBLEMS} problems.")

    def raise_if_any(self) -> None:
        if self.found:
            raise FileError(*self.found)


@dataclass(frozen=True)
class Row:
    """One line of the file: its number, and its cells by our names of the columns, without outer blanks."""

    line: int
    cells: dict[str, str]

    def __getitem__(self, column: str) -> str:
        """The cell, empty where the file has no such column."""
        return self.cells.get(column, "")


class CsvTable:
    """A CSV file open for reading. FileError from the constructor and while iterating."""

    def __init__(self, file: BinaryIO, columns: Columns, *, required: tuple[str, ...]) -> None:
        text = io.TextIOWrapper(file, encoding=_encoding(file), newline="")
        header = _next_line(text, 1)
        if not header.strip():
            raise FileError("Line 1: the file is empty, or does not begin with a line of column names.")
        self._delimiter = max(DELIMITERS, key=lambda char: len(_places(_split(header, char), columns)))
        self._width = len(_split(header, self._delimiter))
        self._places = _places(_split(header, self._delimiter), columns)
        self._text = text
        _check_required(header, self._places, columns, required)

    @property
    def columns(self) -> set[str]:
        """Our names of the columns that the file has."""
        return set(self._places)

    def __iter__(self) -> Iterator[Row]:
        lines = _Lines(self._text)
        reader = csv.reader(lines, delimiter=self._delimiter, strict=True)
        first = 2
        try:
            for cells in reader:
                if any(cell.strip() for cell in cells):
                    yield self._row(first, cells)
                first = lines.number + 1
        except csv.Error as exc:
            raise FileError(
                f"Line {first}: {_reason(exc)} Correct this line, or export the file again; a quote "
                'inside a quoted cell is written twice ("").'
            ) from exc

    def _row(self, line: int, cells: list[str]) -> Row:
        if len(cells) != self._width and any(cell.strip() for cell in cells[self._width :]):
            raise FileError(
                f"Line {line}: {len(cells)} cells where the first line names {self._width} columns. "
                "Put the cell that holds the separator into quotes."
            )
        if len(cells) < self._width:
            raise FileError(
                f"Line {line}: only {len(cells)} of {self._width} cells. The file seems to be cut off here: "
                "export it again."
            )
        return Row(line, {name: cells[place].strip() for name, place in self._places.items()})


class _Lines:
    """The physical lines of a text, counted, none of them boundless."""

    def __init__(self, text: io.TextIOWrapper) -> None:
        self._text = text
        self.number = 1  # the header has been read

    def __iter__(self) -> _Lines:
        return self

    def __next__(self) -> str:
        line = _next_line(self._text, self.number + 1)
        if not line:
            raise StopIteration
        self.number += 1
        return line


def _next_line(text: io.TextIOWrapper, number: int) -> str:
    try:
        line = text.readline(MAX_LINE)
    except UnicodeDecodeError as exc:
        raise FileError(
            f"After line {number - 1}: this is neither UTF-8 nor Windows-1252 text. Save the file as UTF-8."
        ) from exc
    if len(line) == MAX_LINE:
        raise FileError(
            f"Line {number}: more than {MAX_LINE:,} characters in one line. This is not a CSV file, "
            "or a cell holds something else than text: remove it."
        )
    return line


def _encoding(file: BinaryIO) -> str:
    """UTF-8, UTF-16 with its mark, or else Windows-1252; the file is left at its beginning."""
    head = file.read(4)
    if head.startswith(b"PK"):
        raise FileError(
            "Line 1: this is a ZIP archive or an Excel workbook, not a CSV file. "
            "Unpack it, or save it as CSV in Excel."
        )
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        encoding = "utf-16"
    else:
        encoding = "utf-8-sig" if _is_utf8(file) else "cp1252"
    file.seek(0)
    return encoding


def _is_utf8(file: BinaryIO) -> bool:
    """Whether the whole file decodes; FileError at a NUL, which no text has."""
    file.seek(0)
    decoder = codecs.getincrementaldecoder("utf-8")()
    line, is_utf8 = 1, True
    while chunk := file.read(CHUNK_BYTES):
        if (nul := chunk.find(b"\0")) >= 0:
            line += chunk.count(b"\n", 0, nul)
            raise FileError(f"Line {line}: this is not a text file. Export it again as CSV.")
        line += chunk.count(b"\n")
        if is_utf8:
            is_utf8 = _decodes(decoder, chunk)
    return is_utf8 and _decodes(decoder, b"", final=True)


def _decodes(decoder: codecs.IncrementalDecoder, chunk: bytes, *, final: bool = False) -> bool:
    try:
        decoder.decode(chunk, final)
    except UnicodeDecodeError:
        return False
    return True


def _split(header: str, delimiter: str) -> list[str]:
    try:
        return next(csv.reader([header], delimiter=delimiter), [])
    except csv.Error as exc:
        raise FileError(f"Line 1: {_reason(exc)} It should name the columns.") from exc


def _places(header: list[str], columns: Columns) -> dict[str, int]:
    """Where each known column stands; the first of two that go by the same name."""
    spelled = [" ".join(cell.lower().split()) for cell in header]
    return {
        name: spelled.index(known[0])
        for name, spellings in columns.items()
        if (known := [spelling for spelling in spellings if spelling in spelled])
    }


def _check_required(header: str, places: dict[str, int], columns: Columns, required: tuple[str, ...]) -> None:
    missing = [columns[name][0].capitalize() for name in required if name not in places]
    if missing:
        raise FileError(
            f"Line 1: there is no column {' and none '.join(missing)}. The file begins with "
            f"“{header.strip()[:120]}”; its first line should name the columns."
        )


def _reason(exc: csv.Error) -> str:
    if "field larger" in str(exc):
        return (
            f"a cell has more than {csv.field_size_limit():,} characters: probably a quote lacks its partner."
        )
    if "unexpected end" in str(exc):
        return "a quoted cell never ends; the file seems to be cut off."
    return f"this is not valid CSV ({exc})."

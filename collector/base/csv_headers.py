"""The line of a CSV file that names its columns, and how they are separated."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

from .cells import tidy

DELIMITERS = ",;\t|"
BLANK = f"{DELIMITERS} \r\n\ufeff"  # all that a line without a cell has
# Physical lines of the names.
MOST_HEADER_LINES = 40

Columns = Mapping[str, tuple[str, ...]]  # our name for a column: the headers it goes by, the best first
# What some programs write between words: `User Email`, `user_email`, `userEmail`, `E-Mail`.
BETWEEN_WORDS = re.compile(r"[^\w$/]|_")


@dataclass(frozen=True)
class Header:
    """The names of the columns: how they are separated, how many, and where the known ones stand.

    A column may stand in several places: those of one spelling are together, the best spelling first.
    `names` are the cells that name known columns, as they are written.
    """

    text: str
    delimiter: str
    width: int
    places: dict[str, list[list[int]]]
    names: frozenset[str]

    def another(self, cells: list[str], columns: Columns, required: tuple[str, ...]) -> Header | None:
        """The header that `cells` are, where one file stands below another; None where they are a row."""
        if self.names.isdisjoint(cells):  # of nearly every row, at little cost
            return None
        header = header_of(cells, self.delimiter.join(cells), self.delimiter, columns)
        is_one = header.places.keys() >= set(required) and 2 * len(header.places) > len(self.places)
        return header if is_one else None


def read_header(lines: Iterator[str], columns: Columns) -> Header | None:
    """The next line that is not blank, with all of a quoted cell's line breaks; None at the end.

    csv.Error where the line cannot be read.
    """
    for line in lines:
        text, separator = line, _excel_separator(line)
        if separator or not line.strip(BLANK):
            continue
        if text.count('"') % 2:
            for more in islice(lines, MOST_HEADER_LINES):
                text += more
                if text.count('"') % 2 == 0:
                    break
        headers = [_header(text, delimiter, columns) for delimiter in DELIMITERS]
        return max(headers, key=lambda header: (len(header.places), header.width))
    return None


def _excel_separator(line: str) -> str:
    """The separator that Excel's own first line `sep=;` names; empty for any other line."""
    text = line.strip("\ufeff\r\n").strip(' "')
    return text[4:5] or "," if text.lower().startswith("sep=") and len(text) <= 6 else ""


def _header(text: str, delimiter: str, columns: Columns) -> Header:
    cells = next(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True), [])
    return header_of(unwrapped(cells, delimiter), text, delimiter, columns)


def unwrapped(cells: list[str], delimiter: str) -> list[str]:
    """The cells of a line that Excel, where it divides at another sign, opened and saved as a single one."""
    return next(csv.reader(cells[0].splitlines(), delimiter=delimiter), cells) if len(cells) == 1 else cells


def header_of(cells: list[str], text: str, delimiter: str, columns: Columns) -> Header:
    spelled = [tidy(cell).strip("\"'").lower() for cell in cells]
    while spelled and not spelled[-1]:  # spreadsheets leave separators behind for columns that were cleared
        spelled.pop()
    places = {name: alike for name, spellings in columns.items() if (alike := _places(spelled, spellings))}
    named = frozenset(cells[place] for alike in places.values() for same in alike for place in same)
    return Header(text, delimiter, len(spelled), places, named)


def _places(spelled: list[str], spellings: tuple[str, ...]) -> list[list[int]]:
    """Where a column stands, by spelling, the best first; also where only what joins its words differs."""
    places: list[list[int]] = []
    taken: set[int] = set()
    for wanted in spellings:
        loose = {place for place, cell in enumerate(spelled) if _squeezed(cell) == _squeezed(wanted)}
        exact = {place for place in loose if spelled[place] == wanted}
        for alike in (exact - taken, loose - exact - taken):
            places += [sorted(alike)] if alike else []
        taken |= loose
    return places


@lru_cache(1024)
def _squeezed(name: str) -> str:
    return BETWEEN_WORDS.sub("", name)

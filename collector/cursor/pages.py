"""Reading answers that come in pages, and refusing pages that cannot all be true.

The API counts pages from the newest row on and keeps no snapshot: a row that arrives between two requests
shifts everything behind it. Only a total that stands still, and rows that add up to it, prove a reading.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from .errors import CursorApiError, wrong_shape

Row = TypeVar("Row")

# How often a reading begins again because rows arrived meanwhile.
READINGS = 3


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page: its rows, what the answer says the total is (None: it does not say), whether more follow.

    `is_known`: nothing of it changed since it was stored, so its rows were not sent again.
    """

    rows: list[Row]
    total: int | None
    has_more: bool
    number: int | None = None  # as the answer states it
    is_known: bool = False


class Moved(Exception):
    """The total changed between two pages: what was read so far has shifted."""


@dataclass
class Reading(Generic[Row]):
    """The pages of one question so far; `add` refuses one that does not fit."""

    where: str
    pages: list[list[Row]] = field(default_factory=list)
    total: int | None = None
    is_whole: bool = True

    def add(self, page: Page[Row]) -> None:
        number = len(self.pages) + 1
        if page.is_known:
            # What was not sent can be neither compared nor counted.
            self.is_whole = False
            self.pages.append([])
            return
        if self.pages and self.is_whole and page.total != self.total:
            raise Moved(f"the total moved from {self.total} to {page.total} while reading")
        if page.number not in (None, number):
            raise self._refusal(f"page {number} was asked for, page {page.number} came")
        if not page.rows and page.has_more:
            raise self._refusal(f"page {number} is empty, yet more are said to follow")
        if page.rows and page.rows in self.pages:
            raise self._refusal(f"page {number} repeats page {self.pages.index(page.rows) + 1}")
        self.pages.append(page.rows)
        self.total = page.total

    def finish(self, counted: int) -> None:
        """Check that `counted` things are what the answer promised."""
        if self.is_whole and self.total is not None and counted != self.total:
            raise self._refusal(f"{counted} came in {len(self.pages)} pages, {self.total} were announced")

    def rows(self) -> Iterator[Row]:
        for page in self.pages:
            yield from page

    def _refusal(self, problem: str) -> CursorApiError:
        return wrong_shape(self.where, problem)


def read_all(
    where: str,
    ask: Callable[[int], Page[Row]],
    *,
    first: Page[Row] | None = None,
    count: Callable[[Reading[Row]], int] | None = None,
) -> Reading[Row]:
    """Every page of `ask(number)`, begun again where the total moves; CursorApiError if it does not add up.

    `first` is page 1 where it is already known. `count` says what the announced total counts, if not rows.
    """
    problem = ""
    for _ in range(READINGS):
        reading: Reading[Row] = Reading(where)
        try:
            page = first or ask(1)
            reading.add(page)
            while page.has_more:
                page = ask(len(reading.pages) + 1)
                reading.add(page)
        except Moved as moved:
            problem, first = str(moved), None
            continue
        reading.finish(count(reading) if count else sum(map(len, reading.pages)))
        return reading
    raise wrong_shape(where, f"{problem}, {READINGS} times in a row")

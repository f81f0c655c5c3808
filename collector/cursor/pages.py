"""Pages that have to fit together.

The vendor's pages are cut by position: a row that arrives while they are read shifts them, so that one row
comes twice and another not at all. Where that cannot be ruled out the reading begins again. What then still
does not add up becomes a doubt, or, where `is_strict`, the end of the reading.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from collector.base.notes import DoubtKind, Notes

from .errors import CursorApiError, wrong_shape

Row = TypeVar("Row")

# How often a reading begins again because rows arrived meanwhile.
READINGS = 3
# More pages than any team fills: an answer that always promises another one must end.
MOST_PAGES = 1000
# Pages without a row, one after the other: in a large team many may be idle.
MOST_EMPTY = 50
# Where nothing says whether a page follows, one with a round number of rows was probably cut at that number.
ROUND = 10
# So many rows, none of which can be read, are an answer in another form.
ALL_UNREADABLE = 10
# A total may be off by as many without the reading being asked for again.
SMALL_GAP = 3


@dataclass(frozen=True)
class Page(Generic[Row]):
    """One page: its rows, what the answer says the total is (None: it does not say), whether more follow
    (None: it does not say that either).

    `is_known`: nothing of it changed since it was stored, so its rows were not sent again. `came` is how many
    rows it held, rejected ones included.
    """

    rows: list[Row]
    total: int | None
    has_more: bool | None
    number: int | None = None  # as the answer states it
    is_known: bool = False
    came: int | None = None
    has_previous: bool = False

    @property
    def size(self) -> int:
        return len(self.rows) if self.came is None else self.came


class Moved(Exception):
    """What was read so far has shifted, by the total or by a row that came again."""


@dataclass
class Reading(Generic[Row]):
    """The pages of one question so far; `add` judges each against those before."""

    notes: Notes
    is_strict: bool = False
    is_last: bool = False
    may_lack: bool = True
    pages: list[list[Row]] = field(default_factory=list)
    came: int = 0
    total: int | None = None
    is_whole: bool = True
    is_over: bool = False
    first_page: Page[Row] | None = None
    is_probing: bool = False  # the next page was not announced, and the total says that there is one
    empty: str = ""  # about an empty page, which is no harm where all that was announced came

    def add_page(self, page: Page[Row]) -> None:
        number = len(self.pages) + 1
        self.first_page = self.first_page or page
        if self.is_probing and self._is_none(number, page):
            self.is_over = True
            return
        more = self._is_followed(page)
        self.is_over = not more
        if page.is_known:
            # What was not sent can be neither compared nor counted.
            self.is_whole = False
            self.pages.append([])
            return
        if self.pages and self.is_whole and page.total != self.total:
            self._move(page.total)
        is_complete = self.came == (self.total if self.pages else page.total)
        if is_complete and (page.rows in self.pages if page.size else more or self.pages):
            self.notes.doubt(DoubtKind.PAGES, "another page was announced after the last row", subject="end")
            self.is_over = True
            return
        if page.number not in (None, number - (self.first_page.number == 0)):
            self._object_to_number(number, page, self.first_page)
        if not page.size and more:
            self._excuse(f"page {number} is empty, yet more were announced")
        if page.rows and page.rows in self.pages:
            if page.has_more is not None or page.total is not None:  # else nobody announced another page
                self._object(f"page {number} repeats page {self.pages.index(page.rows) + 1}")
            self.is_over = True  # it leads nowhere
            return
        if more and (problem := self._dead_end(number, page)):
            self._object(problem)
            self.is_over = True
        self.pages.append(page.rows)
        self.came += page.size
        self.total = page.total

    def _is_none(self, number: int, page: Page[Row]) -> bool:
        """Whether the answer for a page that was not announced is no page."""
        if not page.size or page.number not in (None, number) or page.rows in self.pages:
            return True
        text = f"page {number} was not announced, and has rows"
        self.notes.doubt(DoubtKind.PAGES, text, subject="unannounced")
        return False

    def _excuse(self, problem: str) -> None:
        """Object to an empty page, or once wait for what comes after it."""
        if self.is_strict and not self.empty:
            self.empty = problem
        else:
            self._object(problem)

    def _dead_end(self, number: int, page: Page[Row]) -> str:
        """Why no page after this one is worth asking for; empty where one is."""
        if number >= MOST_PAGES:
            return f"more than {MOST_PAGES} pages were announced"
        if number >= MOST_EMPTY and not page.rows and not any(self.pages[1 - MOST_EMPTY :]):
            return f"{MOST_EMPTY} pages in a row are empty, yet more were announced"
        return ""

    def _is_followed(self, page: Page[Row]) -> bool:
        """Whether another page follows: as the page says, else by the total, else by its number of rows.

        Where it denies one and the total lacks more than a few, the next page is asked for if nothing may be
        missing.
        """
        lacks = page.total is not None and page.size > 0 and self.came + page.size < page.total
        is_much = page.total is not None and page.total - self.came - page.size > SMALL_GAP
        self.is_probing = self.is_strict and lacks and is_much and page.has_more is False
        if page.has_more is not None:
            return page.has_more or self.is_probing
        if page.total is not None:
            return lacks
        return page.size > 0 and page.size % ROUND == 0

    def finish(self, counted: int) -> None:
        """Compare the number `counted` with the number the answer announced.

        CursorApiError where no row could be read: taken for an answer without rows, it would be a zero.
        """
        if self.came >= ALL_UNREADABLE and self.notes.rejections and not any(self.pages):
            reason = next(iter(self.notes.rejections.values())).reason
            raise wrong_shape(self.notes.scope, f"none of the {self.came} rows can be read ({reason})")
        if self.empty:
            if counted != self.total:
                raise wrong_shape(self.notes.scope, self.empty)
            self.notes.doubt(DoubtKind.PAGES, self.empty)
        if not self.is_whole or self.total is None or counted == self.total:
            return
        text = f"{counted} came in {len(self.pages)} pages, {self.total} were announced"
        self.notes.doubt(DoubtKind.TOTAL, text, announced=self.total, counted=counted)
        if self.is_strict and not self.may_lack and self.total - counted > SMALL_GAP:
            if not self.is_last:
                raise Moved(text)
            # One page that was not cut short lacks as much in smaller parts: thousands would be asked for.
            is_cut = len(self.pages) > 1 or self.came % ROUND == 0
            raise wrong_shape(self.notes.scope, text, smaller_may_do=is_cut)

    def rows(self) -> Iterator[Row]:
        for page in self.pages:
            yield from page

    def _move(self, total: int | None) -> None:
        text = f"the total changed from {self.total} to {total} while reading"
        if self.is_strict or not self.is_last:
            raise Moved(text)
        self.notes.doubt(
            DoubtKind.PAGES, text, subject="moved", announced=total or "", counted=self.total or ""
        )

    def _object_to_number(self, number: int, page: Page[Row], first: Page[Row]) -> None:
        """Some servers give every page the same number: rows that did not come before are then the next."""
        problem = f"page {number} was requested, page {page.number} came"
        if number > 1 and page.number == first.number and page.rows not in self.pages:
            self.notes.doubt(DoubtKind.PAGES, problem)
        else:
            self._object(problem)

    def _object(self, problem: str) -> None:
        if self.is_strict:
            raise wrong_shape(self.notes.scope, self.empty or problem)
        self.notes.doubt(DoubtKind.PAGES, problem)


def _next_page(reading: Reading[Row], ask: Callable[[int], Page[Row]], number: int) -> Page[Row]:
    """The page that is asked for; an empty one where it was not announced, and is refused."""
    try:
        return ask(number)
    except CursorApiError:
        if not reading.is_probing:
            raise
        return Page([], None, None)


def read_all(
    ask: Callable[[int], Page[Row]],
    notes: Notes,
    *,
    first: Page[Row] | None = None,
    count: Callable[[Reading[Row]], int] | None = None,
    is_strict: bool = False,
    may_lack: bool = True,
) -> Reading[Row]:
    """Read every page of `ask(number)`, starting over if they shift or lack rows; note what does not add up.

    `first` is page 1 where it is already known. `count` gives what the announced total counts, if not rows.
    `is_strict`: pages that do not fit end in a CursorApiError, as does a total that is short by more than a
    few, unless it `may_lack` them. Where `count` raises Moved, the reading begins again as well; with page 0
    where rows lack, and a page is said to come before page 1.
    """
    problem, before, start = "", notes.copy(), 1
    for attempt in range(1, READINGS + 1):
        reading: Reading[Row] = Reading(notes, is_strict, attempt == READINGS, may_lack)
        try:
            reading.add_page(first or ask(start))
            while not reading.is_over:
                reading.add_page(_next_page(reading, ask, len(reading.pages) + start))
            counted = count(reading) if count else reading.came
            is_second = reading.first_page and reading.first_page.has_previous
            if start and is_second and counted < (reading.total or 0):
                start = 0
                raise Moved("pages are numbered from 0")
            reading.finish(counted)
        except Moved as moved:
            problem, first = str(moved), None
            notes.go_back_to(before)
            continue
        return reading
    raise wrong_shape(notes.scope, f"{problem}, {READINGS} times in a row", smaller_may_do=True)

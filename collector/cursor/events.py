"""Usage events of any stretch of time, in parts that are each complete and fit into memory."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import groupby
from math import ceil
from operator import attrgetter
from typing import Generic, TypeVar

from collector.base.notes import DoubtKind, Notes
from collector.collecting.known_hours import KnownHours, hour_number
from collector.collecting.windows import DAY, HOUR, MINUTE, Window

from .client import CursorClient
from .errors import CursorApiError, wrong_shape
from .page_sizes import full_size
from .pages import Moved, Page, Reading, read_all
from .records import EventRecord, EventsAnswer
from .rows import parse, plain_cents, read_rows

T = TypeVar("T")

PATH = "/teams/filtered-usage-events"
PAGE_SIZE = 1000  # the documented maximum
# A part is held in memory and written in one transaction: about 1 KB an event.
LARGEST_PART = 40_000
AIM = 20_000
# Documented for the vendor's other dated questions; not for events, yet every known client keeps to it.
LONGEST_QUESTION = timedelta(days=30)


@dataclass(frozen=True)
class UnreadRow:
    """A row that may be stored already, and the hour that it states. Rows are alike that came alike."""

    text: str
    hour: int = field(compare=False)
    raw: object = field(compare=False)


@dataclass(frozen=True)
class EventPart(Generic[T]):
    """A part of the window, its events, and what was noted while they were read.

    `known` are rows of hours that came as they are stored; they are not among `events`.
    """

    window: Window
    events: list[T]
    notes: Notes
    known: list[UnreadRow] = field(default_factory=list)


@dataclass(frozen=True)
class EventReader(Generic[T]):
    """How events are read: `take` makes of each what is kept of it; `may_lack` as in `read_all`; `hours` are
    those that may be known, None where all are to be read."""

    client: CursorClient
    take: Callable[[EventRecord, Notes], T]
    may_lack: bool = False
    hours: KnownHours | None = None

    def parts_of(self, window: Window) -> Iterator[EventPart[T]]:
        """Parts that together are `window`, each with all its events, in the window's reading order.

        CursorApiError where pages do not fit together, or more than a few of the announced events lack.
        """
        for piece in window.cut(LONGEST_QUESTION):
            yield from self._read(piece)

    def _read(self, window: Window) -> Iterator[EventPart[T]]:
        notes = Notes(PATH, window.read_at)
        if self.hours:
            self.hours.begin(window)

        def ask(number: int) -> Page[T | UnreadRow]:
            return self._page(window, number, notes)

        def count(reading: Reading[T | UnreadRow]) -> int:
            self._read_changed(reading, notes)
            return _distinct(reading)

        first = ask(1)
        total = first.total or 0
        # Or else the total is contradicted at once.
        is_promised = first.has_more is not False or first.size >= total
        if total > LARGEST_PART and is_promised and window.length > MINUTE:
            for piece in window.cut(_length(window, total)):
                yield from self._read(piece)
            return
        try:
            reading = read_all(ask, notes, first=first, is_strict=True, may_lack=self.may_lack, count=count)
        except CursorApiError as error:
            error.notes = notes
            if not error.smaller_may_do or window.length <= MINUTE:
                raise
            yield from self._read_halves(window, error)
            return
        known = [row for row in reading.rows() if isinstance(row, UnreadRow)]
        events = [row for row in reading.rows() if not isinstance(row, UnreadRow)]
        yield EventPart(window, events, notes, known)

    def read_known(self, part: EventPart[T]) -> EventPart[T]:
        """The part with all its rows read: those that are known had nothing odd about them."""
        taken = self._take_hours(part.known, part.notes)
        return replace(part, events=[*part.events, *taken], known=[])

    def _read_halves(self, window: Window, problem: CursorApiError) -> Iterator[EventPart[T]]:
        """Late events fill the end of a window while it is read, and some servers sort again for each page: a
        part that fits on one page cannot shift. What halves have wrong too is wrong with the whole.
        """
        for half in window.cut(_in_hours_or_minutes(window.length / 2)):
            try:
                yield from self._read(half)
            except CursorApiError as error:
                raise problem if error.trouble is problem.trouble else error from None

    def _page(self, window: Window, number: int, notes: Notes) -> Page[T | UnreadRow]:
        body = {
            "startDate": window.first_ms,
            "endDate": window.last_ms,
            "page": number,
            "pageSize": PAGE_SIZE,
        }
        answer = parse(EventsAnswer, self.client.post(PATH, body).payload, PATH, notes)
        rows: list[T | UnreadRow] = []
        outside = []
        hours = self.hours
        for hour, raws in groupby(answer.rows, hours.hour_of if hours else _no_hour):
            if hours and hour is not None and hour in hours.tags:
                rows += [UnreadRow(repr(raw), hour, raw) for raw in raws]
                continue
            for event, raw, taken in self._take(hour, list(raws), notes):
                if not window.start_at <= event.timestamp < window.end_at:
                    outside.append((event, raw))
                rows.append(taken)
        if outside and len(outside) == len(rows):
            at = outside[0][0].timestamp
            raise wrong_shape(PATH, f"an event of {at:%Y-%m-%d %H:%M:%S} is outside {window}")
        for event, raw in outside:
            text = f"outside the requested time ({window}): stored anyway"
            notes.doubt(DoubtKind.OUTSIDE, text, cents=plain_cents(raw), raw=raw, at=event.timestamp)
        return answer.page(rows, _has_more(answer, number))

    def _take(
        self, hour: int | None, raws: list[object], notes: Notes
    ) -> Iterator[tuple[EventRecord, object, T]]:
        """Read rows that state one of the whole hours, or none."""
        noted, hours = notes.noted, self.hours
        for event, raw in read_rows(EventRecord, raws, notes):
            yield event, raw, self.take(event, notes)
            if hours and hour is None:
                hours.noted.add(hour_number(event.timestamp))  # in another form
        if hours and hour is not None:
            hours.came[hour] += map(repr, raws)
            if notes.noted != noted:
                hours.noted.add(hour)

    def _read_changed(self, reading: Reading[T | UnreadRow], notes: Notes) -> None:
        """Read the rows that were put off but for those of hours that came as they are stored."""
        came: dict[int, list[str]] = defaultdict(list)
        for row in reading.rows():
            if isinstance(row, UnreadRow):
                came[row.hour].append(row.text)
        changed = {
            hour for hour, rows in came.items() if self.hours and not self.hours.are_stored(hour, rows)
        }

        def read(page: list[T | UnreadRow]) -> Iterator[T | UnreadRow]:
            for is_changed, rows in groupby(
                page, lambda row: isinstance(row, UnreadRow) and row.hour in changed
            ):
                if is_changed:
                    yield from self._take_hours(rows, notes)
                else:
                    yield from rows

        if changed:
            reading.pages[:] = [list(read(page)) for page in reading.pages]

    def _take_hours(self, rows: Iterable[T | UnreadRow], notes: Notes) -> Iterator[T]:
        unread = [row for row in rows if isinstance(row, UnreadRow)]
        for hour, alike in groupby(unread, attrgetter("hour")):
            yield from (taken for _, _, taken in self._take(hour, [row.raw for row in alike], notes))


def _no_hour(row: object) -> None:
    """Where no hour may be known."""


def _has_more(answer: EventsAnswer, number: int) -> bool | None:
    """Whether a page follows, by the envelope; None where a full page denies it: the total decides."""
    has_more = answer.has_more(number)
    came = len(answer.rows)
    return None if came >= full_size(came, PAGE_SIZE) and not has_more else has_more


def _distinct(reading: Reading[T]) -> int:
    """Count the events; if there are more than announced, drop that many repeated rows.

    Where as many came as announced, a row on two pages came again in place of one that was pushed away by a
    newer event, unless further readings show it again. Several such rows are the server's way of cutting
    pages, since hardly ever are two events alike in everything: they are dropped, too.
    """
    surplus = 0 if reading.total is None else reading.came - reading.total
    different = len(set(reading.rows()))
    on_two_pages = _on_earlier_pages(reading.pages)
    if surplus <= 0 and on_two_pages and not reading.is_last:
        raise Moved("a row came on two pages")
    if surplus <= 0 and on_two_pages > 1:
        surplus = on_two_pages
    before = sum(map(len, reading.pages))
    if surplus > 0:
        reading.pages[:] = without_repeats(reading.pages, surplus, reading.notes)
    elif different < before:
        text = "identical rows came, and no total says otherwise: each counts"
        reading.notes.doubt(DoubtKind.PAGES, text, subject="identical")
    return reading.came - before + sum(map(len, reading.pages))


def _on_earlier_pages(pages: list[list[T]]) -> int:
    """How many rows came on an earlier page already."""
    seen: set[T] = set()
    count = 0
    for page in pages:
        count += sum(row in seen for row in page)
        seen.update(page)
    return count


def without_repeats(pages: list[list[T]], surplus: int, notes: Notes) -> list[list[T]]:
    """`pages` without up to `surplus` rows that are identical to an earlier one.

    Those of an earlier page go first: two alike on one page are rather two events.
    """
    for is_of_own_page in (False, True):
        earlier: set[T] = set()
        distinct: list[list[T]] = []
        for page in pages:
            kept: list[T] = []
            seen = set[T]() if is_of_own_page else earlier
            for row in page:
                if surplus > 0 and row in seen:
                    surplus -= 1
                    notes.doubt(DoubtKind.REPEATED, "an identical row came again: counted once")
                    continue
                kept.append(row)
                if is_of_own_page:
                    seen.add(row)
            earlier.update(kept)
            distinct.append(kept)
        pages = distinct
    return pages


def _length(window: Window, total: int) -> timedelta:
    """How long pieces of about `AIM` events are: whole days where possible, else whole hours or minutes."""
    length = window.length / ceil(total / AIM)
    return length // DAY * DAY if length >= DAY else _in_hours_or_minutes(length)


def _in_hours_or_minutes(length: timedelta) -> timedelta:
    """Whole hours where possible, since an hour may be known, else whole minutes."""
    return length // HOUR * HOUR if length >= HOUR else max(length // MINUTE * MINUTE, MINUTE)

"""Usage events of any stretch of time, in parts that are each complete and fit into memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from math import ceil
from typing import TypeVar

from collector.collecting.windows import DAY, MINUTE, Window

from .client import CursorClient
from .errors import wrong_shape
from .pages import Page, read_all
from .records import EventRecord, EventsAnswer, parse

T = TypeVar("T")

PATH = "/teams/filtered-usage-events"
PAGE_SIZE = 1000  # the documented maximum
# A part is held in memory and written in one transaction: about 1 KB an event.
LARGEST_PART = 40_000
AIM = 20_000
# Documented for the vendor's other dated questions; not for events, yet every known client keeps to it.
LONGEST_QUESTION = timedelta(days=30)


def read_parts(
    client: CursorClient, window: Window, take: Callable[[EventRecord], T]
) -> Iterator[tuple[Window, list[T]]]:
    """Parts that together are `window`, each with all its events, in the window's reading order.

    `take` makes of each event what is kept of it. CursorApiError where a part cannot be proved complete.
    """
    for piece in window.cut(LONGEST_QUESTION):
        yield from _read(client, piece, take)


def _read(
    client: CursorClient, window: Window, take: Callable[[EventRecord], T]
) -> Iterator[tuple[Window, list[T]]]:
    def ask(number: int) -> Page[T]:
        return _page(client, window, number, take)

    first = ask(1)
    if (first.total or 0) > LARGEST_PART and window.length > MINUTE:
        for piece in window.cut(_length(window, first.total or 0)):
            yield from _read(client, piece, take)
    else:
        yield window, list(read_all(PATH, ask, first=first).rows())


def _length(window: Window, total: int) -> timedelta:
    """How long pieces of about `AIM` events are: whole days where possible, else whole minutes."""
    length = window.length / ceil(total / AIM)
    unit = DAY if length >= DAY else MINUTE
    return max(length // unit * unit, MINUTE)


def _page(client: CursorClient, window: Window, number: int, take: Callable[[EventRecord], T]) -> Page[T]:
    body = {"startDate": window.first_ms, "endDate": window.last_ms, "page": number, "pageSize": PAGE_SIZE}
    answer = parse(EventsAnswer, client.post(PATH, body).payload, PATH)
    for event in answer.usage_events:
        if not window.start_at <= event.timestamp < window.end_at:
            raise wrong_shape(PATH, f"an event of {event.timestamp:%Y-%m-%d %H:%M:%S} is outside {window}")
    paging = answer.pagination
    rows = [take(event) for event in answer.usage_events]
    return Page(rows, answer.total_usage_events_count, paging.has_more(number), paging.current_page)

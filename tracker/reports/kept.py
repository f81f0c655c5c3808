"""Sums over many rollup rows, kept until facts are written again.

Most pages of an hour show the same sums, and none changes them. Each process holds its own; the hourly job
leaves those of the usual pages to all. Small databases are summed anew each time, which is as quick.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cached_property
from typing import Any, TypeVar

from django.db.models import QuerySet

from collector.base.upsert import revision
from tracker.reports import left

T = TypeVar("T")
Rows = TypeVar("Rows", bound=QuerySet[Any])

# Rollup rows, about a thousand members' two weeks.
MANY = 30_000
MOST_HELD = 100  # the usual pages ask for twenty; an address may ask for any number of days

_for_all: ContextVar[bool] = ContextVar("for_all", default=False)


@contextmanager
def for_all() -> Iterator[None]:
    """Within, sums are made anew and left to every process."""
    token = _for_all.set(True)
    try:
        yield
    finally:
        _for_all.reset(token)


class HeldSums:
    """Sums in this process's memory, of one state of the facts: objects themselves, copied for nobody."""

    def __init__(self) -> None:
        self.clear()

    def clear(self) -> None:
        self._state: tuple[int, dict[str, Any]] = (-1, {})

    def of(self, revision: int) -> dict[str, Any]:
        """What is held of that state; a newer one, or too much, starts anew."""
        known, objects = self._state
        if known == revision and len(objects) < MOST_HELD:
            return objects
        self._state = (revision, {})
        return self._state[1]


held = HeldSums()


class Kept:
    """What is kept, for one page: asked for the state of the facts once, with a small query.

    `newest_row` is the largest number of a rollup row.
    """

    def __init__(self, newest_row: int | None) -> None:
        self._are_many = (newest_row or 0) >= MANY

    def __call__(self, work: Callable[[Rows], T], rows: Rows) -> T:
        """`work(rows)`, or what it gave since facts were last written; it must read nothing but the facts of
        `rows`."""
        if not self._are_many:
            return work(rows)
        key = self._key(work, rows)
        if _for_all.get():
            made = work(rows)
            left.leave(key, made)
            return made
        objects = held.of(self._revision)
        if key not in objects:
            found = left.find(key)
            objects[key] = work(rows) if found is None else found
        held_one: T = objects[key]
        return held_one

    @cached_property
    def _revision(self) -> int:
        return revision()

    def _key(self, work: Callable[..., object], rows: QuerySet[Any]) -> str:
        asked = f"{left.form()} {self._revision} {work.__module__}.{work.__qualname__} {rows.query}"
        return f"sums:{hashlib.sha256(asked.encode()).hexdigest()}"

"""Sums over many rollup rows, kept until facts are written again.

Most pages of an hour show the same sums. Small databases are summed anew each time, which is as quick.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import cached_property
from typing import Any, TypeVar

from django.core.cache import cache
from django.db.models import QuerySet

from collector.upsert import revision

T = TypeVar("T")
Rows = TypeVar("Rows", bound=QuerySet[Any])

# Rollup rows, about a thousand members' two weeks.
MANY = 30_000
KEPT_SECONDS = 2 * 3600  # facts are written every hour


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
        held = cache.get(key)
        if held is None:
            held = work(rows)
            cache.set(key, held, KEPT_SECONDS)
        found: T = held
        return found

    @cached_property
    def _revision(self) -> int:
        return revision()

    def _key(self, work: Callable[..., object], rows: QuerySet[Any]) -> str:
        asked = f"{self._revision} {work.__module__}.{work.__qualname__} {rows.query}"
        return f"sums:{hashlib.sha256(asked.encode()).hexdigest()}"

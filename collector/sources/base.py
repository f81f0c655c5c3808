"""What every source's `sync(client, window)` gives back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from collector.base.upsert import Upserted
from collector.collecting.windows import Window


@dataclass(frozen=True)
class SyncResult:
    """What came of it: rows in the answers, new rows, changed rows, and what was noted."""

    seen: int = 0
    new: int = 0
    changed: int = 0
    noted: int = 0  # doubts and rejected rows

    @classmethod
    def of(cls, seen: int, *written: Upserted, noted: int = 0) -> SyncResult:
        new = sum(len(part.new) for part in written)
        return cls(seen, new, sum(len(part.changed) for part in written), noted)

    def __add__(self, other: SyncResult) -> SyncResult:
        return SyncResult(
            self.seen + other.seen,
            self.new + other.new,
            self.changed + other.changed,
            self.noted + other.noted,
        )


# Called with each part of a window once it is committed, and with what came of it.
Progress = Callable[[Window, SyncResult], None]


def silent(part: Window, result: SyncResult) -> None:
    """Progress that nobody watches."""

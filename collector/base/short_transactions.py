"""Long work in many short transactions, so that whoever else writes waits for a moment only."""

import time
from collections.abc import Callable, Hashable, Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import groupby
from typing import TypeVar

from django.db import connection, models

from collector.base.upsert import writing

# A transaction takes no further step after this long, so that nobody waits for a second; a step is a fraction
# of it. Shorter ones cost more time in gaps than in work; elsewhere than on SQLite nobody needs gaps.
BUDGET_SECONDS, PART_WITHOUT_GAPS = 0.5, 0.2
# SQLite has no queue: a writer that waits looks again every tenth of a second at most.
GAP_SECONDS = 0.11

T = TypeVar("T")
M = TypeVar("M", bound=models.Model)


@dataclass
class ShortTransactions:
    """Runs steps, as many to a transaction as fit into the budget; a dry run's steps write nothing."""

    is_dry_run: bool = False
    ended_at: float = 0.0
    locked_seconds: float = 0.0  # since others last had time to write

    def run(self, steps: Iterable[Callable[[], object]]) -> None:
        """Every step once, in order. A step that raises undoes its own transaction, not those before."""
        budget = BUDGET_SECONDS * (1 if connection.vendor == "sqlite" else PART_WITHOUT_GAPS)
        pending = iter(steps)
        step = next(pending, None)
        while step is not None:
            self._let_others_write()
            begun_at = time.monotonic()
            with nullcontext() if self.is_dry_run else writing():
                while step is not None:
                    step()
                    step = next(pending, None)
                    if time.monotonic() > begun_at + budget:
                        break
            self.ended_at = time.monotonic()
            self.locked_seconds += self.ended_at - begun_at

    def create(self, model: type[M], batches: Iterable[list[M]]) -> None:
        """Insert the rows of each batch together; what another process has written meanwhile stays."""
        if not self.is_dry_run:
            insert = partial(model._default_manager.bulk_create, ignore_conflicts=True)
            self.run(partial(insert, rows) for rows in batches)

    def _let_others_write(self) -> None:
        """Wait where the lock was held for long; time in which files were read counts as well."""
        gap = time.monotonic() - self.ended_at
        if gap < GAP_SECONDS:
            if self.locked_seconds < BUDGET_SECONDS / 2 or connection.vendor != "sqlite" or self.is_dry_run:
                return
            time.sleep(GAP_SECONDS - gap)
        self.locked_seconds = 0.0


def batches(rows: Iterable[T], key: Callable[[T], Hashable], size: int = 200) -> Iterator[list[T]]:
    """Lists of at least `size` rows; neighbours of one key always share a list."""
    batch: list[T] = []
    for _, alike in groupby(rows, key):
        batch += alike
        if len(batch) >= size:
            yield batch
            batch = []
    if batch:
        yield batch

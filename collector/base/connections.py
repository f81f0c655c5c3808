"""The database connection of a process that outlives an outage."""

import logging
from collections import Counter
from collections.abc import Callable, Iterable
from typing import TypeVar

from django.db import connection

log = logging.getLogger(__name__)
Row = TypeVar("Row")
Result = TypeVar("Result")


def drop_if_dead() -> None:
    """Close a connection that the database has dropped, so that the next query opens a new one.

    Not inside a transaction, which fails with its connection. SQLite drops none, and each reopening of its
    file would write the whole log back into it.
    """
    if connection.vendor != "sqlite" and not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def one_by_one(rows: Iterable[Row], step: Callable[[Row], int]) -> int:
    """The sum of what `step` returns. A row that makes it fail does not keep the others from their turn; the
    first error is raised once they have had it."""
    done, errors = 0, []
    for row in rows:
        try:
            done += step(row)
        except Exception as error:
            log.exception("%s failed; the others go on", row)
            drop_if_dead()
            errors.append(error)
    if errors:
        raise errors[0]
    return done


def attempt(tally: Counter[str], step: Callable[..., Result], *arguments: object) -> Result | None:
    """What `step` returns; None if it fails, which the log explains and `tally` counts as `failed`."""
    try:
        return step(*arguments)
    except Exception:
        log.exception("%s failed; what follows goes on", step.__name__)
        drop_if_dead()
        tally["failed"] += 1
        return None

"""A mark that changes with every commit that may change what a page shows.

A page rendered under a mark may be shown again as long as the mark stays the same. Every INSERT, UPDATE and
DELETE counts, from whatever code, except in tables that no cached page shows. What the hourly job writes
changes only a part of the mark, which a page may be behind for a moment.
"""

import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.models import QuerySet

from .models import Lease

CHANGE_MARK = "changes"  # name of the row that holds the mark
WRITE_STATEMENTS = ("INSERT", "UPDATE", "DELETE", "COPY", "TRUNCATE", "MERGE", "WITH")
# Written all the time, and shown on no cached page.
UNTRACKED_TABLES = {
    "collector_lease",
    "collector_requestslot",
    "collector_storedetag",
    "collector_sourcerun",
    "collector_watermark",
    "collector_usageevent",
    "django_session",
    "django_q_ormq",
    "django_q_schedule",
    "django_q_task",
    "tracker_auditentry",
    "tracker_cachedvalue",
    "tracker_modelcolour",
    "auth_user",
}
# A lease is inserted once: from then on its job counts as having run, which pages do show.
FIRST_LEASE = 'INSERT INTO "collector_lease"'

RENEW_MARK = (
    "INSERT INTO collector_lease (name, holder, expires_at, writes) VALUES (%s, %s, %s, 0) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder"
)
# The mark is of two parts; what is written in the background renews the second one alone.
PART = 16  # characters
RENEW_SECOND_PART = RENEW_MARK.replace(
    "= excluded.holder",
    f"= SUBSTR(collector_lease.holder, 1, {PART}) || SUBSTR(excluded.holder, {PART + 1})",
)
RENEWALS = (RENEW_MARK, RENEW_SECOND_PART)
OWN_WRITES = "own_writes"  # attribute of a connection: the number of its tracked writes
is_in_background = ContextVar("is_in_background", default=False)
log = logging.getLogger(__name__)


def install() -> None:
    """Watch every connection of this process from now on."""
    connection_created.connect(_watch, dispatch_uid="collector.base.changes")


@contextmanager
def in_background() -> Iterator[None]:
    """What this thread writes within the block may appear on pages a moment later: nobody waits for it."""
    token = is_in_background.set(True)
    try:
        yield
    finally:
        is_in_background.reset(token)


def current_mark(stored: str | None = None) -> str:
    """The mark of what this connection can see, its own uncommitted writes included. One query.

    No query where the caller passes the mark that is `stored`.
    """
    mark = (stored_marks().first() or "") if stored is None else stored
    if not _has_uncommitted_writes(connection):
        return mark
    return f"{mark} {os.getpid()}.{_own_write_count(connection)}"


def without_background(mark: str) -> tuple[str, str]:
    """What of `mark` changes with every write that was not made in the background."""
    stored, _, uncommitted = mark.partition(" ")
    return stored[:PART], uncommitted


def stored_marks() -> QuerySet[Lease, str]:
    """The mark of what is committed; no row before the first write."""
    return Lease.objects.filter(name=CHANGE_MARK).values_list("holder", flat=True)


def _watch(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    if _count_write not in connection.execute_wrappers:
        connection.execute_wrappers.append(_count_write)


def _count_write(
    execute: Callable[..., object], sql: str, params: object, many: bool, context: dict[str, Any]
) -> object:
    """Execute the statement; after a write to a tracked table, renew the mark once it is committed."""
    result = execute(sql, params, many, context)
    if not sql.startswith(WRITE_STATEMENTS):
        return result
    if sql.startswith(FIRST_LEASE) or _table(sql) not in UNTRACKED_TABLES:
        connection: BaseDatabaseWrapper = context["connection"]
        setattr(connection, OWN_WRITES, _own_write_count(connection) + 1)
        if not _has_uncommitted_writes(connection):
            transaction.on_commit(_renew_change_mark, using=connection.alias, robust=True)
    return result


def _table(sql: str) -> str:
    """The first quoted name, since Django quotes table names; empty, thus tracked, if there is none."""
    return sql.split('"', 2)[1] if '"' in sql else "collector_lease" if sql in RENEWALS else ""


def _own_write_count(connection: BaseDatabaseWrapper) -> int:
    return int(getattr(connection, OWN_WRITES, 0))


def _has_uncommitted_writes(connection: BaseDatabaseWrapper) -> bool:
    """Whether this connection's transaction has tracked writes that others do not see yet."""
    return any(entry[1] is _renew_change_mark for entry in connection.run_on_commit)


def _renew_change_mark() -> None:
    """Write a new mark after the commit; within it, all writers would wait for each other's lock on the row.

    It is one statement, because a result of the one before may still be open. Before the first migration
    there is no row to write.
    """
    try:
        with connection.cursor() as cursor:
            statement = RENEW_SECOND_PART if is_in_background.get() else RENEW_MARK
            cursor.execute(statement, [CHANGE_MARK, secrets.token_hex(PART), "1970-01-01 00:00:00+00"])
    except DatabaseError as error:
        log.debug("change mark not renewed: %s", error)

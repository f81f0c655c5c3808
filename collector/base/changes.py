"""A mark that changes with every commit that may change what a page shows.

What was rendered under a mark holds while it stands. Every INSERT, UPDATE and DELETE counts, whoever sends
it and by whatever method, unless it is of a table that no kept page shows.
"""

from __future__ import annotations

import logging
import os
import secrets
from collections.abc import Callable
from typing import Any

from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created

from .models import Lease

CHANGES = "changes"  # the row that holds the mark
VERBS = ("INSERT", "UPDATE", "DELETE", "COPY", "TRUNCATE", "MERGE", "WITH")
# Written all the time, and shown on no page that is kept.
QUIET = {
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


MARK = (
    "INSERT INTO collector_lease (name, holder, expires_at, writes) VALUES (%s, %s, %s, 0) "
    "ON CONFLICT (name) DO UPDATE SET holder = excluded.holder"
)
OWN = "own_changes"  # how many a connection has made
log = logging.getLogger(__name__)


def install() -> None:
    """Watch every connection of this process from now on."""
    connection_created.connect(_watch, dispatch_uid="collector.base.changes")


def state() -> str:
    """What the tables hold, as far as this connection can see it. One query."""
    newest = Lease.objects.filter(name=CHANGES).values_list("holder", flat=True).first() or ""
    return f"{newest} {os.getpid()}.{_own(connection)}" if _is_waiting(connection) else newest


def _watch(sender: object, connection: BaseDatabaseWrapper, **kwargs: Any) -> None:  # the signal's names
    if _note not in connection.execute_wrappers:
        connection.execute_wrappers.append(_note)


def _note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    result = execute(sql, params, many, context)
    if sql.startswith(VERBS) and _table(sql) not in QUIET:
        changed: BaseDatabaseWrapper = context["connection"]
        setattr(changed, OWN, _own(changed) + 1)
        if not _is_waiting(changed):
            transaction.on_commit(_mark, using=changed.alias, robust=True)
    return result


def _table(sql: str) -> str:
    """The first name in quotes: Django quotes them all. What has none counts as any table, but our own."""
    return sql.split('"', 2)[1] if '"' in sql else "collector_lease" if sql is MARK else ""


def _own(connection: BaseDatabaseWrapper) -> int:
    return int(getattr(connection, OWN, 0))


def _is_waiting(connection: BaseDatabaseWrapper) -> bool:
    """Whether this connection's transaction has changed something that others do not see yet."""
    return any(entry[1] is _mark for entry in connection.run_on_commit)


def _mark() -> None:
    """After the commit, by itself: within it, every writer would wait for every other one's row.

    One statement, since the one before may not have been read to its end. Before the first migration there
    is no row to keep.
    """
    try:
        with connection.cursor() as cursor:
            cursor.execute(MARK, [CHANGES, secrets.token_hex(8), "1970-01-01 00:00:00+00"])
    except DatabaseError as error:
        log.debug("no mark of a change: %s", error)

"""The database connection of a process that outlives an outage."""

from django.db import connection


def drop_if_dead() -> None:
    """Let go of a connection that the database has closed, so that the next query opens a new one.

    Inside a transaction it stays: it is the transaction's, which fails with it. SQLite closes none,
    and to open its file again would bring the log back into it each time.
    """
    if connection.vendor != "sqlite" and not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()

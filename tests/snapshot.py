"""Rows that take long to build: built once for a test process, and put back as they were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection, transaction

from tests.sums import KEPT

# The database's own triggers fill these as the rows of days are put back.
KEPT_BY_TRIGGERS = {kept.sums._meta.db_table for kept in KEPT}


class Snapshot:
    def __init__(self, build: Callable[[], None]) -> None:
        self.build = build
        self.rows: dict[str, Any] = {}  # by table, in whatever form the database reads fastest

    @transaction.atomic
    def restore(self) -> None:
        """Fill the tables, which are empty; they get the same rows with the same keys each time."""
        if self.rows:
            for table, rows in self.rows.items():
                WRITE[connection.vendor](table, rows)
            return
        before = filled_tables()
        self.build()
        filled = sorted(filled_tables() - before - KEPT_BY_TRIGGERS)
        self.rows = {table: READ[connection.vendor](table) for table in filled}


def quote(name: str) -> str:
    return connection.ops.quote_name(name)


def filled_tables() -> set[str]:
    with connection.cursor() as cursor:
        tables = connection.introspection.table_names(cursor)
        one_of_each = (f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {quote(name)})" for name in tables)  # noqa: S608
        cursor.execute(" UNION ALL ".join(one_of_each))
        return {table for (table,) in cursor.fetchall()}


def read_sqlite(table: str) -> list[tuple]:
    """The values as they are stored: an expression, unlike a column, has no type to convert them to."""
    with connection.cursor() as cursor:
        columns = connection.introspection.get_table_description(cursor, table)
        values = ", ".join(f"+{quote(column.name)}" for column in columns)
        return cursor.execute(f"SELECT {values} FROM {quote(table)}").fetchall()  # noqa: S608


def write_sqlite(table: str, rows: list[tuple]) -> None:
    places = ", ".join(["%s"] * len(rows[0]))
    with connection.cursor() as cursor:
        cursor.executemany(f"INSERT INTO {quote(table)} VALUES ({places})", rows)  # noqa: S608


def read_postgresql(table: str) -> bytes:
    with connection.cursor() as cursor, cursor.copy(f"COPY {quote(table)} TO STDOUT") as copy:
        return b"".join(copy)


def write_postgresql(table: str, rows: bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {quote(table)} FROM STDIN") as copy:
        copy.write(rows)


READ = {"sqlite": read_sqlite, "postgresql": read_postgresql}
WRITE = {"sqlite": write_sqlite, "postgresql": write_postgresql}

"""Sums that the database makes, in SQL as it is sent, and what its values become here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from collector.base.money import MICRO_PLACES
from collector.base.statements import Statement, statement, union

Row = tuple[Any, ...]


def summed(rows: QuerySet | Statement | None, keys: Sequence[str], *sums: str) -> Statement | None:
    """A statement that adds rows up by the columns `keys`; None where filters leave no rows.

    Of SQL, since Django takes as long to put such a statement together of expressions, and to convert each
    value, as the database takes to add up.
    """
    selected = statement(rows.order_by()) if isinstance(rows, QuerySet) else rows
    if selected is None:
        return None
    (own, values), by = selected, ", ".join(keys)
    return f"SELECT {by}, {', '.join(sums)} FROM ({own}) AS own GROUP BY {by}", values  # noqa: S608  # nosec


def fetch(*parts: Statement | None) -> list[Row]:
    """The rows of all parts, as the database gives them. One query."""
    asked = union(parts)
    if asked is None:
        return []
    with connection.cursor() as cursor:
        cursor.execute(*asked)
        return cursor.fetchall()


def float_cents(micro: int) -> float:
    """The same for what is estimated."""
    return micro / 10**MICRO_PLACES


def as_date(day: date | str) -> date:
    """SQLite has no dates."""
    return date.fromisoformat(day) if isinstance(day, str) else day


def as_instant(instant: datetime) -> datetime:
    """SQLite's are in UTC, and do not say so."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

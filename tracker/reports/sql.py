"""Sums that the database makes, in SQL as it is sent, and what its values become here."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.db import connection
from django.db.models import QuerySet

from collector.base.statements import Statement, statement, union

Row = tuple[Any, ...]
MICRO_PLACES = 6  # of a cent, as many as are stored


def count_sum(column: str, where: str = "") -> str:
    """SQL of a sum of whole numbers, which PostgreSQL would add up as decimals."""
    condition = f" FILTER (WHERE {where})" if where else ""
    return f"CAST(COALESCE(SUM({column}){condition}, 0) AS BIGINT)"


def micro_sum(column: str, where: str = "") -> str:
    """SQL of a sum of cents in millionths of a cent, as a whole number.

    SQLite adds up decimals as floats. What one member spends on a model, and what a day costs, is exact to
    the last place so, up to a million dollars; sums of these sums are of whole numbers.
    """
    condition = f" FILTER (WHERE {where})" if where else ""
    return f"CAST(ROUND(COALESCE(SUM({column}){condition}, 0) * 1000000) AS BIGINT)"


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


def in_cents(micro: int) -> Decimal:
    """Millionths of a cent as cents."""
    return Decimal(micro).scaleb(-MICRO_PLACES)


def in_micro(cents: Decimal) -> int:
    return int(cents.scaleb(MICRO_PLACES))


def float_cents(micro: int) -> float:
    """The same for what is estimated."""
    return micro / 10**MICRO_PLACES


def as_date(day: date | str) -> date:
    """SQLite has no dates."""
    return date.fromisoformat(day) if isinstance(day, str) else day


def as_instant(instant: datetime) -> datetime:
    """SQLite's are in UTC, and do not say so."""
    return instant if instant.tzinfo else instant.replace(tzinfo=UTC)

"""Querysets as SQL with its values, for queries that would take too long to build from expressions."""

from collections.abc import Iterable
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db.models import QuerySet

Statement = tuple[str, tuple[Any, ...]]  # SQL and its values


def union(parts: Iterable[Statement | None]) -> Statement | None:
    """The rows of all parts; None if there are none."""
    known = [part for part in parts if part]
    if not known:
        return None
    return " UNION ALL ".join(sql for sql, _ in known), tuple(value for _, own in known for value in own)


def statement(rows: QuerySet[Any, Any]) -> Statement | None:
    """The SQL of `rows`; None if their filters exclude every row."""
    try:
        return rows.query.sql_with_params()
    except EmptyResultSet:
        return None

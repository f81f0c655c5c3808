"""Expressions over events that hourly totals are grouped by."""

from __future__ import annotations

from typing import Any

from django.db.models import Func, IntegerField


class HourOfDay(Func):
    """The UTC hour of an instant, 0 to 23; Django's own runs a Python function for every row on SQLite."""

    output_field = IntegerField()
    template = "CAST(EXTRACT(HOUR FROM %(expressions)s AT TIME ZONE 'UTC') AS INTEGER)"

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "CAST(SUBSTR(%(expressions)s, 12, 2) AS INTEGER)"
        return super().as_sql(compiler, connection, template=template, **context)

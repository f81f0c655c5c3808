"""Expressions over events that hourly totals are grouped by."""

from django.db.models import IntegerField

from collector.base.expressions import SqliteTemplate


class HourOfDay(SqliteTemplate):
    """The UTC hour of an instant, 0 to 23; Django's own runs a Python function for every row on SQLite."""

    output_field = IntegerField()
    template = "CAST(EXTRACT(HOUR FROM %(expressions)s AT TIME ZONE 'UTC') AS INTEGER)"
    sqlite_template = "CAST(SUBSTR(%(expressions)s, 12, 2) AS INTEGER)"

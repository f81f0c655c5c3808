"""Columns for money of weeks in whole numbers, and for what members did by weeks without their models.

The triggers go first, since SQLite makes the tables again. The next migration makes new ones, and fills the
columns, with what was written meanwhile.
"""

from importlib import import_module

from django.db import migrations, models

WEEKS = import_module("collector.migrations.0020_keep_sums").WEEKS
REQUESTS = import_module("collector.migrations.0023_keep_more_sums").REQUESTS
NEW = {
    "membermodelweek": ("total_micro", "billed_micro"),
    "memberrequestweek": (
        "requests",
        "failed_requests",
        "cache_read_tokens",
        "runs",
        "agent_requests",
        "total_micro",
        "billed_micro",
        "agent_micro",
    ),
}


def forget(apps, schema_editor) -> None:
    for sums in (WEEKS, REQUESTS):
        sums.forget(apps, schema_editor)


def keep_as_before(apps, schema_editor) -> None:
    for sums in (WEEKS, REQUESTS):
        sums.watch(apps, schema_editor)
        sums.fill(apps, schema_editor)


def widen(apps, schema_editor) -> None:
    """Of the columns that an older version reads: a week may cost more than its days hold each."""
    if schema_editor.connection.vendor == "postgresql":
        for name in ("total_cents", "billed_cents"):
            schema_editor.execute(
                f"ALTER TABLE collector_membermodelweek ALTER COLUMN {name} TYPE numeric(20, 6)"
            )


class Migration(migrations.Migration):
    dependencies = [("collector", "0024_unread_counts")]
    operations = [
        migrations.RunPython(forget, keep_as_before),
        migrations.RunPython(widen, migrations.RunPython.noop),
        *(
            migrations.AddField(model, name, models.BigIntegerField(db_default=0))
            for model, names in NEW.items()
            for name in names
        ),
        # An older version beside this one reads them.
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RemoveField("membermodelweek", "total_cents"),
                migrations.RemoveField("membermodelweek", "billed_cents"),
            ]
        ),
    ]

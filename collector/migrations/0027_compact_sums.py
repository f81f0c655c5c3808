"""The tables of sums without the room of rows that earlier migrations wrote a second time.

PostgreSQL keeps that room: a page about everybody then reads twice as much of them.
"""

from django.db import migrations

TABLES = ("membermodelweek", "memberrequestweek")


def compact(apps, schema_editor) -> None:
    if schema_editor.connection.vendor == "postgresql":
        for table in TABLES:
            schema_editor.execute(f"CLUSTER collector_{table} USING {table}_one_per_key")
            schema_editor.execute(f"ALTER TABLE collector_{table} SET WITHOUT CLUSTER")
            schema_editor.execute(f"ANALYZE collector_{table}")


class Migration(migrations.Migration):
    atomic = False  # each table is locked for as long as it takes alone
    dependencies = [("collector", "0026_keep_sums_in_whole_numbers")]
    operations = [migrations.RunPython(compact, migrations.RunPython.noop)]

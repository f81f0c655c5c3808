"""The table of the cache that all processes share (`CACHES`)."""

from typing import Any

from django.core.management import call_command
from django.db import migrations


def create(apps: Any, schema_editor: Any) -> None:
    call_command("createcachetable", database=schema_editor.connection.alias, verbosity=0)


def drop(apps: Any, schema_editor: Any) -> None:
    schema_editor.execute("DROP TABLE IF EXISTS tracker_shared_cache")


class Migration(migrations.Migration):
    dependencies = [("tracker", "0003_model_colours")]

    operations = [migrations.RunPython(create, drop)]

"""Demos begun before were noted in a file beside the database."""

import json

from django.conf import settings
from django.db import migrations
from django.utils import timezone


def mark(apps, schema_editor):
    path, database = settings.VAR_DIR / "demo.json", str(settings.DATABASES["default"]["NAME"])
    default = str(settings.VAR_DIR / "db.sqlite3")
    has_members = apps.get_model("collector", "Member").objects.exists()
    if has_members and path.exists() and json.loads(path.read_text()).get("database", default) == database:
        apps.get_model("tracker", "SetUp").objects.update_or_create(pk=1, defaults={"demo_at": timezone.now()})


class Migration(migrations.Migration):
    dependencies = [("tracker", "0007_demo_mark"), ("collector", "0001_version_1")]

    operations = [migrations.RunPython(mark, migrations.RunPython.noop)]

"""Makes the groups that give a role; deleting one of them takes the role from its people."""

from django.db import migrations

NAMES = ("viewer", "responder", "admin")


def make_role_groups(apps, schema_editor):
    Group = apps.get_model("auth", "Group")
    for name in NAMES:
        Group.objects.get_or_create(name=name)


class Migration(migrations.Migration):
    dependencies = [("tracker", "0001_initial"), ("auth", "0012_alter_user_first_name_max_length")]

    operations = [migrations.RunPython(make_role_groups, migrations.RunPython.noop)]

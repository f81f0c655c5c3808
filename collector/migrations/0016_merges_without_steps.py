from django.db import migrations, models


class Migration(migrations.Migration):
    """The column stays, empty, for processes of the version before that still run."""

    dependencies = [("collector", "0015_steps_of_merges_as_parts")]

    operations = [
        migrations.AlterField("membermerge", "steps", models.JSONField(default=list, null=True)),
        migrations.SeparateDatabaseAndState(
            state_operations=[migrations.RemoveField(model_name="membermerge", name="steps")]
        ),
    ]

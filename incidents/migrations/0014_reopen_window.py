from django.db import migrations, models


class Migration(migrations.Migration):
    """A name of its own in code; the column keeps the one that code of the version before reads."""

    dependencies = [
        ('incidents', '0013_plain_texts'),
    ]

    operations = [
        migrations.AlterField(
            model_name='incidentsettings',
            name='cooldown_hours',
            field=models.PositiveSmallIntegerField(default=24, help_text='The same cause within this time after an incident was resolved reopens it instead of opening a new one. A finding that still holds at the end of this time reopens what a person had resolved.', verbose_name='reopen window (hours)', db_column='cooldown_hours'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name='incidentsettings', old_name='cooldown_hours', new_name='reopen_window_hours'),
            ],
        ),
        migrations.AlterField(
            model_name='historicalincidentsettings',
            name='cooldown_hours',
            field=models.PositiveSmallIntegerField(default=24, help_text='The same cause within this time after an incident was resolved reopens it instead of opening a new one. A finding that still holds at the end of this time reopens what a person had resolved.', verbose_name='reopen window (hours)', db_column='cooldown_hours'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name='historicalincidentsettings', old_name='cooldown_hours', new_name='reopen_window_hours'),
            ],
        ),
    ]

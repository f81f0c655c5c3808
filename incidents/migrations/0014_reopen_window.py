import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """A name of its own in code; the column keeps the one that code of the version before reads."""

    dependencies = [
        ('groups', '0002_budgets'),
        ('incidents', '0010_histories'),
    ]

    operations = [
        migrations.AlterField(
            model_name='incidentsettings',
            name='cooldown_hours',
            field=models.PositiveSmallIntegerField(db_column='cooldown_hours', default=24, help_text='If the same cause recurs within this time after an incident is resolved, that incident is reopened instead of a new one being opened. If a finding still holds at the end of this time, an incident that a person resolved is reopened.', validators=[django.core.validators.MaxValueValidator(8760)], verbose_name='reopen window (hours)'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name='incidentsettings', old_name='cooldown_hours', new_name='reopen_window_hours'),
            ],
        ),
        migrations.AlterField(
            model_name='historicalincidentsettings',
            name='cooldown_hours',
            field=models.PositiveSmallIntegerField(db_column='cooldown_hours', default=24, help_text='If the same cause recurs within this time after an incident is resolved, that incident is reopened instead of a new one being opened. If a finding still holds at the end of this time, an incident that a person resolved is reopened.', validators=[django.core.validators.MaxValueValidator(8760)], verbose_name='reopen window (hours)'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name='historicalincidentsettings', old_name='cooldown_hours', new_name='reopen_window_hours'),
            ],
        ),
    ]

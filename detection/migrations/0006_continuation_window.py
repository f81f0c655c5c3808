import django.core.validators
from django.db import migrations, models


class Migration(migrations.Migration):
    """A name of its own in code; the column keeps the one that code of the version before reads."""

    dependencies = [
        ('collector', '0010_member_merges'),
        ('detection', '0003_evidence'),
    ]

    operations = [
        migrations.AlterField(
            model_name='detectionsettings',
            name='cooldown_hours',
            field=models.IntegerField(db_column='cooldown_hours', default=24, help_text='A cleared finding that returns within this many hours is continued rather than found again.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 720 hours.'), django.core.validators.MaxValueValidator(720, 'Enter 0 to 720 hours.')], verbose_name='Continuation window (hours)'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name='detectionsettings', old_name='cooldown_hours', new_name='continuation_hours'),
            ],
        ),
        migrations.AlterField(
            model_name='historicaldetectionsettings',
            name='cooldown_hours',
            field=models.IntegerField(db_column='cooldown_hours', default=24, help_text='A cleared finding that returns within this many hours is continued rather than found again.', validators=[django.core.validators.MinValueValidator(0, 'Enter 0 to 720 hours.'), django.core.validators.MaxValueValidator(720, 'Enter 0 to 720 hours.')], verbose_name='Continuation window (hours)'),
        ),
        migrations.SeparateDatabaseAndState(
            state_operations=[
                migrations.RenameField(model_name='historicaldetectionsettings', old_name='cooldown_hours', new_name='continuation_hours'),
            ],
        ),
    ]

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("tracker", "0005_cached_values")]

    operations = [
        migrations.AddField(
            model_name="setup",
            name="demo_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When the demo began in this database.", null=True
            ),
        ),
    ]

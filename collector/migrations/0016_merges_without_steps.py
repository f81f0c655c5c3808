from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("collector", "0015_steps_of_merges_as_parts")]

    operations = [migrations.RemoveField(model_name="membermerge", name="steps")]

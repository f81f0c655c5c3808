"""The triggers that keep the sums of days, and the sums of what was collected before there were any.

Whatever is written to the days is added, in the same transaction, whoever writes it. The sums of the past are
filled week by week, each in a transaction of its own that may be repeated.
"""

from django.db import migrations

from collector.migrations._sums import fill, forget, watch


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("collector", "0019_sums")]
    operations = [
        migrations.RunPython(watch, forget),
        migrations.RunPython(fill, migrations.RunPython.noop),
    ]

from django.db import migrations
from django.utils import timezone


def resolve_information(apps, schema_editor):
    """Information alone opens no incident any more; those that it opened are over."""
    Incident = apps.get_model("incidents", "Incident")
    TimelineEntry = apps.get_model("incidents", "TimelineEntry")
    now = timezone.now()
    for incident in Incident.objects.filter(severity="info").exclude(status="resolved"):
        TimelineEntry.objects.create(
            incident=incident,
            step="resolved",
            at=now,
            origin="system",
            from_status=incident.status,
            to_status="resolved",
            severity="info",
            text="information alone is not an incident any more",
        )
        Incident.objects.filter(pk=incident.pk).update(
            status="resolved", resolved_at=now, resolved_severity="info", quiet_runs=1
        )


class Migration(migrations.Migration):
    dependencies = [("incidents", "0005_growth_since_the_last_alert")]

    operations = [migrations.RunPython(resolve_information, migrations.RunPython.noop)]

from django.db import migrations


def state_audience(apps, schema_editor):
    """Until now no groups meant everybody, and `{member}` alone the member concerned."""
    Channel = apps.get_model("incidents", "Channel")
    for channel in Channel.objects.prefetch_related("groups"):
        is_for_member = channel.kind == "email" and channel.target.strip() == "{member}"
        if channel.groups.all():
            channel.audience = "groups"
        else:
            channel.audience = "member" if is_for_member else "everybody"
        channel.save(update_fields=["audience"])


class Migration(migrations.Migration):
    dependencies = [("incidents", "0002_channel_audience")]

    operations = [migrations.RunPython(state_audience, migrations.RunPython.noop)]

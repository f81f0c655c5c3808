"""Each merge so far is complete, and was made in one part."""

from django.db import migrations
from django.db.models import F


def make_parts(apps, schema_editor):
    merges, part = apps.get_model("collector", "MemberMerge"), apps.get_model("collector", "MergePart")
    merges.objects.update(finished_at=F("merged_at"))
    for merge in merges.objects.filter(undone_at__isnull=True).iterator(chunk_size=1):
        part.objects.create(merge=merge, steps=merge.steps)


def make_steps(apps, schema_editor):
    merges, part = apps.get_model("collector", "MemberMerge"), apps.get_model("collector", "MergePart")
    for merge in merges.objects.iterator(chunk_size=1):
        parts = part.objects.filter(merge=merge).order_by("pk")
        merges.objects.filter(pk=merge.pk).update(steps=[step for one in parts for step in one.steps])


class Migration(migrations.Migration):
    dependencies = [("collector", "0014_merge_parts")]

    operations = [migrations.RunPython(make_parts, make_steps)]

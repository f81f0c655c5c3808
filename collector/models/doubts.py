"""What was read and is implausible, or partly so; shown until a later reading settles it."""

from __future__ import annotations

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models

from collector.base.fields import CentsField
from collector.base.notes import DoubtKind

from .runs import Source


class NoteQuerySet(models.QuerySet):
    def still_open(self) -> NoteQuerySet:
        """Those that no later reading settled."""
        return self.filter(resolved_at__isnull=True)


class ReadingNote(models.Model):
    """What rejected rows and doubts have in common: where it came from, why, how much, since when."""

    source = models.CharField(max_length=20, choices=Source)
    scope = models.CharField(max_length=200, help_text="The endpoint's path, or the file's name.")
    where = models.CharField(max_length=200, blank=True, help_text="The field, page or line.")
    reason = models.TextField()
    cents = CentsField("amount", null=True, blank=True, help_text="The amount affected, if known.")
    raw = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder, help_text="The row as received.")
    fingerprint = models.CharField(max_length=64)
    start_at = models.DateTimeField(null=True, blank=True, help_text="The time that the doubt is about.")
    end_at = models.DateTimeField(null=True, blank=True)
    first_seen_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    times = models.PositiveIntegerField(default=1, help_text="The number of readings in which it occurred.")
    resolved_at = models.DateTimeField(
        null=True, blank=True, help_text="When a later reading was correct or no longer contained it."
    )

    objects = NoteQuerySet.as_manager()

    class Meta:
        abstract = True
        ordering = ["-last_seen_at"]

    def __str__(self) -> str:
        return f"{self.scope}: {self.reason}"


class RejectedRow(ReadingNote):
    """One row is one row of an answer or a file that could not be read, kept as it came."""

    class Meta(ReadingNote.Meta):
        constraints = [
            models.UniqueConstraint(fields=["source", "fingerprint"], name="rejectedrow_one_per_row"),
        ]


class Doubt(ReadingNote):
    """One row is one thing that does not add up in what a source or a file states; its rows still count."""

    kind = models.CharField(max_length=20, choices=DoubtKind)
    announced = models.CharField(
        max_length=80, blank=True, help_text="The number of rows that the answer announced."
    )
    counted = models.CharField(max_length=80, blank=True, help_text="The number of rows that arrived.")
    rows = models.PositiveIntegerField(default=0, help_text="The number of rows affected.")

    class Meta(ReadingNote.Meta):
        constraints = [
            models.UniqueConstraint(fields=["source", "fingerprint"], name="doubt_one_per_subject"),
        ]

"""Settings that somebody tries on the past, and what came of it."""

from django.db import models


class SettingsTrial(models.Model):
    """One row is one try of unsaved settings on the past 30 days, run by the worker."""

    class Progress(models.TextChoices):
        WAITING = "waiting", "waiting for the worker"
        RUNNING = "running", "running"
        DONE = "done", "done"
        FAILED = "failed", "failed"

    values = models.JSONField(help_text="The settings to test, field by field, as text.")
    status = models.CharField(max_length=8, choices=Progress, default=Progress.WAITING)
    asked_by = models.CharField(max_length=200)
    asked_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)
    result = models.JSONField(
        default=dict, help_text="The alerts that would be new, no longer raised, or unchanged."
    )

    class Meta:
        ordering = ["-asked_at"]

    def __str__(self) -> str:
        return f"tried by {self.asked_by} at {self.asked_at:%Y-%m-%d %H:%M}"

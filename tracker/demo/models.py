"""What the demo keeps: messages that were not sent, and what to look at."""

from datetime import datetime

from django.db import models

from incidents.models import Notification


class DemoMessage(models.Model):
    """One row is one message that a channel of the demo kept instead of sending it."""

    kind = models.CharField(max_length=8)
    notification = models.ForeignKey(
        Notification, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    to = models.CharField(max_length=300)
    title = models.CharField(max_length=300)
    text = models.TextField()
    kept_at = models.DateTimeField()

    class Meta:
        ordering = ["-kept_at", "-pk"]

    def __str__(self) -> str:
        return self.title

    @property
    def sent_at(self) -> datetime:
        """When it would have arrived."""
        return (self.notification and self.notification.sent_at) or self.kept_at


class DemoStory(models.Model):
    """One row is one thing to look at in the demo, with the page that shows it."""

    title = models.CharField(max_length=120)
    text = models.CharField(max_length=300)
    path = models.CharField(max_length=300)

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return self.title

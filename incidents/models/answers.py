"""What the member concerned answered."""

from django.db import models

from .incidents import Incident
from .timeline import Origin, TimelineEntry


class MemberAnswer(models.Model):
    """One row is the one answer of the member concerned to one alert: `question` is the step that alerted."""

    class Reply(models.TextChoices):
        EXPECTED = "expected", "It's expected"
        STOPPED = "stopped", "I stopped it"
        NOT_ME = "not_me", "Not me"

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="member_answers")
    question = models.OneToOneField(TimelineEntry, on_delete=models.PROTECT, related_name="member_answer")
    reply = models.CharField(max_length=8, choices=Reply)
    until_at = models.DateTimeField(
        null=True, blank=True, help_text="The end of the last day on which the spend is expected."
    )
    answered_at = models.DateTimeField()
    origin = models.CharField(max_length=6, choices=Origin)

    class Meta:
        ordering = ["answered_at", "pk"]

    def __str__(self) -> str:
        return f"{self.incident_id}: {self.get_reply_display()}"

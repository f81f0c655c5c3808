"""Who did what to an incident and when, and what the member answered. Rows are added, never changed."""

from datetime import datetime

from django.conf import settings
from django.db import models

from collector.base import names
from detection.vocabulary import Severity

from .incidents import Incident, Status


class Origin(models.TextChoices):
    PAGE = "page", "page"
    API = "api", "API"
    SLACK = "slack", "Slack"
    EMAIL = "email", "e-mail"
    PAGERDUTY = "pager", "PagerDuty"
    OPSGENIE = "genie", "Opsgenie"
    SYSTEM = "system", "system"


class TimelineStep(models.TextChoices):
    OPENED = "opened", "opened"
    JOINED = "joined", "finding joined"
    WORSENED = "worsened", "got worse"
    ALERTED = "alerted", "alert delivered"
    ANSWERED = "answered", "answered"
    UNANSWERED = "unanswered", "escalated: nobody answered"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    EXPIRED = "expired", "acknowledgement expired"
    QUIET = "quiet", "finding cleared"
    RESOLVED = "resolved", "resolved"
    REOPENED = "reopened", "reopened"
    SNOOZED = "snoozed", "snoozed"
    WOKE = "woke", "snooze ended"
    VERDICT = "verdict", "verdict"
    NOTE = "note", "note"
    ONSET = "onset", "onset corrected"
    LIMIT_ASKED = "limit_asked", "asked Cursor for a limit"
    LIMIT = "limit", "spend limit"
    GUARD = "guard", "guard"
    UNDELIVERED = "undelivered", "notification given up"


class TimelineEntry(models.Model):
    """One row is one step in an incident's life."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="timeline")
    step = models.CharField(max_length=12, choices=TimelineStep)
    at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    actor_name = models.CharField(max_length=254, blank=True, help_text="Empty for a step by the system.")
    origin = models.CharField(max_length=6, choices=Origin)
    from_status = models.CharField(max_length=12, choices=Status, blank=True)
    to_status = models.CharField(max_length=12, choices=Status, blank=True)
    severity = models.CharField(
        max_length=10, choices=Severity, help_text="The incident's severity at this step."
    )
    text = models.TextField(blank=True)

    class Meta:
        ordering = ["at", "pk"]
        verbose_name_plural = "timeline entries"

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.get_step_display()}"

    @property
    def shown_text(self) -> str:
        """The text as the reader may see it: what a channel answered may name anybody, and so may people."""
        reader = names.current()
        if self.step == TimelineStep.UNDELIVERED:
            return reader.error_text(self.text)
        return reader.free_text(self.text, self.actor_name)

    @property
    def sentence(self) -> str:
        """The step in one line, without its time: `Acknowledged by Ada Byron (Slack)`."""
        reader = names.current()
        words, text = str(self.get_step_display()).capitalize(), self.shown_text
        by = f" by {reader.actor(self.actor_name)}" if self.actor_name else ""
        where = "" if self.origin == Origin.SYSTEM else f" ({self.get_origin_display()})"
        return f"{words}{by}{where}" + (f": {text}" if text else "")


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


def opened_at(incident: Incident) -> datetime:
    """When `incident` was last opened, reopened, or open again because its acknowledgement expired. One
    query."""
    opened = incident.reopened_at or incident.detected_at
    expired = TimelineEntry.objects.filter(incident=incident, step=TimelineStep.EXPIRED)
    return max([opened, *expired.values_list("at", flat=True)])


def answered_at(incident: Incident) -> datetime | None:
    """When whoever holds `incident` took it on; `acknowledged_at` keeps the first answer. One query."""
    answers = TimelineEntry.objects.filter(incident=incident, step=TimelineStep.ACKNOWLEDGED)
    return answers.values_list("at", flat=True).last() or incident.acknowledged_at

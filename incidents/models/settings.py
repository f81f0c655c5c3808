"""Policy of incidents: one row, edited in the admin, effective from the next run."""

from __future__ import annotations

from datetime import timedelta

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

from detection.vocabulary import Severity


class IncidentSettings(SingletonModel):
    """The one row says when incidents end, come back, and how often telling of them is tried."""

    class EmailMode(models.TextChoices):
        SINGLE = "single", "one e-mail per incident, as it happens"
        DIGEST = "digest", "one e-mail a day with everything since the last"

    quiet_runs = models.PositiveSmallIntegerField(
        "runs without the finding",
        default=2,
        validators=[MinValueValidator(1)],
        help_text="An incident resolves itself once none of its findings held in this many runs in a row. "
        "Runs without data do not count.",
    )
    keep_open_until_reviewed = models.BooleanField(
        default=False, help_text="Incidents never resolve themselves; a person closes each."
    )
    cooldown_hours = models.PositiveSmallIntegerField(
        "cool-down (hours)",
        default=24,
        help_text="The same cause within this time after resolving reopens the incident instead of opening "
        "a new one. A finding that still holds when it ends reopens what a person had resolved.",
    )
    acknowledgement_hours = models.PositiveSmallIntegerField(
        "acknowledgement holds (hours)",
        default=0,
        db_default=0,  # code of the version before leaves the column out
        help_text="An incident that is still unresolved this long after it was acknowledged alerts again, "
        "and anyone may acknowledge it. 0: an acknowledgement never expires.",
    )
    summary_above = models.PositiveSmallIntegerField(
        "summary above",
        default=3,
        validators=[MinValueValidator(1)],
        help_text="More new alerts at once than this become one summary.",
    )
    email_mode = models.CharField("e-mail", max_length=6, choices=EmailMode, default=EmailMode.SINGLE)
    email_digest_hour = models.PositiveSmallIntegerField(
        "hour of the e-mail digest (UTC)",
        default=8,
        validators=[MaxValueValidator(23)],
        help_text="Used when e-mail is one digest a day.",
    )
    give_up_after = models.PositiveSmallIntegerField(
        "tries before giving up",
        default=12,
        validators=[MinValueValidator(1)],
        help_text="A notification is tried this often, with growing pauses of up to 6 hours: 12 tries take "
        "about a day. What was given up stays visible here, on the page and in /healthz.",
    )
    asks_member_first = models.BooleanField(
        "ask the member first",
        default=False,
        db_default=False,
        help_text="Whoever an incident is about gets a direct message at once (Slack by e-mail address, else "
        "e-mail) and may answer: expected until a day, stopped, or not me. The answer goes onto the timeline "
        "and gives no right to act. The channels wait for it as long as the next two fields say.",
    )
    channels_wait_warning_minutes = models.PositiveSmallIntegerField(
        "channels wait after a warning (minutes)",
        default=30,
        db_default=30,
        help_text="Without an answer the channels are notified after so long. 0: at once.",
    )
    channels_wait_critical_minutes = models.PositiveSmallIntegerField(
        "channels wait when critical (minutes)",
        default=0,
        db_default=0,
        help_text="0: the channels and the member are notified at the same time.",
    )
    plan_digest = models.BooleanField(
        "plan exhaustion digest", default=True, help_text="Once a day, when somebody used up their plan."
    )
    cycle_digest = models.BooleanField(
        "cycle summary", default=True, help_text="Once per billing cycle, three days before it ends."
    )
    weekly_digest = models.BooleanField(default=True, help_text="Mondays, for managers, by group.")
    digest_hour = models.PositiveSmallIntegerField(
        "hour of the digests (UTC)", default=8, validators=[MaxValueValidator(23)]
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "incident settings"

    def __str__(self) -> str:
        return "Incident settings"

    def channels_wait(self, severity: str) -> timedelta:
        """How long the channels wait for the member's answer to an incident of that severity."""
        if not self.asks_member_first:
            return timedelta(0)
        is_critical = severity == Severity.CRITICAL
        minutes = self.channels_wait_critical_minutes if is_critical else self.channels_wait_warning_minutes
        return timedelta(minutes=minutes)

    @property
    def cooldown(self) -> timedelta:
        return timedelta(hours=self.cooldown_hours)

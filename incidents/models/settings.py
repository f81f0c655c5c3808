"""Policies of incidents and of the guard: one row each, edited in the admin, effective from the next run."""

from datetime import timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from simple_history.models import HistoricalRecords
from solo.models import SingletonModel

from detection.vocabulary import Severity

# A year: far longer than any of these spans is of use, and far from the end of the calendar.
MOST_HOURS = 8_760


class IncidentSettings(SingletonModel):
    """The one row says when incidents end, come back, and how often a notification is attempted."""

    class EmailMode(models.TextChoices):
        SINGLE = "single", "one e-mail per incident, as it happens"
        DIGEST = "digest", "one e-mail a day with everything since the last"

    quiet_runs = models.PositiveSmallIntegerField(
        "resolve after quiet runs",
        default=2,
        validators=[MinValueValidator(1)],
        help_text="An incident resolves itself when none of its findings held in this many runs in a row. "
        "Runs without data do not count.",
    )
    keep_open_until_reviewed = models.BooleanField(
        default=False,
        help_text="Incidents never resolve themselves: a person has to resolve each one.",
    )
    reopen_window_hours = models.PositiveSmallIntegerField(
        "reopen window (hours)",
        default=24,
        db_column="cooldown_hours",
        validators=[MaxValueValidator(MOST_HOURS)],
        help_text="If the same cause recurs within this time after an incident is resolved, that incident "
        "is reopened instead of a new one being opened. If a finding still holds at the end of this time, "
        "an incident that a person resolved is reopened.",
    )
    acknowledgement_hours = models.PositiveSmallIntegerField(
        "acknowledgement expires after (hours)",
        default=0,
        db_default=0,  # code of the version before leaves the column out
        validators=[MaxValueValidator(MOST_HOURS)],
        help_text="An incident that is still unresolved this long after it was acknowledged alerts again, "
        "and anyone may acknowledge it. 0: an acknowledgement never expires.",
    )
    summary_above = models.PositiveSmallIntegerField(
        "one summary for more than (alerts)",
        default=3,
        validators=[MinValueValidator(1)],
        help_text="If there are more new alerts than this at once, they are sent as one summary.",
    )
    email_mode = models.CharField("e-mail", max_length=6, choices=EmailMode, default=EmailMode.SINGLE)
    email_digest_hour = models.PositiveSmallIntegerField(
        "hour of the daily e-mail (UTC)",
        default=8,
        validators=[MaxValueValidator(23)],
        help_text="Used if e-mail is sent once a day.",
    )
    give_up_after = models.PositiveSmallIntegerField(
        "attempts before giving up",
        default=12,
        validators=[MinValueValidator(1)],
        help_text="A notification is attempted this many times, with growing pauses of up to 6 hours: 12 "
        "attempts take about a day. Notifications that were given up are listed in the admin, on the "
        "incidents page and in /healthz.",
    )
    asks_member_first = models.BooleanField(
        "ask the member first",
        default=False,
        db_default=False,
        help_text="Sends the member whom an incident is about a direct message at once (on Slack, "
        "otherwise by e-mail), with three answers: “It's expected” (until a day), “I stopped it” or “Not "
        "me”. The answer is added to the timeline; it does not change the incident's status. Channels wait "
        "for it for the times set in the next two fields.",
    )
    channels_wait_warning_minutes = models.PositiveSmallIntegerField(
        "channels wait after a warning (minutes)",
        default=30,
        db_default=30,
        validators=[MaxValueValidator(10_080)],
        help_text="If the member has not answered by then, channels are notified. 0: immediately.",
    )
    channels_wait_critical_minutes = models.PositiveSmallIntegerField(
        "channels wait when critical (minutes)",
        default=0,
        db_default=0,
        help_text="0: channels and the member are notified at the same time.",
    )
    vendor_lag_hours = models.PositiveSmallIntegerField(
        "report a delay at Cursor after (hours)",
        default=6,
        db_default=6,
        validators=[MaxValueValidator(MOST_HOURS)],
        help_text="If Cursor itself has been behind with events for this long on a working day, pages and "
        "channels report it. Channels are also notified when it catches up. 0: never.",
    )
    plan_digest = models.BooleanField(
        "plan exhaustion digest",
        default=True,
        help_text="Sent once a day if a member has exhausted their plan.",
    )
    cycle_digest = models.BooleanField(
        "cycle summary", default=True, help_text="Sent once per billing cycle, three days before it ends."
    )
    weekly_digest = models.BooleanField(
        default=True, help_text="Sent on Mondays: spend by group, for managers."
    )
    digest_hour = models.PositiveSmallIntegerField(
        "hour of the digests (UTC)", default=8, validators=[MaxValueValidator(23)]
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = "incident settings"

    def __str__(self) -> str:
        return "Incident policy"

    def clean(self) -> None:
        critical, warning = self.channels_wait_critical_minutes, self.channels_wait_warning_minutes
        if self.asks_member_first and critical > warning:
            problem = (
                f"At most {warning} minutes: otherwise channels would be notified of warnings sooner than of "
                "critical incidents."
            )
            raise ValidationError({"channels_wait_critical_minutes": problem})
        if self.asks_member_first and not (settings.SLACK_BOT_TOKEN or settings.EMAIL_CONFIGURED):
            problem = "No member can be asked: neither Slack nor e-mail is set up in the environment."
            raise ValidationError({"asks_member_first": problem})
        guard = GuardSettings.get_solo()
        if guard.is_quicker_than(self):
            problem = f"Less than {guard.minutes}: the guard would act before the channels are notified."
            raise ValidationError({"channels_wait_critical_minutes": problem})

    def channels_wait(self, severity: str) -> timedelta:
        """How long the channels wait for the member's answer to an incident of that severity."""
        if not self.asks_member_first:
            return timedelta(0)
        is_critical = severity == Severity.CRITICAL
        minutes = self.channels_wait_critical_minutes if is_critical else self.channels_wait_warning_minutes
        return timedelta(minutes=minutes)

    @property
    def reopen_window(self) -> timedelta:
        return timedelta(hours=self.reopen_window_hours)


class GuardSettings(SingletonModel):
    """The one row says whether a critical incident that nobody answers limits its member by itself."""

    class Mode(models.TextChoices):
        OFF = "off", "off"
        DRY_RUN = "dry_run", "dry run: only record what it would have done"
        ON = "on", "on"

    mode = models.CharField(max_length=8, choices=Mode, default=Mode.OFF)
    minutes = models.PositiveIntegerField(
        "minutes without an answer",
        default=60,
        validators=[MinValueValidator(5), MaxValueValidator(10_080)],
        help_text="The guard acts on a critical incident that nobody has acknowledged this long after the "
        "first alert got through; where none gets through, this long after it was detected.",
    )
    extra_dollars = models.PositiveIntegerField(
        "above the spend so far ($)",
        default=50,
        validators=[MinValueValidator(1)],
        help_text="The limit is set to the member's spend in the cycle plus this many US dollars.",
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = verbose_name_plural = "guard"

    def __str__(self) -> str:
        return "guard"

    def clean(self) -> None:
        if self.mode == self.Mode.ON and settings.CURSOR_LIMITS != "write":
            problem = "The guard cannot set limits: set CURSOR_LIMITS=write first, or choose the dry run."
            raise ValidationError({"mode": problem})
        policy = IncidentSettings.get_solo()
        if self.is_quicker_than(policy):
            wait = policy.channels_wait_critical_minutes
            problem = f"More than {wait}: until then the channels wait for the member's answer."
            raise ValidationError({"minutes": problem})

    def is_quicker_than(self, policy: IncidentSettings) -> bool:
        """Whether it would act on a critical incident before the channels are notified of it."""
        wait = policy.channels_wait(Severity.CRITICAL)
        return self.mode != self.Mode.OFF and bool(wait) and timedelta(minutes=self.minutes) <= wait

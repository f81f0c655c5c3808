"""Where notifications go."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import F, Q
from simple_history.models import HistoricalRecords

from detection.vocabulary import Severity
from groups.models import Group
from incidents.channels.targets import MEMBER, check_item, shown_target, split_target
from incidents.ends import zone_names


def check_timezone(name: str) -> None:
    """ValidationError unless `name` is a time zone such as Europe/Berlin."""
    if name not in zone_names():
        raise ValidationError(f"“{name}” is not a time zone, such as Europe/Berlin or UTC.")


class ChannelQuerySet(models.QuerySet["Channel"]):
    def enabled(self) -> ChannelQuerySet:
        return self.filter(is_enabled=True)

    def troubled(self) -> ChannelQuerySet:
        """Channels in use whose last attempt failed."""
        return self.enabled().exclude(last_error="")


# Kinds that can write to one person, by the values of `Channel.Medium`.
PERSONAL_KINDS = frozenset({"email", "slack"})
# Kinds that call somebody: they follow single incidents and get no digests.
PAGING_KINDS = frozenset({"pager", "opsgenie"})


LONGEST_PAUSE = timedelta(hours=6)  # between two tries, whatever the other side asks for


class Channel(models.Model):
    """One row is one place to notify: a Slack channel, e-mail addresses, or a webhook."""

    class Audience(models.TextChoices):
        EVERYBODY = "everybody", "everybody, and the team as a whole"
        GROUPS = "groups", "these groups and those below them"
        MEMBER = "member", "the member concerned"

    class Medium(models.TextChoices):
        SLACK = "slack", "Slack"
        EMAIL = "email", "e-mail"
        WEBHOOK = "webhook", "webhook"
        APPRISE = "apprise", "Apprise (Teams, Discord, Google Chat, ntfy, Matrix …)"
        PAGERDUTY = "pager", "PagerDuty"
        OPSGENIE = "opsgenie", "Opsgenie"

    name = models.CharField(max_length=80, unique=True)
    kind = models.CharField(max_length=8, choices=Medium)
    target = models.TextField(
        blank=True,
        help_text="Slack: the channel's id, such as C0123456789. E-mail: addresses separated by commas; "
        "{member} stands for the member concerned. Webhook: its address. Apprise: one URL per line. "
        "PagerDuty: the Integration Key. Opsgenie: the API key. If empty, the environment variable "
        "SLACK_CHANNEL_ID, ALERT_EMAIL_TO or WEBHOOK_URL is used.",
    )
    is_enabled = models.BooleanField("enabled", default=True)
    least_severity = models.CharField(
        "minimum severity", max_length=10, choices=Severity, default=Severity.WARNING
    )
    audience = models.CharField(
        "for",
        max_length=10,
        choices=Audience,
        default=Audience.EVERYBODY,
        # A row of the version before has no value here; it must not receive everybody's by accident.
        db_default=Audience.GROUPS,
        help_text="Whose incidents and digests are sent here. “The member concerned” writes to the person "
        "that an incident is about, and gets no digests.",
    )
    groups = models.ManyToManyField(
        Group,
        blank=True,
        help_text="Only for channels that are for groups. If all of these groups are deleted, nothing is "
        "sent.",
    )
    sends_alerts = models.BooleanField("alerts", default=True, help_text="Sends incidents as they happen.")
    sends_digests = models.BooleanField(
        "digests",
        default=True,
        help_text="Sends exhausted plans, the cycle summary and the weekly digest. A channel for groups "
        "gets only theirs.",
    )
    sends_budgets = models.BooleanField(
        "budgets",
        default=True,
        db_default=True,  # code of the version before leaves the column out
        help_text="Sends budget steps as they are reached. A channel for groups gets only theirs and their "
        "members'.",
    )
    quiet_from = models.TimeField(
        "quiet hours from", null=True, blank=True, help_text="Messages wait until quiet hours end."
    )
    quiet_until = models.TimeField("quiet hours until", null=True, blank=True)
    timezone = models.CharField(
        "time zone",
        max_length=60,
        default="UTC",
        validators=[check_timezone],
        help_text="Applies to the quiet hours.",
    )
    is_loud_when_critical = models.BooleanField(
        "send critical incidents at once",
        default=True,
        help_text="Critical incidents do not wait for quiet hours to end.",
    )
    escalate_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="escalates_from",
        help_text="The channel that is notified if nobody acknowledges in time.",
    )
    escalate_after_minutes = models.PositiveIntegerField(
        "escalate after (minutes)",
        null=True,
        blank=True,
        validators=[MaxValueValidator(10_080)],  # a week
        help_text="For example 30.",
    )
    seed = models.CharField(
        max_length=20,
        unique=True,
        null=True,
        blank=True,
        editable=False,
        help_text="The environment variable that this channel was created from, so that it is created only "
        "once.",
    )
    last_ok_at = models.DateTimeField("last delivery", null=True, blank=True, editable=False)
    last_error = models.TextField(blank=True, editable=False)
    last_error_at = models.DateTimeField("last failure", null=True, blank=True, editable=False)
    paused_until = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text="The service asked to be sent nothing until then.",
    )

    objects = ChannelQuerySet.as_manager()
    # Targets may hold keys. The audit log says that one was changed, and by whom.
    history = HistoricalRecords(
        excluded_fields=["target", "last_ok_at", "last_error", "last_error_at", "paused_until"],
        m2m_fields=[groups],
    )

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from__isnull=True, quiet_until__isnull=True)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="channel_quiet_hours_both_ends",
                violation_error_message="Quiet hours need both a beginning and an end.",
            ),
            models.CheckConstraint(
                condition=Q(escalate_to__isnull=True, escalate_after_minutes__isnull=True)
                | Q(escalate_to__isnull=False, escalate_after_minutes__gte=1),
                name="channel_escalation_complete",
                violation_error_message="Escalation needs both another channel and a time of at least 1 "
                "minute.",
            ),
            models.CheckConstraint(
                condition=Q(escalate_to__isnull=True) | ~Q(escalate_to=F("id")),
                name="channel_not_escalated_to_itself",
                violation_error_message="A channel cannot escalate to itself.",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        for item in self.target_items():
            try:
                check_item(self.kind, item)
            except ValidationError as problem:
                raise ValidationError({"target": problem.messages}) from problem
        if self.is_for_member:
            self._check_member_audience()
        self._check_contradictions()

    def _check_contradictions(self) -> None:
        """Refuse settings that each make sense but together notify nobody or send nothing."""
        if self.quiet_from is not None and self.quiet_from == self.quiet_until:
            raise ValidationError({"quiet_until": "Quiet hours must not end at the time they begin."})
        if self.is_enabled and not (self.sends_alerts or self.sends_digests or self.sends_budgets):
            raise ValidationError(
                {
                    "is_enabled": "This channel sends nothing. Choose alerts, digests or budgets, or "
                    "disable it."
                }
            )
        if self.is_enabled and not self.sends_alerts and not self.takes_digests:
            raise ValidationError(
                {"sends_alerts": "A channel of this kind, or for the member concerned, gets alerts only."}
            )
        other = self.escalate_to
        if other is not None and not (other.is_enabled and other.sends_alerts):
            raise ValidationError(
                {"escalate_to": f"{other} is disabled or sends no alerts, so nobody would be notified."}
            )
        is_silent = not (self.is_enabled and self.sends_alerts)
        escalating = self.escalates_from.enabled() if self.pk and is_silent else ()
        if names := ", ".join(channel.name for channel in escalating):
            field = "sends_alerts" if self.is_enabled else "is_enabled"
            raise ValidationError({field: f"{names} escalates to this channel: change that first."})

    def _check_member_audience(self) -> None:
        if self.kind not in PERSONAL_KINDS:
            raise ValidationError(
                {"audience": f"A channel of the kind “{self.get_kind_display()}” cannot write to one member."}
            )
        if set(self.target_items()) - {MEMBER}:
            raise ValidationError(
                {"target": "A channel for the member concerned has no addresses: leave the target empty."}
            )

    def is_paused(self, now: datetime) -> bool:
        """Whether the service asked to be sent nothing now. A clock far ahead may have noted a longer one."""
        return self.paused_until is not None and now < self.paused_until <= now + LONGEST_PAUSE

    @property
    def is_personal(self) -> bool:
        """Whether it writes to the member: one message is about one incident then."""
        return self.is_for_member or (self.kind == self.Medium.EMAIL and MEMBER in self.target_items())

    @property
    def reaches_member_only(self) -> bool:
        """Whether nobody is written to where no member is concerned."""
        return self.is_personal and not set(self.target_items()) - {MEMBER}

    @property
    def is_for_member(self) -> bool:
        """Whether it asks the member concerned, and nobody else."""
        return self.audience == self.Audience.MEMBER

    @property
    def pages_people(self) -> bool:
        return self.kind in PAGING_KINDS

    @property
    def takes_digests(self) -> bool:
        """Whether digests, budgets and other notices can be sent there: not to a pager, nor to one member."""
        return not (self.is_personal or self.pages_people)

    @property
    def wants_single(self) -> bool:
        """Whether every notification is a message of its own: a program reads it, or one person does."""
        return self.kind == self.Medium.WEBHOOK or self.pages_people or self.is_personal

    @property
    def shown_target(self) -> str:
        """The target with its secret parts hidden."""
        return shown_target(self.kind, self.target)

    def target_items(self) -> list[str]:
        """What stands in `target`, one item or several as its kind has it."""
        return split_target(self.kind, self.target)

"""A stretch of anomaly with a life cycle. Only `incidents.lifecycle` changes these rows."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import Q
from django.urls import reverse

from collector.base import names
from collector.base.fields import CentsField
from collector.models import Member
from detection.findings.gravest import gravest_finding
from detection.findings.messages import sentence_of
from detection.findings.wording import at_onset
from detection.models import Anomaly
from detection.vocabulary import Cause, Severity


class Status(models.TextChoices):
    OPEN = "open", "open"
    ALERTED = "alerted", "alerted"
    ACKNOWLEDGED = "acknowledged", "acknowledged"
    RESOLVED = "resolved", "resolved"


class Verdict(models.TextChoices):
    REAL = "real", "a real problem"
    EXPECTED = "expected", "expected"
    PLANNED = "planned", "planned until a date"
    TOO_SMALL = "too_small", "too small to matter"


IS_UNRESOLVED = ~Q(status=Status.RESOLVED)


class IncidentQuerySet(models.QuerySet["Incident"]):
    def unresolved(self) -> IncidentQuerySet:
        return self.filter(IS_UNRESOLVED)

    def about(self, member_id: int | None, cause: str) -> IncidentQuerySet:
        """Incidents of one member (None: of the team) and cause, newest first."""
        return self.filter(member_id=member_id, cause=cause).order_by("-detected_at")

    def detected_between(self, start_at: datetime, end_at: datetime) -> IncidentQuerySet:
        """Incidents first detected in `[start_at, end_at)`."""
        return self.filter(detected_at__gte=start_at, detected_at__lt=end_at)

    def matching(self, text: str) -> IncidentQuerySet:
        """Incidents whose member or message contains `text`, whatever the case; where names are hidden,
        whose member's pseudonym does: a message has the name in it."""
        if not text:
            return self
        is_found = Q(member__in=Member.objects.matching(text).values("pk"))
        if not names.current().are_hidden:
            is_found |= Q(message__icontains=text)
        return self.filter(is_found)

    def for_sentences(self) -> IncidentQuerySet:
        """With what their sentences are made of."""
        rows = self.select_related("member")
        if not names.current().are_hidden:
            return rows
        findings = IncidentAnomaly.objects.select_related("anomaly__member")
        return rows.prefetch_related(models.Prefetch("findings", findings))


class Incident(models.Model):
    """One row is one stretch of one cause at one member, or at the team where `member` is empty.

    `onset_at ≤ detected_at ≤ alerted_at`; reopening keeps the first of each and clears the resolution.
    """

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, null=True, blank=True, related_name="incidents", db_index=False
    )
    cause = models.CharField(
        max_length=10,
        choices=Cause,
        help_text="Findings with the same cause about the same spend belong to one incident.",
    )
    status = models.CharField(max_length=12, choices=Status, default=Status.OPEN)
    severity = models.CharField(max_length=10, choices=Severity)
    message = models.TextField(help_text="Its most severe finding in one sentence, as of the last run.")
    model = models.CharField(
        max_length=120, blank=True, help_text="The model that caused it, if it was one model."
    )
    extra_cents = CentsField("extra cost", null=True, blank=True)
    stated_cents = CentsField(
        "spend in 24 h",
        null=True,
        blank=True,
        help_text="The spend in 24 h of its largest finding, as of the last run before it was resolved.",
    )
    alerted_cents = CentsField(
        "spend at the last alert",
        null=True,
        blank=True,
        help_text="The same figure at the last alert; a figure far above this triggers another alert.",
    )

    onset_at = models.DateTimeField(
        null=True, blank=True, help_text="The usage event at which the figure crossed its bound."
    )
    onset_corrected_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The onset as a person corrected it; used instead of the measured one.",
    )
    onset_collected_at = models.DateTimeField(
        null=True, blank=True, help_text="When the usage event at the onset was first stored here."
    )
    detected_at = models.DateTimeField(help_text="When a run opened the incident.")
    alerted_at = models.DateTimeField(
        null=True, blank=True, help_text="When a notification was first delivered."
    )
    acknowledged_at = models.DateTimeField(
        null=True, blank=True, help_text="When a person first acknowledged it."
    )
    acknowledged_by = models.CharField(max_length=254, blank=True)
    resolved_at = models.DateTimeField(null=True, blank=True)
    resolved_by = models.CharField(max_length=254, blank=True, help_text="Empty if it resolved itself.")
    resolved_severity = models.CharField(max_length=10, choices=Severity, blank=True)
    reopened_at = models.DateTimeField(null=True, blank=True, help_text="When it was last reopened.")
    reopened_count = models.PositiveSmallIntegerField(default=0)
    snoozed_until = models.DateTimeField(null=True, blank=True)

    verdict = models.CharField(max_length=10, choices=Verdict, blank=True)
    verdict_by = models.CharField(max_length=254, blank=True)
    planned_until = models.DateTimeField(null=True, blank=True)

    quiet_runs = models.PositiveSmallIntegerField(
        default=0, help_text="The number of runs in a row in which none of its findings held."
    )
    last_run_at = models.DateTimeField(
        help_text="The last run that was counted, so that a repeated run counts once."
    )

    objects = IncidentQuerySet.as_manager()

    class Meta:
        ordering = ["-detected_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "cause"],
                condition=IS_UNRESOLVED,
                name="incident_one_unresolved_per_member_cause",
            ),
            # Empty never equals empty, so the team's incidents need the twin.
            models.UniqueConstraint(
                fields=["cause"],
                condition=IS_UNRESOLVED & Q(member__isnull=True),
                name="incident_one_unresolved_per_team_cause",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.RESOLVED, resolved_at__isnull=False)
                | IS_UNRESOLVED & Q(resolved_at__isnull=True),
                name="incident_resolved_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.ACKNOWLEDGED) | Q(acknowledged_at__isnull=False),
                name="incident_acknowledged_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(status=Status.ALERTED) | Q(alerted_at__isnull=False),
                name="incident_alerted_has_time",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.PLANNED) | Q(planned_until__isnull=False),
                name="incident_planned_has_end",
                violation_error_message="Planned spend needs the day on which it ends.",
            ),
        ]
        indexes = [
            # The list and the figures: incidents of a period, newest first.
            models.Index(fields=["-detected_at"], name="incident_detected"),
            # A member's page, and the same cause within the reopen window.
            models.Index(fields=["member", "cause", "-detected_at"], name="incident_member_cause"),
        ]

    def __str__(self) -> str:
        return f"#{self.pk} {self.who}: {self.cause}"

    def get_absolute_url(self) -> str:
        return reverse("incident", args=[self.pk])

    @property
    def who(self) -> str:
        return str(self.member) if self.member else "The team"

    @property
    def is_about_a_person(self) -> bool:
        """Not the team, a service account, or spend that names nobody."""
        return self.member is not None and self.member.kind == Member.Kind.PERSON

    @property
    def person_concerned(self) -> Member | None:
        """Who is asked about it: the person it is about, or the owner of the service account."""
        return self.member.responsible if self.member else None

    @property
    def person_name(self) -> str:
        """The name of the person concerned; empty without one."""
        return str(self.person_concerned or "")

    @property
    def owner(self) -> Member | None:
        """The person concerned where the incident is about a service account of theirs, if the reader may see
        them."""
        person = None if self.is_about_a_person else self.person_concerned
        return person if person and names.current().sees(person.email) else None

    @property
    def is_resolved(self) -> bool:
        return self.status == Status.RESOLVED

    @property
    def is_acknowledged(self) -> bool:
        return self.status == Status.ACKNOWLEDGED

    @property
    def began_at(self) -> datetime | None:
        """The onset that counts: a person's where one corrected it."""
        return self.onset_corrected_at or self.onset_at

    @property
    def sentence(self) -> str:
        """`message` as of the incident's own onset: the finding that it tells may have seen a later one.

        Where names are hidden from the reader, that of the gravest finding, made again of its figures.
        """
        return at_onset(self.shown_message, self.began_at, self.last_run_at)

    @property
    def shown_message(self) -> str:
        if not names.current().are_hidden:
            return self.message
        gravest = gravest_finding(link.anomaly for link in self.findings.all())
        return sentence_of(gravest) if gravest else f"{self.who}: {self.get_cause_display()}"

    def anomalies(self) -> list[Anomaly]:
        """What it was opened and continued by. One query."""
        return [link.anomaly for link in self.findings.select_related("anomaly")]

    def is_snoozed(self, now: datetime) -> bool:
        return self.snoozed_until is not None and self.snoozed_until > now

    def reopens_until(self, window: timedelta) -> datetime | None:
        """Until when the same cause reopens this incident; None while it is unresolved."""
        return self.resolved_at + window if self.resolved_at else None


class IncidentAnomaly(models.Model):
    """One row says to which incident an anomaly belongs: always exactly one."""

    incident = models.ForeignKey(Incident, on_delete=models.PROTECT, related_name="findings")
    anomaly = models.OneToOneField(Anomaly, on_delete=models.PROTECT, related_name="incident_link")
    joined_at = models.DateTimeField()

    class Meta:
        ordering = ["joined_at", "pk"]
        verbose_name_plural = "incident anomalies"

    def __str__(self) -> str:
        return f"{self.anomaly_id} in incident {self.incident_id}"

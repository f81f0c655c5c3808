"""How people work: daily activity, analytics, commits. No money here."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models

from .people import Member


class BetweenDaysQuerySet(models.QuerySet):
    def between(self, first: date, last: date) -> BetweenDaysQuerySet:
        """Rows from `first` to `last`, both included."""
        return self.filter(day__gte=first, day__lte=last)


class DailyActivity(models.Model):
    """One row is one member's day as `/teams/daily-usage-data` counts it."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="daily_activity", db_index=False
    )
    day = models.DateField()
    is_active = models.BooleanField(default=False)
    lines_added = models.IntegerField(default=0)
    lines_deleted = models.IntegerField(default=0)
    accepted_lines_added = models.IntegerField(default=0)
    accepted_lines_deleted = models.IntegerField(default=0)
    applies = models.IntegerField(default=0)
    accepts = models.IntegerField(default=0)
    rejects = models.IntegerField(default=0)
    tabs_shown = models.IntegerField(default=0)
    tabs_accepted = models.IntegerField(default=0)
    composer_requests = models.IntegerField(default=0)
    chat_requests = models.IntegerField(default=0)
    agent_requests = models.IntegerField(default=0)
    cmdk_usages = models.IntegerField(default=0)
    included_requests = models.IntegerField(default=0)
    api_key_requests = models.IntegerField(default=0)
    usage_based_requests = models.IntegerField(default=0)
    bugbot_usages = models.IntegerField(default=0)
    most_used_model = models.CharField(max_length=120, blank=True)
    apply_extension = models.CharField(max_length=40, blank=True)
    tab_extension = models.CharField(max_length=40, blank=True)
    client_version = models.CharField(max_length=40, blank=True)
    unread = models.JSONField(
        "could not be read",
        null=True,
        blank=True,
        help_text="Counts that Cursor's answer did not state readably. Sums take them for 0.",
    )
    updated_at = models.DateTimeField()

    objects = BetweenDaysQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "daily activity"
        constraints = [
            models.UniqueConstraint(fields=["member", "day"], name="dailyactivity_one_per_member_day"),
        ]
        indexes = [
            # Every page: all members over a range of days.
            models.Index(fields=["day", "member"], name="dailyactivity_day_member"),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.day}"

    def known(self, name: str) -> Any:
        """The column's value; None for a count that could not be read."""
        return None if self.unread and name in self.unread else getattr(self, name)


class TeamAnalyticsDay(models.Model):
    """One row is one count of one team metric on one day, such as `mcp` · read_file · filesystem.

    `name` and `detail` by metric: dau (empty); models, plans, ask-mode (model); mcp (tool, server);
    commands (command); skills (skill); top-file-extensions (extension); client-versions (version);
    agent-edits, tabs (empty). `count` is the metric's own count (dau, messages, usage, accepts, user_count);
    `values` holds every number of the row by the vendor's snake-case name.
    """

    metric = models.CharField(max_length=24)
    day = models.DateField()
    name = models.CharField(max_length=200, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    count = models.BigIntegerField(default=0)
    values = models.JSONField(default=dict)
    updated_at = models.DateTimeField()

    objects = BetweenDaysQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["metric", "day", "name", "detail"], name="teamanalyticsday_one_per_key"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.metric.replace('_', ' ')}, {self.day}: {self.name or 'total'}"


class MemberAnalyticsDay(models.Model):
    """One row is one member's count of one metric on one day; fields as in `TeamAnalyticsDay`."""

    member = models.ForeignKey(
        Member, on_delete=models.PROTECT, related_name="analytics_days", db_index=False
    )
    metric = models.CharField(max_length=24)
    day = models.DateField()
    name = models.CharField(max_length=200, blank=True)
    detail = models.CharField(max_length=200, blank=True)
    count = models.BigIntegerField(default=0)
    updated_at = models.DateTimeField()

    objects = BetweenDaysQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["member", "metric", "day", "name", "detail"], name="memberanalyticsday_one_per_key"
            ),
        ]
        indexes = [
            # The insights page: one metric over a range of days, over all members.
            models.Index(fields=["metric", "day"], name="memberanalyticsday_metric_day"),
        ]

    def __str__(self) -> str:
        return f"{self.member}, {self.day}: {self.metric.replace('_', ' ')} {self.name}"


class AiCodeCommit(models.Model):
    """One row is one commit of one member; an amended commit keeps its newest figures."""

    commit_hash = models.CharField(max_length=64)
    member = models.ForeignKey(Member, on_delete=models.PROTECT, related_name="commits", db_index=False)
    repository = models.CharField(max_length=300, blank=True)
    branch = models.CharField(max_length=300, blank=True)
    is_primary_branch = models.BooleanField(null=True, blank=True)
    source = models.CharField(max_length=20, blank=True)
    day = models.DateField(
        help_text="When the commit was made, or when Cursor ingested it if the commit has no time."
    )
    committed_at = models.DateTimeField(null=True, blank=True)
    ingested_at = models.DateTimeField()
    lines_added = models.IntegerField(default=0)
    lines_deleted = models.IntegerField(default=0)
    tab_lines_added = models.IntegerField(default=0)
    tab_lines_deleted = models.IntegerField(default=0)
    composer_lines_added = models.IntegerField(default=0)
    composer_lines_deleted = models.IntegerField(default=0)
    unattributed_lines_added = models.IntegerField(null=True, blank=True)
    unattributed_lines_deleted = models.IntegerField(null=True, blank=True)
    updated_at = models.DateTimeField()

    objects = BetweenDaysQuerySet.as_manager()

    class Meta:
        verbose_name = "AI-code commit"
        constraints = [
            models.UniqueConstraint(
                fields=["member", "commit_hash"], name="aicodecommit_one_per_member_hash"
            ),
        ]
        indexes = [
            # Repositories over a range of days.
            models.Index(fields=["day"], name="aicodecommit_day"),
        ]

    def __str__(self) -> str:
        return f"{self.repository} {self.commit_hash[:10]}"

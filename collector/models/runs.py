"""What each run did, how far each source is complete, and who is at work."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q, Subquery
from django.db.models.functions import Coalesce

from collector.base.days import CLOCKS_DIFFER
from collector.base.statements import prepared


class Source(models.TextChoices):
    """One thing collected. The values are what commands, `/healthz` and metrics print."""

    MEMBERS = "members", "members"
    SPEND = "spend", "spend of the cycle"
    EVENTS = "events", "usage events"
    ACTIVITY = "activity", "daily activity"
    GROUPS = "groups", "billing groups"
    TEAM_ANALYTICS = "team_analytics", "team analytics"
    MEMBER_ANALYTICS = "member_analytics", "analytics by member"
    COMMITS = "commits", "AI-code commits"


class SourceRunQuerySet(models.QuerySet["SourceRun"]):
    def collected(self) -> SourceRunQuerySet:
        """Runs that read what is new; imports and backfills bring history."""
        return self.filter(trigger="collect")

    def newest(self, now: datetime) -> tuple[dict[str, SourceRun], dict[str, SourceRun]]:
        """By source: the newest finished run that asked, and the good one that knows the latest. One query.

        That is the newest good collection; only where there never was one, the import that reaches furthest.
        Runs dated in the future were stamped by a wrong clock and do not count.
        """
        latest: dict[str, SourceRun] = {}
        last_good: dict[str, SourceRun] = {}
        for run in _newest_runs(now + CLOCKS_DIFFER):
            latest[run.source] = run
            if run.status in SourceRun.GOOD:
                last_good.setdefault(run.source, run)  # of two that went well the later only asked last
        return latest, last_good

    def is_answering(self, source: str) -> bool:
        """Whether the newest finished run of `source` went well, or was not needed."""
        run = self.filter(source=source, finished_at__isnull=False).order_by("-started_at").first()
        return run is not None and (run.is_good or run.status == SourceRun.RunStatus.FRESH)

    def close_interrupted(self, now: datetime, *, trigger: str) -> int:
        """Mark runs that were killed as failed; for whoever holds the lease of that `trigger`."""
        return self.filter(status=SourceRun.RunStatus.RUNNING, trigger=trigger).update(
            status=SourceRun.RunStatus.FAILED,
            finished_at=now,
            error="interrupted: the next run continues from here",
        )


@prepared
def _newest_runs(until_at: datetime) -> SourceRunQuerySet:
    runs = SourceRun.objects.filter(started_at__lte=until_at)
    asked = runs.filter(finished_at__isnull=False).exclude(status=SourceRun.RunStatus.FRESH)
    good = runs.filter(status__in=SourceRun.GOOD)
    collected = good.collected().order_by("-started_at")
    others = good.exclude(trigger="collect").order_by(F("window_end_at").desc(nulls_last=True))
    wanted = Q()
    for source in Source.values:
        wanted |= Q(pk=_first(asked.order_by("-started_at"), source))
        wanted |= Q(pk=Coalesce(_first(collected, source), _first(others, source)))
    return runs.filter(wanted).order_by("started_at", "pk")


def _first(runs: SourceRunQuerySet, source: str) -> Subquery:
    return Subquery(runs.filter(source=source).values("pk")[:1])


class SourceRun(models.Model):
    """One row is one source in one run: what was asked, what came, what it cost, what went wrong."""

    class RunStatus(models.TextChoices):
        RUNNING = "running", "running"
        OK = "ok", "ok"
        DOUBTS = "ok_doubts", "ok with doubts"
        FAILED = "failed", "failed"
        UNAVAILABLE = "unavailable", "not available on this plan"
        FRESH = "fresh", "skipped: still fresh"

    # What was read is stored and complete as far as anybody can tell.
    GOOD = (RunStatus.OK, RunStatus.DOUBTS)

    source = models.CharField(max_length=20, choices=Source)
    status = models.CharField(max_length=12, choices=RunStatus, default=RunStatus.RUNNING)
    trigger = models.CharField(
        max_length=12,
        default="collect",
        help_text="What started the run: collect, backfill, csv (file import) or tracker (import from "
        "cursor-usage-tracker).",
    )
    window_start_at = models.DateTimeField(null=True, blank=True)
    window_end_at = models.DateTimeField(null=True, blank=True)
    rows_seen = models.PositiveIntegerField(default=0)
    rows_new = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    requests = models.PositiveIntegerField(default=0, help_text="HTTP requests made, retries included.")
    error = models.TextField(
        blank=True, help_text="What went wrong and what to do about it. Never contains a key."
    )
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = SourceRunQuerySet.as_manager()

    class Meta:
        ordering = ["-started_at"]
        indexes = [
            # The newest run of a source, for freshness and for the next window.
            models.Index(fields=["source", "-started_at"], name="sourcerun_source_started"),
        ]

    def __str__(self) -> str:
        return (
            f"{self.get_source_display()}, {self.started_at:%Y-%m-%d %H:%M} UTC: {self.get_status_display()}"
        )

    @property
    def knows_until(self) -> datetime:
        """Up to when a good run says all there is. An export holds all until it was made, idle hours too."""
        end_at = self.window_end_at if self.trigger == "collect" else None
        return end_at or self.started_at

    @property
    def is_good(self) -> bool:
        """Whether it read its source, doubts or not."""
        return self.status in self.GOOD

    @property
    def seconds(self) -> float:
        """How long it took; 0 while it runs."""
        return (self.finished_at - self.started_at).total_seconds() if self.finished_at else 0.0

    def as_json(self) -> dict[str, object]:
        """Shape: {source, status, window (or null), seen, new, changed, requests, seconds, error}."""
        start, end = self.window_start_at, self.window_end_at
        return {
            "source": self.source,
            "status": self.status,
            "window": {"start": start.isoformat(), "end": end.isoformat()} if start and end else None,
            "seen": self.rows_seen,
            "new": self.rows_new,
            "changed": self.rows_changed,
            "requests": self.requests,
            "seconds": round(self.seconds, 3),
            "error": self.error,
        }


class Watermark(models.Model):
    """One row says up to which instant a source is complete: the end of its last complete window."""

    source = models.CharField(max_length=20, choices=Source, unique=True)
    complete_until_at = models.DateTimeField()
    complete_from_at = models.DateTimeField(
        null=True, blank=True, help_text="How far back history has been read."
    )
    sent_until_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="The time up to which Cursor has sent rows, if that is before the end of what was read.",
    )

    def __str__(self) -> str:
        return f"{self.get_source_display()} until {self.complete_until_at:%Y-%m-%d %H:%M} UTC"

"""What the queue calls for the admin, and how often it may."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone
from django_q.tasks import async_task

from .base.leases import AlreadyRunning
from .collecting.runs import collect
from .cursor.errors import CursorApiError
from .models import Source, SourceRun

# The vendor aggregates usage hourly and asks for one reading an hour at most.
COURTESY = timedelta(hours=1)


def collect_now() -> str:
    """Collect once, if the vendor may be asked now; the queue keeps what is returned."""
    now = timezone.now()
    if until := allowed_from(now):
        return _not_asked(until)  # two clicks before a worker was free, or the hourly run came first
    try:
        return collect(now).summary
    except (AlreadyRunning, CursorApiError) as reason:
        return str(reason)


def allowed_from(now: datetime) -> datetime | None:
    """From when on the vendor may be asked again; None if it may be now."""
    asked = SourceRun.objects.collected().filter(source=Source.EVENTS).order_by("-started_at").first()
    if asked is None or asked.status == SourceRun.Status.FAILED:
        return None
    until = asked.started_at + COURTESY
    return until if until > now else None


def request_collection(now: datetime) -> str:
    """Queue a collection unless that would be too soon; return what to tell the person who asked."""
    if until := allowed_from(now):
        return _not_asked(until)
    async_task("collector.tasks.collect_now", task_name="collect now")
    return "Queued. Its runs appear here once a worker has taken it up."


def _not_asked(until: datetime) -> str:
    return f"Not asked: Cursor wants one reading an hour at most. Again from {until:%H:%M} UTC."

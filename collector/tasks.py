"""What the queue calls for the admin, and how often it may."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django_q.models import Task
from django_q.tasks import async_task

from .base.leases import AlreadyRunning
from .collecting.runs import collect
from .cursor.errors import CursorApiError
from .models import Source, SourceRun

# The vendor aggregates usage hourly and asks for one reading an hour at most.
COURTESY = timedelta(hours=1)
WORKER_PATIENCE_SECONDS = 15  # a free worker asks for tasks every two seconds


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
    """When the vendor may be asked again; None if that is now."""
    # One dated further in the future was stamped by a wrong clock.
    runs = SourceRun.objects.collected().filter(source=Source.EVENTS, started_at__lte=now + COURTESY)
    asked = runs.order_by("-started_at").first()
    if asked is None or asked.status == SourceRun.RunStatus.FAILED:
        return None
    until = asked.started_at + COURTESY
    return until if until > now else None


@dataclass(frozen=True)
class CollectionRequest:
    """What became of asking for a collection: the queue's task, empty if none was queued, and words on it."""

    task: str
    words: str


def queue_collection(now: datetime) -> CollectionRequest:
    """Queue a collection unless that would be too soon."""
    if until := allowed_from(now):
        return CollectionRequest("", _not_asked(until))
    task = async_task("collector.tasks.collect_now", task_name="collect now")
    return CollectionRequest(task, "Queued. Its runs appear here once a worker has picked it up.")


@dataclass(frozen=True)
class CollectionState:
    """How a queued collection stands."""

    seconds: int  # since it was asked for
    runs: int  # sources asked so far
    result: str  # what came of it, once it is done
    is_done: bool
    has_failed: bool

    @property
    def is_late(self) -> bool:
        """No worker has taken it up for longer than a free one needs."""
        return not self.runs and not self.is_done and self.seconds > WORKER_PATIENCE_SECONDS


def collection_state(task: str, asked_at: datetime, now: datetime) -> CollectionState:
    """How the task stands that was queued at `asked_at`. Two queries."""
    done = Task.objects.filter(id=task).first()
    return CollectionState(
        seconds=max(0, int((now - asked_at).total_seconds())),
        runs=SourceRun.objects.filter(started_at__gte=asked_at).count(),
        result=str(done.result) if done and done.success else "",
        is_done=done is not None,
        has_failed=done is not None and not done.success,
    )


def _not_asked(until: datetime) -> str:
    return f"Not started: Cursor allows one collection an hour. Possible again from {until:%H:%M} UTC."

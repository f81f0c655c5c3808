"""Whether a worker starts and finishes tasks. It may be on another machine, so the database is asked."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django_q.models import Schedule, Task
from django_q.tasks import queue_size
from redis import RedisError

from collector.base.leases import HOURLY_JOB
from collector.base.models import Lease

# Something is due every minute; one long task may hold a few of these up.
PATIENCE = timedelta(minutes=15)
HOUR = timedelta(hours=1)
# What is hourly is due within one, what waits for a minute sooner; the daily one runs alone where an operator
# has paused the others.
LONGEST_AHEAD = {Schedule.DAILY: timedelta(days=1)}


class WorkerState(StrEnum):
    OK = "ok"
    NEVER = "never ran"
    GONE = "gone"  # nobody takes up what is due
    BUSY = "busy"  # taken up, and waiting behind the hourly pipeline
    STUCK = "stuck"  # taken up, and nothing has ended for long


@dataclass(frozen=True)
class WorkerReport:
    state: WorkerState
    text: str

    def as_json(self) -> dict[str, str]:
        return {"state": self.state, "says": self.text}


def worker_report(now: datetime) -> WorkerReport:
    """At most five queries. The scheduler is a separate process, so it continues while workers hang."""
    next_schedule = Schedule.objects.exclude(repeats=0).order_by("next_run").first()
    if next_schedule is None or next_schedule.next_run is None:
        return WorkerReport(WorkerState.NEVER, "has never run here")
    late = now - next_schedule.next_run
    if late > PATIENCE:
        return WorkerReport(WorkerState.GONE, f"“{next_schedule.name}” is {minutes(late)} minutes overdue")
    if late < -LONGEST_AHEAD.get(next_schedule.schedule_type, HOUR):
        text = f"“{next_schedule.name}” is not due for another {minutes(-late)} minutes: the clock was ahead"
        return WorkerReport(WorkerState.STUCK, text)
    try:
        queued = queue_size()
    except RedisError:
        return WorkerReport(WorkerState.STUCK, "gets no tasks: Redis (REDIS_URL) does not answer")
    ended_at = Task.objects.order_by("-stopped").values_list("stopped", flat=True).first()
    if not queued or ended_at is None or now - ended_at <= PATIENCE:
        return WorkerReport(WorkerState.OK, "runs its schedules")
    problem = f"{queued} tasks are waiting, and none has finished for {minutes(now - ended_at)} minutes"
    lease = Lease.objects.filter(name=HOURLY_JOB).first()
    if lease is not None and lease.is_held(now):
        return WorkerReport(WorkerState.BUSY, f"{problem}: the hourly pipeline is running")
    return WorkerReport(WorkerState.STUCK, problem)


def minutes(span: timedelta) -> str:
    return f"{span.total_seconds() / 60:.0f}"

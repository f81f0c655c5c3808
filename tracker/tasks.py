"""What the schedule calls. Each reads the clock once and asks one function."""

from django.utils import timezone

from collector.base.leases import AlreadyRunning
from incidents.actions.limit_guard import run_guard
from incidents.actions.limit_upkeep import keep_limits
from incidents.notifying.outbox import deliver_due
from tracker import pipeline
from tracker.ops.retention import prune_events, prune_records, summary


def hourly() -> str:
    """Run the pipeline; the queue keeps what is returned."""
    try:
        return pipeline.run(timezone.now()).summary
    except AlreadyRunning as busy:
        return str(busy)


def daily() -> str:
    """Delete what is older than the retention settings say."""
    now = timezone.now()
    gone = prune_records(now) | {"usage events": prune_events(now)}
    return f"deleted {summary(gone)}"


def every_minute() -> str:
    """Send what waits: retries, escalations, ends of quiet hours. Finish and end limits."""
    now = timezone.now()
    delivered = deliver_due(now)
    guarded = run_guard(now)  # before the rest, so that what it leaves open is finished at once
    return f"{delivered.summary}; guard: {guarded.summary}; limits: {keep_limits(now).summary}"

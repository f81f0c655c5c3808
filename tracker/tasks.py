"""What the schedule calls. Each reads the clock once and asks one function."""

from __future__ import annotations

from django.utils import timezone

from collector.base.leases import AlreadyRunning
from incidents.actions.limit_guard import run_guard
from incidents.actions.limit_upkeep import keep_limits
from incidents.notifying.outbox import deliver_due
from tracker import pipeline


def hourly() -> str:
    """Run the pipeline; the queue keeps what is returned."""
    try:
        return pipeline.run(timezone.now()).summary
    except AlreadyRunning as busy:
        return str(busy)


def every_minute() -> str:
    """Send what waits: retries, escalations, ends of quiet hours. Finish and end limits."""
    now = timezone.now()
    delivered = deliver_due(now)
    guarded = run_guard(now)  # before the rest, so that what it leaves open is finished at once
    return f"{delivered}; guard: {guarded.summary}; limits: {keep_limits(now).summary}"

"""The hourly job: collect, groups, detect, incidents, limits, budgets, lag, digests, notify, heartbeat.

One function for the schedule, `run_pipeline` and `/api/cron`. Every step may be repeated; one that fails is
reported and the others go on with what is known.
"""

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from django.conf import settings

from collector.base.changes import in_background
from collector.base.connections import drop_if_dead
from collector.base.leases import HOURLY_JOB, hold_lease
from collector.base.reports import StepReport
from collector.collecting import freshness, runs
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from detection.engine import DetectionReport, detect
from groups.cursor import adopt
from incidents.actions.limit_guard import run_guard
from incidents.actions.limit_upkeep import keep_limits
from incidents.digests import send_due
from incidents.lifecycle import take_in
from incidents.notifying.budgets import record_budget_steps
from incidents.notifying.heartbeat import send_heartbeat
from incidents.notifying.outbox import deliver_due
from incidents.notifying.vendor_lag import record_vendor_lag

log = logging.getLogger(__name__)


class Collect(Protocol):
    """How a run reads its sources."""

    def __call__(self, now: datetime, *, client: CursorClient | None) -> runs.CollectReport: ...


@dataclass(frozen=True)
class NothingToCollect(StepReport):
    """Of a team without a key, whose usage comes from exported files: no failure."""

    summary = "no key: usage comes from imported files"


@dataclass(frozen=True)
class PipelineStep:
    """What one step did; `report` is its own account, JSON-able."""

    name: str
    is_ok: bool
    summary: str
    seconds: float
    report: object = None

    def as_json(self) -> dict[str, object]:
        return {
            "name": self.name,
            "ok": self.is_ok,
            "summary": self.summary,
            "seconds": round(self.seconds, 3),
            "report": self.report,
        }


@dataclass
class PipelineReport:
    """What one run of the pipeline did, step by step."""

    started_at: datetime
    steps: list[PipelineStep] = field(default_factory=list)

    @property
    def is_ok(self) -> bool:
        return all(step.is_ok for step in self.steps)

    @property
    def summary(self) -> str:
        return "; ".join(f"{step.name}: {step.summary}" for step in self.steps)

    def as_json(self) -> dict[str, object]:
        """Shape: {ok, startedAt, steps: [{name, ok, summary, seconds, report}]}."""
        return {
            "ok": self.is_ok,
            "startedAt": self.started_at.isoformat(),
            "steps": [step.as_json() for step in self.steps],
        }


def run(
    now: datetime, *, client: CursorClient | None = None, collect: Collect = runs.collect
) -> PipelineReport:
    """Run every step as of `now`; AlreadyRunning if another process is at it."""
    report, started = PipelineReport(now), time.monotonic()
    with hold_lease(HOURLY_JOB), in_background():
        if client or settings.CURSOR_ADMIN_API_KEY or not freshness.is_usage_imported(now):
            _run_step(report, "collect", lambda: collect(now, client=client))
        else:
            _run_step(report, "collect", NothingToCollect)
        _run_step(report, "groups", lambda: adopt(now))
        detection_report = _run_step(report, "detect", lambda: detect(now, data_ages=freshness.ages(now)))
        if isinstance(detection_report, DetectionReport):
            _run_step(report, "incidents", lambda: take_in(detection_report, now))
        _run_step(report, "guard", lambda: run_guard(now, client))
        _run_step(report, "limits", lambda: keep_limits(now, client))
        _run_step(report, "budgets", lambda: record_budget_steps(now))
        _run_step(report, "lag", lambda: record_vendor_lag(now))
        _run_step(report, "digests", lambda: send_due(now))
        # What is sent is dated when it is sent: the steps before may have taken minutes.
        _run_step(report, "notify", lambda: deliver_due(now + timedelta(seconds=time.monotonic() - started)))
    if report.is_ok:
        send_heartbeat()
    return report


def _run_step(report: PipelineReport, name: str, work: Callable[[], StepReport]) -> StepReport | None:
    """Run one step and report it. An error becomes one line; an unexpected one is also logged in full."""
    started = time.monotonic()
    try:
        result = work()
    except Exception as error:  # a step's failure must not keep the later ones from their work
        # What Cursor did not answer is no mistake of ours: its one line says what to do.
        is_known = isinstance(error, CursorApiError)
        log.error("pipeline step %s failed: %s", name, error, exc_info=not is_known)
        drop_if_dead()  # the next step may find the database back
        report.steps.append(
            PipelineStep(name, False, f"{type(error).__name__}: {error}", time.monotonic() - started)
        )
        return None
    report.steps.append(
        PipelineStep(name, result.is_ok, result.summary, time.monotonic() - started, result.as_json())
    )
    return result

"""Whether this process lives, can serve, and shows fresh data."""

import logging
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.conf import settings
from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from collector.collecting.freshness import SourceFreshness, sources
from collector.models import SourceRun
from incidents.notifying.backlog import Backlog, backlog
from tracker.ops.worker import WorkerReport, worker_report
from tracker.widgets.formats import age

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Health:
    """`problem` is why this process cannot serve, in one sentence; empty when it can."""

    problem: str
    sources: list[SourceFreshness]
    undelivered: Backlog | None = None
    worker: WorkerReport | None = None

    @property
    def stale(self) -> list[SourceFreshness]:
        return [source for source in self.sources if source.is_stale]

    @property
    def status(self) -> str:
        """The worst of down, stale, lagging and ok; lagging means that Cursor itself is behind."""
        if self.problem or self.stale:
            return "down" if self.problem else "stale"
        return "lagging" if any(source.sent_until_at for source in self.sources) else "ok"

    def as_json(self) -> dict[str, object]:
        """Shape: {status, version, problem, sources: [{source, label, status, says, is_stale, …}],
        notifications: {waiting, oldest_waiting_at, given_up, failing_channels}, worker: {state, says}}."""
        return {
            "status": self.status,
            "version": settings.VERSION,
            "problem": self.problem,
            "sources": [source_json(source) for source in self.sources],
            "notifications": backlog_json(self.undelivered) if self.undelivered else None,
            "worker": self.worker.as_json() if self.worker else None,
        }


def check_health(now: datetime) -> Health:
    """Readiness, and the freshness of every source; costs a few indexed queries."""
    if problem := readiness_problem():
        return Health(problem, [])
    try:
        return Health("", sources(now), backlog(now), worker_report(now))
    except Error as error:  # it went away since it was asked
        return Health(note_outage(error), [])


def readiness_problem() -> str:
    """Why no page can be served; empty if pages can be served."""
    if problem := database_problem():
        return problem
    if settings.STATIC_MANIFEST and not (Path(settings.STATIC_ROOT) / "staticfiles.json").exists():
        return "static files are missing: run `python manage.py collectstatic --no-input`"
    return ""


def database_problem() -> str:
    """Why the database cannot be read; empty if it can."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
        if not is_migrated():
            return "migrations are missing from the database: run `python manage.py migrate`"
    except Error as error:
        return note_outage(error)
    return ""


def note_outage(error: Error) -> str:
    """What a probe says of a database that does not answer; the log has the reason."""
    logger.warning("the database does not answer: %s", error)
    connection.close()  # the next probe begins with a new connection
    return "the database does not answer: see the log, and check DATABASE_URL"


def is_migrated() -> bool:
    """Whether all migrations are applied. Once they are, this process does not check again."""
    if _all_migrations_applied():
        return True
    _all_migrations_applied.cache_clear()
    return False


@cache
def _all_migrations_applied() -> bool:
    executor = MigrationExecutor(connection)
    return not executor.migration_plan(executor.loader.graph.leaf_nodes())


def backlog_json(messages: Backlog) -> dict[str, object]:
    """Counts only; names and reasons are shown in the admin. `given_up` covers the last seven days."""
    return {
        "waiting": messages.waiting,
        "oldest_waiting_at": messages.oldest_waiting_at.isoformat() if messages.oldest_waiting_at else None,
        "given_up": messages.given_up,
        "failing_channels": len(messages.troubled_channels),
    }


def source_json(source: SourceFreshness) -> dict[str, object]:
    """Times are ISO 8601. `age_seconds` counts from the end of what the last good run read, if any."""
    return {
        "source": source.source,
        "label": source.label,
        "status": source.status or "never run",
        "says": describe_freshness(source),
        "is_stale": source.is_stale,
        "age_seconds": round(source.age.total_seconds()) if source.age is not None else None,
        "last_good_at": source.last_good_at.isoformat() if source.last_good_at else None,
        "newest_at": source.newest_at.isoformat() if source.newest_at else None,
    } | ({"sent_until_at": source.sent_until_at.isoformat()} if source.sent_until_at else {})


def describe_freshness(source: SourceFreshness) -> str:
    """How fresh a source is, in words. Errors are shown only in the admin, which only admins can read."""
    if not source.is_available:
        return "not available on this plan"
    if source.age is None and source.status == SourceRun.RunStatus.FAILED:
        return "never collected, and the last attempt failed: see the runs in the admin"
    if source.age is None:
        return "never collected: run `python manage.py collect`"
    description = f"last collected {age(source.age)}"
    if source.sent_until_at:
        description += f"; Cursor has sent events up to {source.sent_until_at:%Y-%m-%d %H:%M} UTC"
    if source.is_stale:
        return f"{description}; this is too old, see the runs in the admin"
    return description

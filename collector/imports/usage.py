"""The dashboard's CSV → tables: all of it, or nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from collector.base.upsert import writing
from collector.facts import cycles, rollups
from collector.models import Member, Source, SourceRun, UsageEvent

from .events import EventWriter
from .usage_csv import Survey, UsageCsv

TRIGGER = "csv"


@dataclass(frozen=True)
class UsageImport:
    """What became of a file's rows."""

    survey: Survey
    new: int
    changed: int
    unchanged: int
    known_better: int
    new_members: int

    @property
    def lines(self) -> Iterator[str]:
        """The report, for people."""
        found = self.survey
        span = f"{found.first_at:%Y-%m-%d %H:%M} to {found.last_at:%Y-%m-%d %H:%M} UTC"
        yield f"{found.rows:,} rows read, {span}"
        yield f"{self.new + self.changed:,} taken: {self.new:,} new, {self.changed:,} revised"
        if self.unchanged:
            yield f"{self.unchanged:,} skipped: imported before, and the same"
        if self.known_better:
            yield f"{self.known_better:,} skipped: known from the API or a fuller import already"
        if self.new_members:
            yield f"new members: {self.new_members:,}"
        if found.without_cost:
            yield f"{found.without_cost:,} billed rows lack their cost: requests without money"


def import_usage(
    path: Path,
    at: datetime,
    *,
    member: str = "",
    cycle_start_at: datetime | None = None,
    is_dry_run: bool = False,
) -> UsageImport:
    """Take in a file in one transaction; FileError, with nothing changed, where any of it cannot be used.

    `cycle_start_at` makes a billing cycle known where the API has told none.
    """
    file = UsageCsv(path, member)
    survey = file.survey()
    with writing():
        known = Member.objects.count()
        for day in cycles.learn(cycle_start_at)[1] if cycle_start_at else ():
            rollups.recompute_days(day, day, at)
        writer = EventWriter(UsageEvent.Origin.CSV.value, at, survey.is_shared)
        for event in file.events():
            writer.add(event)
        writer.finish()
        new_members = Member.objects.count() - known
        result = UsageImport(
            survey, writer.new, writer.changed, writer.unchanged, writer.known_better, new_members
        )
        _leave_record(result, at)
        if is_dry_run:
            transaction.set_rollback(True)
    return result


def _leave_record(result: UsageImport, at: datetime) -> None:
    SourceRun.objects.create(
        source=Source.EVENTS,
        trigger=TRIGGER,
        status=SourceRun.Status.OK,
        window_start_at=result.survey.first_at,
        window_end_at=result.survey.last_at,
        rows_seen=result.survey.rows,
        rows_new=result.new,
        rows_changed=result.changed,
        started_at=at,
        finished_at=at,
    )

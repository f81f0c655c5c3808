"""How old what is known is, per source: asked by pages, `/healthz`, `/metrics` and detection."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db.models import Max

from collector.base.days import day_end
from collector.models import DailyActivity, MemberModelDay, Source, SourceRun, UsageEvent, Watermark

from . import watermarks

# An hourly job may miss one run (a restart, a bad hour of the vendor's) before anybody need look.
STALE = timedelta(hours=3)
# Read at most every six hours: the same two misses.
STALE_SLOW = timedelta(hours=13)
IMPORTS = {"csv", "tracker"}  # triggers of runs that read a file
SLOW = {Source.TEAM_ANALYTICS, Source.MEMBER_ANALYTICS, Source.COMMITS}


@dataclass(frozen=True)
class SourceFreshness:
    """One source: when it was last asked, when that last went well, how new what it knows is."""

    source: str
    label: str
    status: str  # of the last finished run that asked; empty before the first
    error: str
    last_run_at: datetime | None
    last_good_at: datetime | None
    newest_at: datetime | None  # the newest event or the end of the newest day, where rows have a time
    age: timedelta | None  # since the end of what the last good run read; None before the first
    is_stale: bool
    is_imported: bool  # whether files alone brought what is known
    sent_until_at: datetime | None = None  # where the vendor is behind: up to when it has sent rows

    @property
    def is_available(self) -> bool:
        return self.status != SourceRun.RunStatus.UNAVAILABLE


def sources(now: datetime, *, with_newest: bool = True) -> list[SourceFreshness]:
    """Every source, in the order they are collected. Four queries, or one without `newest_at` and the lag."""
    latest, good = SourceRun.objects.newest(now)
    entries = []
    for source in Source.values:
        run, good_run = latest.get(source), good.get(source)
        age = max(now - good_run.knows_until, timedelta(0)) if good_run else None
        status = run.status if run else ""
        entries.append(
            SourceFreshness(
                source=source,
                label=Source(source).label,
                status=status,
                error=run.error if run else "",
                last_run_at=run.started_at if run else None,
                last_good_at=good_run.started_at if good_run else None,
                newest_at=None,
                age=age,
                is_imported=good_run is not None and good_run.trigger in IMPORTS,
                is_stale=status != SourceRun.RunStatus.UNAVAILABLE and is_stale(source, age),
            )
        )
    if not with_newest:
        return entries
    sent = dict(Watermark.objects.values_list("source", "sent_until_at"))
    return [
        replace(entry, newest_at=_newest_at(entry), sent_until_at=sent.get(entry.source)) for entry in entries
    ]


def ages(now: datetime) -> dict[str, timedelta | None]:
    """Per source the time since the end of what its last good run read; None before the first."""
    return {entry.source: entry.age for entry in sources(now, with_newest=False)}


def is_usage_imported(now: datetime) -> bool:
    """Whether usage came from files alone, and never from Cursor. One query."""
    entries = sources(now, with_newest=False)
    return any(entry.is_imported for entry in entries if entry.source == Source.EVENTS)


def known_until(now: datetime, mark: datetime | None = None) -> datetime | None:
    """Up to when usage is known: what came later is unknown, not zero. None before anything was read.

    `mark` is what the watermark says, where the caller has read it. Imported usage has none: the end of its
    newest day stands for one. Two queries at most.
    """
    mark = mark or watermarks.known_ends(Source.EVENTS).first()
    if mark is None:
        newest = MemberModelDay.objects.aggregate(newest=Max("day"))["newest"]
        mark = day_end(newest) if newest else None
    return min(mark, now) if mark else None


def is_stale(source: str, age: timedelta | None) -> bool:
    """Whether `source` is older than its rhythm explains; never read counts as stale."""
    return age is None or age > (STALE_SLOW if source in SLOW else STALE)


def _newest_at(source: SourceFreshness) -> datetime | None:
    if source.source == Source.EVENTS:
        return UsageEvent.objects.aggregate(newest=Max("occurred_at"))["newest"]
    if source.source == Source.ACTIVITY:
        newest = DailyActivity.objects.filter(is_active=True).aggregate(newest=Max("day"))["newest"]
        # A day that is not over is known up to when it was last read.
        return min(day_end(newest), source.last_good_at or day_end(newest)) if newest else None
    return None

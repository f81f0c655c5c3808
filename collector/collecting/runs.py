"""One collection: every source once, each by itself, each leaving a record."""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from collector.base.changes import in_background
from collector.base.connections import drop_if_dead
from collector.base.leases import hold_lease
from collector.base.reports import StepReport
from collector.base.upsert import writing
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, Trouble
from collector.facts.doubts import forget_settled, open_notes
from collector.facts.merging import finish_merges
from collector.facts.reconcile import reconcile
from collector.models import MemberMerge, Source, SourceRun
from collector.sources import activity, analytics, commits, events, groups, members, second_readings, spend
from collector.sources.base import Progress, SyncResult

from . import watermarks
from .due import REREAD_NIGHTLY, window_of
from .gaps import note_gap, settle_gaps
from .lag import note_vendor_lag
from .windows import DAY, Window

log = logging.getLogger(__name__)

LEASE = TRIGGER = "collect"
Sync = Callable[[CursorClient, Window, Progress], SyncResult]

# In this order: people before what they did, the cycle before what is split at its turn.
SYNCS: dict[str, Sync] = {
    Source.MEMBERS: members.sync,
    Source.SPEND: spend.sync,
    Source.GROUPS: groups.sync,
    Source.EVENTS: events.sync,
    Source.ACTIVITY: activity.sync,
    Source.TEAM_ANALYTICS: analytics.sync_team,
    Source.MEMBER_ANALYTICS: analytics.sync_members,
    Source.COMMITS: commits.sync,
}
# Not part of every plan: refused while the members answer, they are unavailable, not broken.
OPTIONAL = {Source.GROUPS, Source.TEAM_ANALYTICS, Source.MEMBER_ANALYTICS, Source.COMMITS}
# Where the first question meets one of these, nothing else can be asked.
FATAL = {Trouble.REFUSED, Trouble.UNREACHABLE, Trouble.FOREIGN}


@dataclass
class CollectReport(StepReport):
    """What one collection did, source by source."""

    runs: list[SourceRun] = field(default_factory=list)
    unfinished: list[MemberMerge] = field(default_factory=list)  # merges that were interrupted

    @property
    def failed(self) -> list[SourceRun]:
        return [run for run in self.runs if run.status == SourceRun.RunStatus.FAILED]

    @property
    def problems(self) -> list[str]:
        """What failed, each in words."""
        sources = [f"{run.source} failed: {run.error}" for run in self.failed]
        return sources + [f"{merge} stays unfinished, see the log" for merge in self.unfinished]

    @property
    def is_ok(self) -> bool:
        return not self.problems

    def is_good(self, source: str) -> bool:
        """Whether `source` was read, and read well."""
        return any(run.source == source and run.is_good for run in self.runs)

    @property
    def summary(self) -> str:
        """One line: what is new, and what failed."""
        new, changed = sum(run.rows_new for run in self.runs), sum(run.rows_changed for run in self.runs)
        text = f"{new} new rows, {changed} changed, {sum(run.requests for run in self.runs)} requests"
        text = "; ".join([text, *self.problems])
        noted = open_notes()
        doubtful = [run.source for run in self.runs if run.status == SourceRun.RunStatus.DOUBTS]
        return text + "".join(f"; {source}: {noted[source]}" for source in doubtful if source in noted)

    def as_json(self) -> dict[str, object]:
        """Shape: {ok, sources: [{source, status, window, seen, new, changed, requests, seconds, error}]}."""
        return {"ok": self.is_ok, "sources": [run.as_json() for run in self.runs]}


# Called after each part of a source that was committed.
Watcher = Callable[[str, Window, SyncResult], None]


def unwatched(source: str, part: Window, result: SyncResult) -> None:
    """Progress that nobody watches."""


@dataclass
class Collection:
    """One collection under way: the client, and the clock it started by."""

    now: datetime
    client: CursorClient
    watcher: Watcher = unwatched
    trigger: str = TRIGGER
    report: CollectReport = field(default_factory=CollectReport)
    errors: list[CursorApiError] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)

    def clock(self) -> datetime:
        """`now` plus what has passed since."""
        return self.now + timedelta(seconds=time.monotonic() - self.began)

    def run(self, source: str, window: Window | None) -> SourceRun:
        """Read one source and leave its record; only CursorApiErrors that end everything come out."""
        run = SourceRun.objects.create(
            source=source,
            trigger=self.trigger,
            started_at=self.clock(),
            window_start_at=window.start_at if window else None,
            window_end_at=window.end_at if window else None,
        )
        self.report.runs.append(run)
        asked = self.client.requests_made
        try:
            self._read(run, window)
        except CursorApiError as error:
            self._fail(run, error, is_backwards=bool(window and window.is_backwards))
            if error.trouble in FATAL and not any(run.is_good for run in self.report.runs):
                self._check_key(source, error)
        except Exception as error:  # a mistake of ours in one source must not cost the others
            log.exception("collecting %s failed", source)
            drop_if_dead()  # a new connection takes the record, and the other sources
            run.status = SourceRun.RunStatus.FAILED
            run.error = f"unexpected {type(error).__name__}: see the log"
        finally:
            run.requests = self.client.requests_made - asked
            run.finished_at = self.clock()
            run.save()
        return run

    def _check_key(self, source: str, error: CursorApiError) -> None:
        """After a refusal, before anything was answered: raise it where nothing else will be.

        Most keys read the members, which are asked once; where those alone are refused, the rest goes on.
        """
        if source == Source.MEMBERS:
            if not error.is_about_question:
                raise error
        elif not any(run.source == Source.MEMBERS for run in self.report.failed):
            self.run(Source.MEMBERS, window_of(Source.MEMBERS, self.now, is_wanted=True))

    def _read(self, run: SourceRun, window: Window | None) -> None:
        if window is None:
            run.status = SourceRun.RunStatus.FRESH
            return

        def note(part: Window, result: SyncResult) -> None:
            run.rows_seen += result.seen
            run.rows_new += result.new
            run.rows_changed += result.changed
            self.watcher(run.source, part, result)

        result = self._sync(run.source, window, note)
        if run.source == Source.EVENTS:
            result += second_readings.recover_rejected(window)
            if window.length >= REREAD_NIGHTLY:
                result += second_readings.ask_again(self.client, window)
        run.rows_seen, run.rows_new, run.rows_changed = result.seen, result.new, result.changed
        run.status = SourceRun.RunStatus.DOUBTS if result.noted else SourceRun.RunStatus.OK

    def _sync(self, source: str, window: Window, note: Progress) -> SyncResult:
        """Read `window`, or day by day from its end what is answered of it, where it is refused as a whole.

        It may be too long, or reach too far back, for the vendor's rules or its patience.
        """
        sync, result = SYNCS[source], SyncResult()
        try:
            return sync(self.client, window, note)
        except CursorApiError as refused:
            # While nothing is answered at all, a shorter question only takes longer to fail.
            is_answering = any(run.is_good for run in self.report.runs)
            may_do = refused.trouble is Trouble.REJECTED or (refused.trouble is Trouble.BUSY and is_answering)
            if window.is_backwards or window.length <= DAY or not may_do:
                raise
            start_at, problem = window.end_at, refused
        for day in reversed(window.cut(DAY)):
            try:
                result += sync(self.client, day, note)
            except CursorApiError as error:
                if start_at == window.end_at:
                    raise problem from None
                if error.trouble is not Trouble.REJECTED or not error.permanent:
                    raise
                break
            start_at = day.start_at
        with writing():
            known_until = watermarks.restart_or_extend(source, replace(window, start_at=start_at))
            if known_until:
                note_gap(source, known_until, start_at, window.read_at)
                result += SyncResult(noted=1)
        return result

    def _fail(self, run: SourceRun, error: CursorApiError, *, is_backwards: bool) -> None:
        if is_backwards and error.trouble is Trouble.REJECTED and error.permanent:
            run.status = SourceRun.RunStatus.UNAVAILABLE
            run.error = f"not available so far back: {error.answered}"
            return
        self.errors.append(error)
        is_elsewhere_fine = SourceRun.objects.is_answering(Source.MEMBERS)
        if error.trouble is Trouble.REFUSED and run.source in OPTIONAL and is_elsewhere_fine:
            run.status = SourceRun.RunStatus.UNAVAILABLE
            run.error = f"not available on this plan: {error.answered}"
            return
        run.status = SourceRun.RunStatus.FAILED
        run.error = str(error)


def collect(
    now: datetime,
    *,
    client: CursorClient | None = None,
    sources: Iterable[str] | None = None,
    progress: Watcher = unwatched,
) -> CollectReport:
    """Read every source (or `sources`) once; a source that fails is in the report, the others go on.

    CursorApiError where nothing was answered at all: no key, a refused one, no answer, a foreign host.
    AlreadyRunning while another process collects.
    """
    client = client or CursorClient.from_settings()
    wanted = None if sources is None else set(sources)
    with hold_lease(LEASE), in_background():
        SourceRun.objects.close_interrupted(now, trigger=TRIGGER)
        collection = Collection(now, client, progress)
        collection.report.unfinished += finish_merges(now)
        for source in SYNCS:
            if wanted is None or source in wanted:
                collection.run(source, window_of(source, now, is_wanted=wanted is not None))
        asked = [run for run in collection.report.runs if run.status != SourceRun.RunStatus.FRESH]
        if asked and len(collection.errors) == len(asked):
            raise collection.errors[0]  # all failed for the same reason: report it once
        if collection.report.is_good(Source.EVENTS):
            note_vendor_lag(now)
        if collection.report.is_good(Source.SPEND) and collection.report.is_good(Source.EVENTS):
            reconcile(now)
        settle_gaps(now)
        forget_settled(now)
    return collection.report

"""The dashboard's CSV → tables: every line that can be used, in short transactions that may be repeated."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from collector.base.days import utc_day
from collector.base.money import dollars
from collector.base.short_transactions import ShortTransactions
from collector.facts import cycles, rollups
from collector.facts.roster import Roster
from collector.models import Member, Pruning, Source, SourceRun, UsageEvent
from collector.sources.event_rows import EventDraft

from .events import EventWriter, PretendRoster
from .usage_csv import Survey, UsageCsv

TRIGGER = "csv"
# Rows between two reports of progress.
EVERY = 2_000
STRANGE = ". Nobody in the file was a member before: is it another team's?"


def pruned_lines(survey: Survey) -> Iterator[str]:
    """Which of the file's days are pruned."""
    if survey.first_at is None or survey.last_at is None:
        return
    pruned = Pruning.objects.filter(
        first_day__lte=utc_day(survey.last_at), last_day__gte=utc_day(survey.first_at)
    )
    for first, last in pruned.values_list("first_day", "last_day"):
        yield f"{first} to {last} is pruned: the totals of these days can no longer change"


@dataclass(frozen=True)
class UsageImport:
    """What became of a file's rows."""

    survey: Survey
    new: int
    changed: int
    unchanged: int
    known_better: int
    absurd: int  # the largest rows of days on which all cost more than a team can spend
    new_members: int
    by_member: int  # rows that name nobody, taken for `--member`
    is_strange: bool  # it names nobody of a team that is known

    @property
    def repeated(self) -> int:
        """Rows that the file repeats in another of the exports that it holds."""
        taken = self.new + self.changed + self.unchanged + self.known_better
        return self.survey.rows - taken - self.absurd

    @property
    def lines(self) -> Iterator[str]:
        """The report, for people."""
        survey = self.survey
        span = f"{survey.first_at:%Y-%m-%d %H:%M} to {survey.last_at:%Y-%m-%d %H:%M} UTC"
        yield f"{survey.rows:,} rows read, {span}"
        if survey.guessed_encoding:
            yield f"the encoding was guessed: {survey.guessed_encoding}. Check names with accents."
        if survey.without_zone:
            yield f"{survey.without_zone:,} times name no time zone: taken as UTC, as Cursor exports them"
        yield f"{self.new + self.changed:,} imported: {self.new:,} new, {self.changed:,} revised"
        yield from pruned_lines(survey)
        if self.absurd:
            yield f"{self.absurd:,} not imported: their days add up to more than a team can spend"
        if self.unchanged:
            yield f"{self.unchanged:,} skipped: imported before, unchanged"
        if self.known_better:
            yield f"{self.known_better:,} skipped: already known from the API or a fuller import"
        if self.repeated:
            yield f"{self.repeated:,} skipped: they are in another of the exports in this file"
        if alike := survey.shared_rows - self.repeated:
            yield f"{alike:,} have the member and instant of another row: each counts as one more request"
        if self.new_members:
            yield f"new members: {self.new_members:,}{STRANGE if self.is_strange else ''}"
        if survey.without_cost:
            yield f"{survey.without_cost:,} billed rows have no cost: counted as requests without a cost"
        for kind, amount in survey.unknown_kinds.items():
            which = (
                f"the kind “{kind}” is not known" if kind else "rows without a kind are not known as billed"
            )
            yield f"{which}: its {dollars(amount)} count as value, not as charged"
        if survey.summaries:
            yield f"{survey.summaries:,} lines skipped: they are totals of other lines"
        if survey.problems.count:
            yield f"{survey.problems.count:,} lines not imported:"
            yield from survey.problems.report


def import_usage(
    path: Path,
    at: datetime,
    *,
    member: str = "",
    cycle_start_at: datetime | None = None,
    is_dry_run: bool = False,
    watch: Callable[[str, int, int], None] = lambda name, done, total: None,
) -> UsageImport:
    """Take in a file; FileError, with nothing changed, where it is not such a file or none of it can be used.

    `cycle_start_at` makes a billing cycle known where the API has reported none.
    """
    file = UsageCsv(path, at, member)
    survey = file.survey()
    by_member = file.users.without_user
    transactions = ShortTransactions(is_dry_run)
    if cycle_start_at and not is_dry_run:
        transactions.run([lambda: learn_cycle(cycle_start_at, at)])
    roster = (PretendRoster if is_dry_run else Roster).load()
    before = len(roster.by_key)
    is_known = any(roster.known_id(identity) is not None for identity in file.users.named)
    is_strange = not is_known and Member.objects.on_team().exists()
    csv = UsageEvent.Provenance.CSV.value
    writer = EventWriter(csv, at, is_dry_run=is_dry_run, roster=roster)
    _write_events(file.events(survey), writer, lambda done: watch("usage events", done, survey.rows))
    watch("usage events", survey.rows, survey.rows)
    new_members = len(roster.by_key) - before
    counts = {name: writer.counts[name] for name in ("new", "changed", "unchanged", "known_better", "absurd")}
    result = UsageImport(
        survey, **counts, new_members=new_members, by_member=by_member, is_strange=is_strange
    )
    if not is_dry_run:
        transactions.run([lambda: _leave_record(result, at)])
    return result


def _write_events(
    events: Iterator[tuple[EventDraft, int]], writer: EventWriter, report: Callable[[int], None]
) -> None:
    """Write one export after the other: the next may have the same events, at instants that were cut."""
    written = 1
    for done, (event, export) in enumerate(events, 1):
        if export != written:
            writer.flush()
            written = export
        writer.take_in(event)
        if done % EVERY == 0:
            report(done)
    writer.flush()


def learn_cycle(start_at: datetime, at: datetime) -> None:
    """Make the cycle known, and split the totals of the days on which one now begins."""
    for day in cycles.learn(start_at)[1]:
        rollups.recompute_days(day, day, at)


def _leave_record(result: UsageImport, at: datetime) -> None:
    SourceRun.objects.create(
        source=Source.EVENTS,
        trigger=TRIGGER,
        status=SourceRun.RunStatus.OK,
        window_start_at=result.survey.first_at,
        window_end_at=result.survey.last_at,
        rows_seen=result.survey.rows,
        rows_new=result.new,
        rows_changed=result.changed,
        started_at=at,
        finished_at=at,
    )

"""Events out of files: written as collected ones are, where nothing better is known of them already."""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial

from django.db.models import QuerySet

from collector.base.days import day_start, utc_day
from collector.base.short_transactions import ShortTransactions, batches
from collector.collecting.windows import MINUTE, closed_minute
from collector.facts import cycles, rollups
from collector.facts.roster import Identity, Roster
from collector.models import Member, UsageEvent
from collector.sources.event_rows import (
    TABLE,
    TOKENS,
    EventDraft,
    EventKey,
    EventRows,
    EventValues,
    keep_costs,
    number_twins,
    stored_rows,
    without_absurd,
)
from collector.sources.owners import ROUNDING, settle_cut_instants

# Rows held before they are written, and at most; reading and writing take turns of some tenths of a second.
CHUNK = 8_000
MOST_HELD = 50_000
# Rows written before the clock is looked at.
STEP_ROWS = 2_000
Provenance = UsageEvent.Provenance
# Who knows an event best; what is known from further up is not touched by what is further down.
RANKS = [Provenance.API.value, Provenance.TRACKER.value, Provenance.CSV.value]


@dataclass
class EventWriter:
    """Writes drafts in short transactions, each with the daily totals of what it touched.

    Cheapest with drafts in the order of time. What is alike in member, instant and model has to come side by
    side, since only so it can be told apart.
    """

    origin: str
    at: datetime
    is_dry_run: bool = False
    counts: Counter[str] = field(default_factory=Counter)  # new, changed, unchanged, known_better, absurd
    waiting: list[EventDraft] = field(default_factory=list)
    days: set[tuple[int, date]] = field(default_factory=set)  # of members that have events, in a dry run
    roster: Roster = field(default_factory=Roster.load)  # a dry run's pretends
    transactions: ShortTransactions = field(init=False)

    def __post_init__(self) -> None:
        self.transactions = ShortTransactions(self.is_dry_run)

    def take_in(self, event: EventDraft) -> None:
        """Hold the event, and write what is held where a day ends, or before it grows too much."""
        if len(self.waiting) >= CHUNK and self._is_full(event):
            self.flush()
        self.waiting.append(event)

    def flush(self) -> None:
        """Write what is held; at the end, all that is left."""
        if self.waiting:
            self.transactions.run(self._steps(self.waiting))
        self.waiting = []

    def _is_full(self, event: EventDraft) -> bool:
        """Whether `event` begins another day, or the one at hand fills memory; never within an instant."""
        last = self.waiting[-1].occurred_at
        if len(self.waiting) >= MOST_HELD:
            return last != event.occurred_at
        return utc_day(last) != utc_day(event.occurred_at)

    def _prepare(self, drafts: list[EventDraft]) -> None:
        self.roster.admit({draft.identity for draft in drafts}, self.at)
        if not self.is_dry_run:
            for day in cycles.reach_back_to(day_start(min(utc_day(draft.occurred_at) for draft in drafts))):
                rollups.recompute_days(day, day, self.at)

    def _steps(self, drafts: list[EventDraft]) -> Iterator[Callable[[], None]]:
        """Day by day and member by member, so that a member's day is worked out once."""
        yield partial(self._prepare, drafts)
        by_day: dict[date, list[EventDraft]] = defaultdict(list)
        for draft in drafts:
            by_day[utc_day(draft.occurred_at)].append(draft)
        for day, of_day in sorted(by_day.items()):
            of_day, absurd = without_absurd(of_day)
            self.counts["absurd"] += len(absurd)
            of_day.sort(key=lambda event: (event.identity.key, event.occurred_at))
            for batch in batches(of_day, _minute, STEP_ROWS):
                yield partial(self._write, day, batch)

    def _follow_merges(self, drafts: list[EventDraft]) -> None:
        """Look up again whom the drafts name, where one of them has been merged since the roster was read."""
        member_ids = {self.roster.member_id(draft.identity) for draft in drafts}
        if Member.objects.filter(pk__in=member_ids).count() < len(member_ids):
            self.roster.reload()
            self.roster.admit({draft.identity for draft in drafts}, self.at)

    def _write(self, day: date, drafts: list[EventDraft]) -> None:
        if not self.is_dry_run:
            self._follow_merges(drafts)
        rows = number_twins(drafts, self.roster)
        vague = self.roster.vague()
        stored = stored_rows(self._stored(rows, vague))
        settle_cut_instants(rows, stored, moves=False)
        better_origins = RANKS[: RANKS.index(self.origin)]
        better = {key for key, columns in stored.items() if columns.origin in better_origins}
        ours = not_known_better(rows, better | stored.keys() - rows.keys(), better, vague)
        keep_costs(ours, stored)
        keep_tokens(ours, stored)
        written = TABLE.compare(ours, stored)
        self.counts.update(
            new=len(written.new),
            changed=len(written.changed),
            unchanged=len(ours) - len(written.touched),
            known_better=len(rows) - len(ours),
        )
        if self.is_dry_run:
            self.days.update((key.member_id, day) for key in rows)
            return
        TABLE.write(ours, written, self.at)
        rollups.recompute({(key[0], utc_day(key[1])) for key in written.touched}, self.at)

    def _stored(self, rows: EventRows, vague: set[int]) -> QuerySet[UsageEvent]:
        """What is stored in the minutes from the first to the last of these that may be one of the rows."""
        members, instants = {key[0] for key in rows}, [key[1] for key in rows]
        stored = UsageEvent.objects.between(
            closed_minute(min(instants)) - MINUTE, closed_minute(max(instants)) + MINUTE + ROUNDING
        )
        if members & vague or len(members | vague) > rollups.FEW_MEMBERS:
            return stored
        return stored.filter(member_id__in=members | vague)


class PretendRoster(Roster):
    """A roster for a dry run: whoever is new gets a number that no member has."""

    def admit(self, identities: Iterable[Identity], at: datetime) -> None:
        for identity in identities:
            pk = self.known_id(identity) or -len(self.by_key) - 1
            self.by_key.setdefault(identity.key, pk)
            self.addresses.setdefault(pk, identity.key)
            if identity.cursor_id:
                self.by_cursor_id.setdefault(identity.cursor_id, pk)


def _minute(event: EventDraft) -> tuple[str, datetime]:
    """Where an event is looked for whose instant was cut."""
    return event.identity.key, closed_minute(event.occurred_at)


def keep_tokens(rows: EventRows, stored: EventRows) -> None:
    """Keep the four stored counts where a file has only their sum."""
    for key, old in stored.items():
        row = rows.get(key)
        if row and _has_sum_only(row) and not _has_sum_only(old) and old.tokens == row.input_tokens:
            rows[key] = row.taking(TOKENS, old)


def _has_sum_only(row: EventValues) -> bool:
    return [name for name in TOKENS if getattr(row, name) is not None] == ["input_tokens"]


def not_known_better(
    rows: EventRows, stored: Iterable[EventKey], better: Container[EventKey], vague: set[int]
) -> EventRows:
    """Without one row for each event of the same instant in `stored` that is the same one.

    First one that is known `better`, of the same member and model; then of another model, since files may
    spell it as people read it; then any where either names nobody in particular: a number, or no one.
    """
    at: dict[datetime, list[EventKey]] = defaultdict(list)
    for key in stored:
        at[key.occurred_at].append(key)
    unknown = dict(rows)
    for is_same in (
        lambda ours, theirs: theirs in better and ours[:3] == theirs[:3],
        lambda ours, theirs: theirs in better and ours.member_id == theirs.member_id,
        lambda ours, theirs: (
            len({ours.member_id, theirs.member_id} - vague) < 2 and ours.member_id != theirs.member_id
        ),
    ):
        for key in list(unknown) if at else ():
            theirs = next((other for other in at.get(key.occurred_at, ()) if is_same(key, other)), None)
            if theirs:
                at[key.occurred_at].remove(theirs)
                del unknown[key]
    return unknown

"""Events out of files: written as collected ones are, where nothing better is known of them already."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from collector.base.days import day_start, utc_day
from collector.base.upsert import Key, Values
from collector.facts import cycles, rollups
from collector.facts.roster import Identity, Roster
from collector.facts.surfaces import is_by_bugbot
from collector.models import UsageEvent
from collector.sources.events import TABLE, EventDraft, keep_costs, number_twins

# Rows held before they are written.
CHUNK = 20_000
MILLISECOND = timedelta(milliseconds=1)
Origin = UsageEvent.Origin
# Who knows an event best; what is known from further up is not touched by what is further down.
RANKS = [Origin.API.value, Origin.TRACKER.value, Origin.CSV.value]
UNSAID: dict[str, Any] = {
    "conversation_id": "",
    "cloud_agent_id": "",
    "automation_id": "",
    "is_headless": False,
    "is_max_mode": False,
    "is_token_based": False,
    "input_tokens": None,
    "output_tokens": None,
    "cache_write_tokens": None,
    "cache_read_tokens": None,
    "kind": "",
    "charged_cents": Decimal(0),
    "cost_basis": UsageEvent.CostBasis.UNKNOWN.value,
    "model_cents": None,
    "token_fee_cents": None,
    "discount_percent": None,
    "is_chargeable": False,
    "request_units": Decimal(0),
}


def draft(identity: Identity, occurred_at: datetime, model: str, **columns: Any) -> EventDraft:
    """An event of a file; columns that the file lacks are left unsaid."""
    is_bugbot = is_by_bugbot(model=model, kind=columns.get("kind", ""))
    given = UNSAID | {"is_bugbot": is_bugbot} | columns
    return EventDraft(identity, occurred_at, model, tuple(given[name] for name in TABLE.values))


@dataclass
class EventWriter:
    """Writes drafts in chunks, inside the caller's transaction. `finish` brings the totals into line.

    `is_shared` says of a draft that its file has another for the same member and instant: those are held to
    the end and written together, since what is alike can be told apart only side by side.
    """

    origin: str
    at: datetime
    is_shared: Callable[[EventDraft], bool] = lambda draft: False
    new: int = 0
    changed: int = 0
    unchanged: int = 0
    known_better: int = 0
    held: list[EventDraft] = field(default_factory=list)
    shared: list[EventDraft] = field(default_factory=list)
    touched: set[tuple[int, date]] = field(default_factory=set)
    roster: Roster = field(default_factory=Roster.load)

    def add(self, event: EventDraft) -> None:
        (self.shared if self.is_shared(event) else self.held).append(event)
        if len(self.held) >= CHUNK:
            self._flush(self.held)
            self.held = []

    def finish(self) -> None:
        self._flush(self.held)
        self._flush(self.shared)
        if self.touched:
            for day in cycles.reach_back_to(first_instant(self.touched)):
                rollups.recompute_days(day, day, self.at)
            rollups.recompute(self.touched, self.at)

    def _flush(self, drafts: list[EventDraft]) -> None:
        """Write day by day, so that what is compared with is never more than a day."""
        self.roster.admit({each.identity for each in drafts}, self.at)
        by_day: dict[date, list[EventDraft]] = defaultdict(list)
        for each in drafts:
            by_day[utc_day(each.occurred_at)].append(each)
        for day in sorted(by_day):
            self._write(by_day[day])

    def _write(self, drafts: list[EventDraft]) -> None:
        rows = number_twins(drafts, self.roster)
        instants = [each.occurred_at for each in drafts]
        stored = UsageEvent.objects.between(min(instants), max(instants) + MILLISECOND)
        better = stored.filter(origin__in=RANKS[: RANKS.index(self.origin)])
        ours = not_known_better(rows, better.values_list("member_id", "occurred_at", "model"))
        known = TABLE.known(stored)
        keep_costs(ours, known)
        written = TABLE.bring(ours, known, self.at)
        self.new += len(written.new)
        self.changed += len(written.changed)
        self.unchanged += len(ours) - len(written.touched)
        self.known_better += len(rows) - len(ours)
        self.touched |= {(key[0], utc_day(key[1])) for key in written.touched}


def not_known_better(
    rows: dict[Key, Values], better: Iterable[tuple[int, datetime, str]]
) -> dict[Key, Values]:
    """Leave out one row for each event that is known better, of the same member and instant.

    Of the same model if there is one; else of another, since files may spell a model as people read it.
    """
    known: dict[tuple[int, datetime], Counter[str]] = defaultdict(Counter)
    for member_id, occurred_at, model in better:
        known[member_id, occurred_at][model] += 1
    left = dict(rows)
    for matches in (lambda model, theirs: theirs[model] > 0, lambda model, theirs: theirs.total() > 0):
        for key in rows:
            theirs = known.get(key[:2])
            if theirs and key in left and matches(key[2], theirs):
                del left[key]
                _take_one(theirs, key[2])
    return left


def _take_one(models: Counter[str], wanted: str) -> None:
    """Use up one event: of the `wanted` model, or else any."""
    model = wanted if models[wanted] > 0 else next(iter(+models))
    models[model] -= 1


def first_instant(touched: set[tuple[int, date]]) -> datetime:
    """The beginning of the first day that was touched."""
    return day_start(min(day for _, day in touched))

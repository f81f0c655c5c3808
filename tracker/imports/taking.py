"""What the steps of one import share: when, for whom, in which transactions, and who watches."""

from collections.abc import Callable, Container, Hashable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import TypeVar

from django.db import models

from collector.base.cells import is_address
from collector.base.chunks import chunks
from collector.base.days import utc_day
from collector.base.plausibility import AHEAD
from collector.base.short_transactions import ShortTransactions, batches
from collector.facts.roster import Identity, Roster, identify
from collector.imports.events import PretendRoster

from .database import Cell, ImportPart, OddValue, TrackerRow, email, instant_of

M = TypeVar("M", bound=models.Model)

# Rows between two reports of progress.
EVERY = 2_000
BATCH = 500

# The kind of row, how many are done, and of how many.
Watcher = Callable[[str, int, int], None]


def unwatched(name: str, done: int, total: int) -> None:
    pass


@dataclass
class Taking:
    """One import under way. In a dry run the same steps count, and write nothing."""

    at: datetime
    is_dry_run: bool = False
    watch: Watcher = unwatched
    roster: Roster = field(init=False)
    transactions: ShortTransactions = field(init=False)
    identities: dict[Cell, Identity] = field(default_factory=dict)
    # What a dry run would have written, for the steps that follow.
    days_with_events: set[tuple[int, date]] = field(default_factory=set)
    cycle_days: set[date] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.roster = (PretendRoster if self.is_dry_run else Roster).load()
        self.transactions = ShortTransactions(self.is_dry_run)

    def admit(self, addresses: Iterable[Cell]) -> None:
        """Create members for unknown addresses."""
        identities = [self.identity(address) for address in addresses]
        self.transactions.run(partial(self.roster.admit, some, self.at) for some in chunks(identities, BATCH))

    def identity(self, address: Cell, cursor_id: str = "") -> Identity:
        """Whom an e-mail names: nobody where it is empty; OddValue where it is not an address."""
        identity = self.identities.get(address)
        if identity is None:
            text = email(address)
            if text and not is_address(text):
                raise OddValue("with a member that is not an e-mail address")
            identity = self.identities[address] = identify(text, cursor_id=cursor_id)
        return identity

    def spender(self, address: Cell) -> Identity:
        """Whom an event names; nobody where that is not an address: its money counts all the same."""
        try:
            return self.identity(address)
        except OddValue:
            return self.identities.setdefault(address, identify(""))

    def member_id(self, address: Cell) -> int:
        """The member with this e-mail, whom `admit` has seen; OddValue where it is not an address."""
        if not email(address):
            raise OddValue("without a member")
        return self.roster.member_id(self.identity(address))

    def instant(self, value: Cell) -> datetime:
        """An instant that may have been; OddValue where it is none, too old, or ahead."""
        moment = instant_of(value)
        if moment is None or moment > self.at + AHEAD:
            raise OddValue("without a plausible time")
        return moment

    def day(self, value: Cell) -> date:
        """The UTC day of such an instant."""
        return utc_day(self.instant(value))

    def store_new(
        self,
        part: ImportPart,
        model: type[M],
        rows: Iterable[M],
        stored: Container[Hashable],
        about: Callable[[M], Hashable],
        key: Callable[[M], Hashable] | None = None,
    ) -> None:
        """Insert the rows that are about nothing `stored`, all about the same together.

        Of two rows with one `key` (the same as `about` unless given) the last one counts.
        """
        new = {(key or about)(row): row for row in rows if about(row) not in stored}
        self.transactions.create(model, batches(new.values(), about))
        part.taken += len(new)

    def watched(self, name: str, total: int, rows: Iterable[TrackerRow]) -> Iterator[TrackerRow]:
        """The same rows, with reports of progress."""
        done = 0
        for done, row in enumerate(rows, 1):
            if done % EVERY == 0:
                self.watch(name, done, max(total, done))
            yield row
        self.watch(name, done, done)

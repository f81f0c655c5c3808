"""The dashboard's CSV of usage events, in every form that it has had.

Forms and meanings of the columns: measured on exports of 2025 and 2026 (read November 2026).
`Input (w/ Cache Write)` is what was written to the cache, `Input (w/o Cache Write)` the rest of the input:
the two are disjoint.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import numpy as np

from collector.base.csv_files import CsvTable, FileError, Problems, Row
from collector.base.days import to_epoch_ms
from collector.facts.roster import Identity, identify
from collector.models import UsageEvent
from collector.sources.events import CHARGEABLE_KINDS, EventDraft

from .events import draft

COLUMNS = {
    "at": ("date",),
    "user": ("user",),
    "kind": ("kind",),
    "model": ("model",),
    "max_mode": ("max mode",),
    "cache_write": ("input (w/ cache write)",),
    "input": ("input (w/o cache write)",),
    "cache_read": ("cache read",),
    "output": ("output tokens", "output"),
    "total": ("total tokens", "tokens"),
    "cost": ("cost",),
    "cost_to_you": ("cost to you",),
    "requests": ("requests",),
    "cloud_agent": ("cloud agent id",),
    "automation": ("automation id",),
}
REQUIRED = ("at", "model", "cache_write", "input", "cache_read", "output")
TOKENS = ("input", "output", "cache_write", "cache_read")
# What stands in a cost cell in place of a sum.
NO_COST = ("", "-", "nan", "included", "free", "null", "none")
NUMBER = re.compile(r"^-?\$?\d{1,3}(,\d{3})*(\.\d+)?$|^-?\$?\d+(\.\d+)?(e-?\d+)?$", re.IGNORECASE)
# The file's word for the model that the API calls `default`.
AUTO, DEFAULT = "auto", "default"
# What a request unit costs on a request plan, whose files have units and no costs.
CENTS_PER_UNIT = Decimal(4)


@dataclass
class Survey:
    """What a first look through the whole file says of it."""

    rows: int = 0
    without_cost: int = 0  # billed rows whose cost is missing
    with_cost: int = 0
    without_user: int = 0
    first_at: datetime | None = None
    last_at: datetime | None = None
    # Who and when, as hashes of eight bytes: they are as many as the rows.
    spots: array[int] = field(default_factory=lambda: array("q"))
    shared: set[int] = field(default_factory=set)  # those of more than one row

    def note(self, event: EventDraft) -> None:
        self.rows += 1
        self.first_at = min(self.first_at or event.occurred_at, event.occurred_at)
        self.last_at = max(self.last_at or event.occurred_at, event.occurred_at)
        self.spots.append(spot(event))

    def settle(self) -> None:
        """After the last row: find the spots that are shared."""
        places = np.sort(np.frombuffer(self.spots, dtype=np.int64))
        self.shared = set(places[1:][places[1:] == places[:-1]].tolist())
        self.spots = array("q")

    def is_shared(self, event: EventDraft) -> bool:
        return spot(event) in self.shared


def spot(event: EventDraft) -> int:
    return hash((event.identity.key, to_epoch_ms(event.occurred_at)))


class UsageCsv:
    """One file. FileError with line numbers from `survey`, after which reading it again cannot fail."""

    def __init__(self, path: Path, member: str = "") -> None:
        self.path = path
        self.member = member.strip().lower()
        self._identities: dict[str, Identity] = {}

    def survey(self) -> Survey:
        """Look through the whole file; FileError if any of it cannot be used."""
        problems, found = Problems(), Survey()
        for event in self._events(problems, found):
            found.note(event)
        problems.raise_if_any()
        found.settle()
        if found.without_cost and not found.with_cost:
            raise FileError(
                f"All {found.without_cost:,} rows that cost something lack their cost: Cursor's exports "
                "have had such gaps. Export the file again; it is not taken for free."
            )
        if not found.rows:
            raise FileError(
                "Line 2: the file has column names and nothing below them. Export a longer period."
            )
        return found

    def events(self) -> Iterator[EventDraft]:
        """The file's events, in its order."""
        return self._events(Problems(), Survey())

    def _events(self, problems: Problems, found: Survey) -> Iterator[EventDraft]:
        with self.path.open("rb") as file:
            table = CsvTable(file, COLUMNS, required=REQUIRED)
            if "user" not in table.columns and not self.member:
                raise FileError(
                    "Line 1: there is no column User, so the file is one member's own. "
                    "Say whose with --member EMAIL."
                )
            for row in table:
                try:
                    yield self._event(row, found)
                except ValueError as exc:
                    problems.add(row.line, str(exc))

    def _event(self, row: Row, found: Survey) -> EventDraft:
        tokens = _tokens(row)
        cost = Cost.of(row)
        found.with_cost += cost.is_due and cost.is_known
        found.without_cost += cost.is_due and not cost.is_known
        found.without_user += not row["user"]
        return draft(
            self._identity(row["user"]),
            _instant(row["at"]),
            _short(DEFAULT if row["model"].lower() == AUTO else row["model"], 120, "model"),
            kind=_short(row["kind"], 80, "kind"),
            is_max_mode=row["max_mode"].lower() in ("yes", "true"),
            is_headless=bool(row["cloud_agent"] or row["automation"]),
            cloud_agent_id=_short(row["cloud_agent"], 80, "Cloud Agent ID"),
            automation_id=_short(row["automation"], 80, "Automation ID"),
            input_tokens=tokens["input"],
            output_tokens=tokens["output"],
            cache_write_tokens=tokens["cache_write"],
            cache_read_tokens=tokens["cache_read"],
            charged_cents=cost.charged_cents,
            model_cents=cost.value_cents,
            cost_basis=cost.basis,
            is_chargeable=cost.is_billed,
            request_units=_number(row["requests"], "number of requests") or Decimal(0),
            origin=UsageEvent.Origin.CSV.value,
        )

    def _identity(self, user: str) -> Identity:
        """Whom the row names: an e-mail, or a number for somebody who has left."""
        name = user.lower() or self.member
        known = self._identities.get(name)
        if known is None:
            known = identify(number=name) if name.isdigit() else identify(name)
            self._identities[name] = known
        return known


@dataclass(frozen=True)
class Cost:
    """What a row says about money. Only billed rows are charged; a sum on any other is what it was worth."""

    is_due: bool  # the row should say what was paid
    charged_cents: Decimal
    value_cents: Decimal | None
    is_known: bool
    has_kind: bool = True

    @property
    def is_billed(self) -> bool:
        """Whether it counts as billed: until the middle of 2025 only a sum says so."""
        return self.is_due and (self.has_kind or self.charged_cents > 0)

    @property
    def basis(self) -> str:
        basis = UsageEvent.CostBasis.FILE if self.is_known else UsageEvent.CostBasis.UNKNOWN
        return basis.value

    @classmethod
    def of(cls, row: Row) -> Cost:
        value = _dollars(row["cost"])
        if (
            "kind" not in row.cells
        ):  # until the middle of 2025: no kind, and a column of its own for what is paid
            paid = _dollars(row["cost_to_you"])
            return cls(True, paid or Decimal(0), value, paid is not None, has_kind=False)
        if row["kind"].lower() not in CHARGEABLE_KINDS:
            return cls(False, Decimal(0), value, value is not None)
        if "cost" not in row.cells:  # a request plan's
            units = _number(row["requests"], "number of requests")
            return cls(True, (units or Decimal(0)) * CENTS_PER_UNIT, None, units is not None)
        return cls(True, value or Decimal(0), value, value is not None)


def _tokens(row: Row) -> dict[str, int | None]:
    """The four counts; ValueError where they do not add up to the total, since then columns have shifted."""
    counts: dict[str, int | None] = {}
    for name in TOKENS:
        number = _number(row[name], "number of tokens")
        counts[name] = None if number is None else int(number)
    total = _number(row["total"], "number of tokens")
    added = sum(count or 0 for count in counts.values())
    if total is not None and int(total) != added:
        raise ValueError(
            f"the tokens add up to {added:,}, and the total says {int(total):,}. Export it again."
        )
    return counts


def _instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        instant = None
    if instant is None or instant.tzinfo is None:
        raise ValueError(
            f"“{text[:40]}” is not an instant such as 2026-07-31T12:00:00.000Z. A spreadsheet may have "
            "rewritten it: use the file as it was exported."
        )
    return instant.astimezone(UTC)


def _dollars(text: str) -> Decimal | None:
    """Cents of a cost cell; None where it holds none."""
    dollars = _number(text, "cost")
    return None if dollars is None else dollars * 100


def _number(text: str, what: str) -> Decimal | None:
    """The cell's number; None where it holds none; ValueError where it holds something else."""
    if text.lower() in NO_COST:
        return None
    if not NUMBER.match(text):
        raise ValueError(f"“{text[:40]}” is no {what}. Use the file as it was exported.")
    return Decimal(text.replace(",", "").replace("$", ""))


def _short(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise ValueError(f"the {what} has more than {limit} characters.")
    return text

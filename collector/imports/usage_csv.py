"""The dashboard's CSV of usage events, in every form that it has had.

Forms and meanings of the columns: measured on exports of 2025 and 2026 (read November 2026).
`Input (w/ Cache Write)` is what was written to the cache, `Input (w/o Cache Write)` the rest of the input:
the two are disjoint. The "usage details" of August 2025 have the sum of all tokens only.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from pathlib import Path

import numpy as np

from collector.base.cells import is_empty_value, tidy
from collector.base.csv_files import CsvTable, FileError, Problems, Row
from collector.base.days import to_epoch_ms
from collector.cursor.kinds import begins_like_billed_kind, is_known_kind
from collector.facts.roster import Identity
from collector.facts.surfaces import is_by_bugbot
from collector.models import UsageEvent
from collector.sources.event_rows import EventDraft, EventValues

from .costs import API_AMOUNTS, FileCost, cost_of_row
from .instants import Instants, first_part
from .numbers import count, units
from .users import Users

COLUMNS = {
    "at": ("date", "timestamp", "date (utc)", "timestamp (utc)", "time (utc)", "time"),
    # An address names somebody for certain; beside such a column, *User* holds names.
    "user": ("email", "user email", "member email", "email address", "user", "member", "user id"),
    "name": ("name", "user name", "full name", "display name"),
    "kind": ("kind", "type"),
    "model": ("model",),
    "max_mode": ("max mode",),
    "cache_write": (
        "input (w/ cache write)",
        "cache write",
        "cache write tokens",
        "token usage cache write tokens",
    ),
    "input": ("input (w/o cache write)", "input tokens", "token usage input tokens"),
    "cache_read": ("cache read", "cache read tokens", "token usage cache read tokens"),
    "output": ("output tokens", "output", "token usage output tokens"),
    "total": ("total tokens", "tokens"),
    "cost": ("cost", "cost ($)", "cost (usd)", "cost (us$)", "cost in usd", "total cost"),
    "cost_to_you": ("cost to you", "cost to you ($)"),
    # Of the API's own rows, made a table of.
    **{"charged_cents": ("charged cents",), "model_cents": ("token usage total cents",)},
    "chargeable": ("is chargeable",),
    "requests": ("requests", "request units", "requests (units)", "requests costs"),
    "cloud_agent": ("cloud agent id",),
    "automation": ("automation id",),
}
REQUIRED = ("at", "model")
TOKENS = ("input", "output", "cache_write", "cache_read")
# A column of instants that says that they are in UTC.
UTC_COLUMN = re.compile(r"(?:date|time|timestamp)[\s_(]*utc", re.IGNORECASE)
# What a summary below the rows begins with.
SUMMARY = re.compile(
    r"(?:grand |sub-?)?total(?:s|e|es)?\b|sum(?:me|mary)?\b|(?:ins)?gesamt|suma\b|somme\b|合計|总计|합계",
    re.IGNORECASE,
)
# Names of columns of amounts that are none of those above: in cents, in euros, or of another program.
AMOUNTS = re.compile(
    r"(?<!requests )(?<!requests)cost(?! ?cent)|price|amount|charged?\b|charges|spen[dt]|billed|cents"
    r"|usd|\beur|[$€£]",
    re.IGNORECASE,
)
# The file's word for the model that the API calls `default`.
AUTO, DEFAULT = "auto", "default"


@dataclass
class Survey:
    """What a first look through the whole file says of it."""

    rows: int = 0
    without_cost: int = 0  # billed rows whose cost is missing
    with_cost: int = 0
    summaries: int = 0  # lines below the rows that add them up
    first_at: datetime | None = None
    last_at: datetime | None = None
    unknown_kinds: dict[str, Decimal] = field(default_factory=dict)  # cents, by a kind nobody knows
    without_zone: int = 0  # rows whose time names no zone
    guessed_encoding: str = ""
    problems: Problems = field(default_factory=Problems)
    # Who and when, as hashes of eight bytes: they are as many as the rows.
    spots: array[int] = field(default_factory=lambda: array("q"))
    shared: set[int] = field(default_factory=set)  # those of more than one row
    shared_rows: int = 0  # rows at the spot of an earlier one

    def note(self, event: EventDraft, cost: FileCost) -> None:
        self.rows += 1
        self.with_cost += cost.is_due and cost.is_known
        self.without_cost += cost.is_due and not cost.is_known
        kind = event.columns.kind
        is_clear = cost.is_due or (is_known_kind(kind) and not begins_like_billed_kind(kind))
        if cost.value_cents and not is_clear:
            self.unknown_kinds[kind] = self.unknown_kinds.get(kind, Decimal(0)) + cost.value_cents
        self.first_at = min(self.first_at or event.occurred_at, event.occurred_at)
        self.last_at = max(self.last_at or event.occurred_at, event.occurred_at)
        self.spots.append(spot(event))

    def settle(self) -> None:
        """After the last row: find the spots that are shared."""
        places = np.sort(np.frombuffer(self.spots, dtype=np.int64))
        again = places[1:][places[1:] == places[:-1]]
        self.shared, self.shared_rows = set(again.tolist()), len(again)
        self.spots = array("q")

    def is_shared(self, event: EventDraft) -> bool:
        return spot(event) in self.shared


def spot(event: EventDraft) -> int:
    return hash((event.identity.key, to_epoch_ms(event.occurred_at)))


class UsageCsv:
    """One file. An implausible line is a problem of the survey, and is skipped in `events`."""

    def __init__(self, path: Path, at: datetime, member: str = "") -> None:
        self.path = path
        self.at = at
        self.users = Users(member.strip().lower())

    def survey(self) -> Survey:
        """Look through the whole file; FileError if it is not such a file, or none of it can be used."""
        survey = Survey()
        for event, cost, _ in self._events(survey):
            survey.note(event, cost)
        if not survey.rows:
            survey.problems.raise_if_any()
            raise FileError(
                "Line 2: the file has column names, but no rows below them. Export a longer period."
            )
        if survey.without_cost and not survey.with_cost:
            raise FileError(
                f"None of the {survey.without_cost:,} billed rows has a cost. Cursor's exports have had this "
                "fault before, so the file was not imported as free usage. Export it again."
            )
        self.users.check(survey.rows)
        survey.settle()
        return survey

    def events(self, survey: Survey) -> Iterator[tuple[EventDraft, int]]:
        """The file's events, in its order, each with the number of its export; last those that may be alike,
        side by side, with 0.

        What several exports in one file repeat comes once, from the one that says most of it.
        """
        alike: dict[tuple[Identity, datetime, str], dict[int, list[EventDraft]]] = {}
        for event, _, export in self._events(Survey()):
            if survey.is_shared(event):
                exports = alike.setdefault((event.identity, event.occurred_at, event.model), {})
                exports.setdefault(export, []).append(event)
            else:
                yield event, export
        for exports in alike.values():
            for event in max(reversed(exports.values()), key=_completeness):
                yield event, 0

    @cached_property
    def dates_begin_with(self) -> str:
        """The part that stands first in dates that leave it open; by all of them, one may be clear."""
        with self.path.open("rb") as file:
            table = CsvTable(file, COLUMNS, required=REQUIRED)
            return first_part((row["at"] for row in table), self.at)

    def _events(self, survey: Survey) -> Iterator[tuple[EventDraft, FileCost, int]]:
        with self.path.open("rb") as file:
            table = CsvTable(file, COLUMNS, required=REQUIRED, problems=survey.problems)
            survey.guessed_encoding = table.guessed_encoding
            _check_form(table)
            checked = table.exports
            user = "user" if "user" in table.columns else "name"
            instants = Instants(self.at, table.delimiter, lambda: self.dates_begin_with)
            self.users.check_column(user in table.columns)
            for row in table:
                if checked != table.exports:
                    _check_form(table)
                    checked = table.exports
                if _is_summary(row):
                    survey.summaries += 1
                    continue
                try:
                    event, cost = self._event(row, table, row[user], instants)
                except ValueError as exc:
                    survey.problems.note(row.line, str(exc))
                    continue
                self.users.count_row(row[user])
                yield event, cost, table.exports
            survey.without_zone = 0 if UTC_COLUMN.search(table.header) else instants.without_zone

    def _event(self, row: Row, table: CsvTable, user: str, instants: Instants) -> tuple[EventDraft, FileCost]:
        tokens = _tokens(row)
        cost = cost_of_row(row, table.delimiter)
        model = _short(DEFAULT if row["model"].lower() == AUTO else row["model"], 120, "model")
        kind = _short(row["kind"], 80, "kind")
        cloud_agent = _identifier(row["cloud_agent"], "Cloud Agent ID")
        automation = _identifier(row["automation"], "Automation ID")
        columns = EventValues(
            kind=kind,
            is_bugbot=is_by_bugbot(model=model, kind=kind),
            is_max_mode=row["max_mode"].lower() in ("yes", "true", "1"),
            is_headless=bool(cloud_agent or automation),
            cloud_agent_id=cloud_agent,
            automation_id=automation,
            input_tokens=tokens["input"],
            output_tokens=tokens["output"],
            cache_write_tokens=tokens["cache_write"],
            cache_read_tokens=tokens["cache_read"],
            charged_cents=cost.charged_cents,
            model_cents=cost.value_cents,
            cost_basis=cost.basis,
            is_chargeable=cost.is_billed,
            request_units=units(row["requests"], table.delimiter) or Decimal(0),
            origin=UsageEvent.Provenance.CSV.value,
        )
        return EventDraft(self.users.identity(user), instants.read(row["at"]), model, columns), cost


def _completeness(events: list[EventDraft]) -> tuple[int, int]:
    """How many events there are, and how much is known of them."""
    return len(events), sum(value is not None for event in events for value in event.columns)


def _check_form(table: CsvTable) -> None:
    """FileError where amounts have an unknown name, or tokens are neither in four columns nor in one sum."""
    is_known = not table.columns.isdisjoint({"cost", "cost_to_you"}) or table.columns >= API_AMOUNTS
    if not is_known and AMOUNTS.search(table.header):
        name = tidy(next(filter(AMOUNTS.search, table.header.split(table.delimiter)))).strip('"')
        raise FileError(
            f"Line 1: the column “{name[:40]}” seems to hold amounts, which may not be US dollars. If they "
            "are, rename it to Cost; if not, export the usage events again."
        )
    lacking = [COLUMNS[name][0].capitalize() for name in TOKENS if name not in table.columns]
    if lacking and "total" not in table.columns:
        raise FileError(
            f"Line 1: there is no column {' and no column '.join(lacking)}, nor a column with their sum. "
            "Export the usage events again."
        )


def _is_summary(row: Row) -> bool:
    """Whether the line adds the others up: it names neither time nor model, and says so, or says nothing."""
    first = next((cell for cell in row.cells.values() if cell), "")
    place = f"{row['at']}{row['model']}"
    return not first or SUMMARY.match(first) is not None and place in ("", first)


def _tokens(row: Row) -> dict[str, int | None]:
    """The four counts; ValueError where they do not add up to the total, since then columns have shifted.

    What a total has beyond the columns that the file has is the count of the first that it lacks.
    """
    counts = {name: count(row[name], "number of tokens") for name in TOKENS}
    total = count(row["total"], "number of tokens")
    if total is None:
        return counts
    added = sum(number or 0 for number in counts.values())
    lacking = next((name for name in TOKENS if name not in row.cells), "")
    if lacking and added <= total:
        return counts | {lacking: total - added}
    if total != added:
        raise ValueError(
            f"the tokens add up to {added:,}, but the total is {total:,}. Export the file again."
        )
    return counts


def _identifier(cell: str, what: str) -> str:
    """An id; empty where the cell holds a word for nothing, such as “-”."""
    return "" if is_empty_value(cell) else _short(cell, 80, what)


def _short(text: str, limit: int, what: str) -> str:
    if len(text) > limit:
        raise ValueError(f"the {what} has more than {limit} characters.")
    return tidy(text)

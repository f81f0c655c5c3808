"""Answers of a recording, served again: the same question gets the same answer, another what fits it.

A recording is a directory of `NNNNN.json`, one exchange each: method, path, asked, status, answer.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from .company.instants import DAY_MS, HOUR_MS, to_ms
from .http import HttpError, SandboxResponse

# Where an answer keeps its rows, and where a row keeps its time.
LISTS = (
    "usageEvents",
    "usageEventsDisplay",
    "data",
    "items",
    "teamMemberSpend",
    "teamMembers",
    "members",
    "groups",
)
TIMES = ("timestamp", "event_date", "day", "date", "commitTs", "createdAt")
# A collection some minutes after the recording begins as much later, and is to see the same rows.
SLACK_MS = HOUR_MS


class NotARecording(ValueError):
    """The directory is not a recording; the message says why."""


@dataclass(frozen=True)
class Exchange:
    """One question, and what was answered."""

    asked: Mapping[str, str]
    status: int
    answer: Any

    @property
    def is_good(self) -> bool:
        return self.status == 200 and isinstance(self.answer, dict)


@dataclass
class Recording:
    """All exchanges by method and path, each question once: of two answers the later."""

    recorded_at: datetime
    exchanges: dict[tuple[str, str], list[Exchange]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def load(cls, directory: Path) -> Recording:
        """Read a recording; NotARecording if it is not one."""
        try:
            details = json.loads((directory / "recording.json").read_text())
            recording = cls(datetime.fromisoformat(details["recorded_at"]))
            for file in sorted(directory.glob("[0-9]*.json")):
                recording._add_exchange(json.loads(file.read_text()))
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise NotARecording(f"{directory} is not a recording of manage.py record: {error}") from error
        return recording

    def _add_exchange(self, recorded: dict[str, Any]) -> None:
        question = _as_text(recorded["asked"])
        exchange = Exchange(question, recorded["status"], recorded.get("answer", "not JSON"))
        exchanges = self.exchanges[recorded["method"], recorded["path"]]
        exchanges[:] = [other for other in exchanges if other.asked != question]
        exchanges.append(exchange)

    def answer(self, method: str, path: str, asked: Mapping[str, object]) -> SandboxResponse:
        """The recorded answer to this question, or one made of the rows of all recorded answers."""
        exchanges = self.exchanges.get((method, path), [])
        wanted = _as_text(asked)
        same = next((exchange for exchange in exchanges if exchange.asked == wanted), None)
        good = [exchange for exchange in exchanges if exchange.is_good]
        if same or not good:
            chosen = same or next(iter(exchanges), None)
            if chosen is None:
                raise HttpError(404, "Not Found", f"Not in the recording: {method} {path}")
            return SandboxResponse(chosen.answer, chosen.status)
        return SandboxResponse(_merged(good, wanted))


def _as_text(asked: Mapping[str, object]) -> dict[str, str]:
    return {name: str(value) for name, value in asked.items()}


def _merged(exchanges: list[Exchange], asked: Mapping[str, str]) -> dict[str, object]:
    """One page with the rows of all answers that fit the time asked for."""
    template = exchanges[-1].answer
    name = next((name for name in LISTS if name in template), "")
    start, end = _bounds(asked, exchanges)
    first_page = asked.get("page", "1") == "1"
    merged: list[object] | dict[str, list[object]] = {} if isinstance(template.get(name), dict) else []
    for exchange in exchanges if first_page else ():
        rows: Any = exchange.answer.get(name) or []
        if isinstance(merged, dict):
            for key, of_key in dict(rows).items():
                merged.setdefault(key, []).extend(row for row in of_key if _fits(row, start, end))
        else:
            merged.extend(row for row in rows if _fits(row, start, end))
    return _with_totals({**template, name: merged}, merged)


def _with_totals(
    answer: dict[str, object], rows: list[object] | dict[str, list[object]]
) -> dict[str, object]:
    """The envelope of a single page with these rows."""
    people = {str(row.get("userId") or row.get("email")) for row in rows if isinstance(row, dict)}
    count = len(rows)
    totals = {
        **{"totalUsageEventsCount": count, "totalCount": count, "totalMembers": count},
        **{"page": 1, "currentPage": 1, "numPages": 1, "totalPages": 1, "hasNextPage": False},
        **{"totalUsers": count if isinstance(rows, dict) else len(people)},
    }
    pagination = answer.get("pagination")
    if isinstance(pagination, dict):
        answer["pagination"] = {**pagination, **{name: totals[name] for name in pagination if name in totals}}
    return {**answer, **{name: totals[name] for name in answer if name in totals}}


def _bounds(asked: Mapping[str, str], exchanges: list[Exchange]) -> tuple[int, int]:
    """The milliseconds asked for, both included; from the recording's own beginning where that is near."""
    start = _milliseconds(asked.get("startDate")) or 0
    end = _milliseconds(asked.get("endDate"))
    first = min((_milliseconds(exchange.asked.get("startDate")) or 0 for exchange in exchanges), default=0)
    is_day = "-" in asked.get("endDate", "")
    return (first if 0 <= start - first <= SLACK_MS else start), (
        2**62 if end is None else end + (DAY_MS - 1 if is_day else 0)
    )


def _fits(row: object, start: int, end: int) -> bool:
    times = (row.get(name) for name in TIMES) if isinstance(row, dict) else ()
    at = next((ms for text in times if (ms := _milliseconds(text)) is not None), None)
    return at is None or start <= at <= end


def _milliseconds(value: object) -> int | None:
    """Milliseconds of an epoch, a day or an instant; None if it is none of these."""
    text = str(value)
    if text.isdecimal():
        return int(text)
    try:
        instant = datetime.fromisoformat(text)
    except ValueError:
        return None
    return to_ms(instant if instant.tzinfo else instant.replace(tzinfo=UTC))

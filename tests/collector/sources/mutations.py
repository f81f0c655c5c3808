"""Documented answers, one thing wrong at a time: what the sandbox serves, cloned and spoilt."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from collector.collecting.windows import Window
from collector.cursor.analytics import MEMBER_METRICS, TEAM_METRICS
from collector.cursor.client import Answer, CursorClient
from collector.cursor.limits import Limiter
from sandbox import Sandbox, build_company

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
END = NOW.replace(second=0)
WINDOW = Window(END - timedelta(days=28), END, NOW)
WEEK = Window(END - timedelta(days=7), END, NOW)
MISSING = object()
RENAMED = object()
# What may stand in any field instead of what should.
VALUES: list[Any] = [
    MISSING,
    RENAMED,
    None,
    "",
    "null",
    "text",
    "two\nlines",
    "\x1b[31mred\x7f",
    "nul\x00 and half \ud83d",
    "x" * 5000,
    -1,
    0,
    1.5,
    10**12,
    2**70,
    Decimal("1e400"),
    Decimal("1e999999999"),
    Decimal("NaN"),
    "1e5",
    "NaN",
    True,
    [],
    ["x"],
    {},
    {"a": 1},
    "1969-12-31T00:00:00Z",
    "9999-12-31T23:59:59Z",
]
# No value of these says anything that a field could mean, so one in its place must be noted.
NONSENSE = ("[]", "['x']", "{}", "{'a': 1}")


def spoilt(row: dict[str, Any], name: str, value: Any) -> dict[str, Any]:
    """`row` with one field otherwise; a dot leads into a nested part."""
    row = dict(row)
    outer, _, inner = name.rpartition(".")
    part = row
    if outer:
        part = row[outer] = dict(row[outer])
    if value is MISSING:
        part.pop(inner, None)
    elif value is RENAMED:
        part[inner + "Renamed"] = part.pop(inner, None)
    else:
        part[inner] = value
    return row


def fields_of(row: dict[str, Any]) -> Iterator[str]:
    for name, value in row.items():
        yield name
        if isinstance(value, dict) and not any("." in inner for inner in value):
            yield from (f"{name}.{inner}" for inner in value)


class CannedClient:
    """Answers by path, every page the same object; asks nobody."""

    def __init__(self, answers: dict[str, Any]) -> None:
        self.answers = answers
        self.requests_made = 0

    def get(self, path: str, params: Any = None, *, etag: str = "") -> Answer:
        self.requests_made += 1
        return Answer(payload=copy.deepcopy(self.answers[path]))

    def post(self, path: str, body: Any) -> Answer:
        return self.get(path)


@dataclass
class Endpoint:
    """One address: an answer with many alike rows, and how to put rows into it."""

    path: str
    source: str
    rows: list[Any]
    wrap: Callable[[list[Any]], Any]
    table: str  # the model that holds its rows
    keys: tuple[str, ...] = ()  # fields that tell rows apart: another value is another row
    free: tuple[str, ...] = ()  # fields that nothing is read from
    others: dict[str, Any] = field(default_factory=dict)  # what the source asks besides

    def answers(self, payload: Any) -> dict[str, Any]:
        return {**self.others, self.path: payload}


def at(number: int) -> datetime:
    return END - timedelta(hours=3) + timedelta(seconds=number)


def milliseconds(instant: datetime) -> int:
    return int(instant.timestamp() * 1000)


def recorded() -> dict[str, Any]:
    """What the sandbox answers, by path."""
    company = build_company(members=6, days=6, seed=5, now=NOW)
    first, last = milliseconds(WINDOW.start_at), milliseconds(END) - 1
    span = {"startDate": first, "endDate": last, "page": 1, "pageSize": 50}
    days = {"startDate": "2026-09-10", "endDate": "2026-09-16"}
    with Sandbox(company, enforces_limits=False) as sandbox:
        client = CursorClient(sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True))
        posts = {
            path: client.post(path, span).payload
            for path in ("/teams/filtered-usage-events", "/teams/daily-usage-data", "/teams/spend")
        }
        gets = {path: client.get(path).payload for path in ("/teams/members", "/teams/groups")}
        paths = [f"/analytics/team/{metric}" for metric in TEAM_METRICS]
        paths += [f"/analytics/by-user/{metric}" for metric in MEMBER_METRICS]
        paths += ["/analytics/ai-code/commits"]
        return posts | gets | {path: client.get(path, days).payload for path in paths}

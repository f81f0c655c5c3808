"""Daily activity per member, derived from the events themselves, so the two never disagree."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np

from .columns import Events
from .draws import fractions
from .instants import DAY_MS, day_ms, days_between
from .kinds import EventKind
from .members import Employee
from .prices import MODELS

EXTENSIONS = (".py", ".ts", ".tsx", ".go", ".md", ".sql", ".java", ".yaml")
VERSION_DAYS = 12  # days between two versions of the client
OLD_CLIENT = "1.7.54"

# Salts.
SURFACE, LINES, SHARE, ACCEPT, TABS = 31, 32, 33, 34, 35


@dataclass(frozen=True)
class EmployeeDay:
    """What one member did on one UTC day. `requests` are raw events; lines and tabs are of the editor."""

    member: Employee
    day: date
    included_requests: int
    usage_based_requests: int
    agent_requests: int
    chat_requests: int
    cmdk_requests: int
    lines_added: int
    lines_deleted: int
    accepted_lines_added: int
    accepted_lines_deleted: int
    applies: int
    accepts: int
    tabs_shown: int
    tabs_accepted: int
    most_used_model: str | None
    extension: str | None
    client_version: str | None

    @property
    def is_active(self) -> bool:
        return self.included_requests + self.usage_based_requests > 0


def surfaces(events: Events) -> np.ndarray:
    """Return where each request was made: 0 agent, 1 chat, 2 inline edit."""
    luck = fractions(events.noise, SURFACE)
    return np.where(events.is_headless | (luck < 0.86), 0, np.where(luck < 0.95, 1, 2))


def lines(events: Events) -> dict[str, np.ndarray]:
    """Return the lines and applied edits of each request."""
    suggested = np.rint(np.minimum(events.output_tokens * fractions(events.noise, LINES) / 25, 900)).astype(
        np.int64
    )
    share = fractions(events.noise, SHARE)
    applies = ((surfaces(events) == 0) & (suggested > 20)).astype(np.int64)
    accepts = applies * (fractions(events.noise, ACCEPT) < 0.8)
    tabs = np.rint(9 * fractions(events.noise, TABS)).astype(np.int64) * ~events.is_headless
    return {
        "lines_added": suggested,
        "lines_deleted": np.rint(suggested * share * 0.4).astype(np.int64),
        "accepted_lines_added": np.rint(suggested * accepts * (0.4 + 0.6 * share)).astype(np.int64),
        "accepted_lines_deleted": np.rint(suggested * accepts * share * 0.2).astype(np.int64),
        "applies": applies,
        "accepts": accepts,
        "tabs_shown": tabs,
        "tabs_accepted": np.rint(tabs * 0.35 * share).astype(np.int64),
    }


def daily_activity(
    members: Sequence[Employee], events: Events, first: date, last: date, *, only_active: bool = False
) -> list[EmployeeDay]:
    """Return a row per person and day from `first` to `last`, both included, by day and then member.

    People without a seat on a day are excluded from it; so are days without a request if `only_active`.
    """
    days = days_between(first, last)
    cells = len(days) * len(members)
    cell = (events.occurred_ms - day_ms(first)) // DAY_MS * len(members) + events.member
    inside = (cell >= 0) & (cell < cells)
    events, cell = events.take(inside), cell[inside]
    sums = {name: _sum(cell, values, cells) for name, values in _figures(events).items()}
    favourite = _most_used(cell, events.model, cells)
    rows = []
    for offset, day in enumerate(days):
        for member in members:
            at = offset * len(members) + member.index
            if not member.is_human or not member.holds_seat_on(day) or (only_active and favourite[at] < 0):
                continue
            figures = {name: values[at] for name, values in sums.items()}
            rows.append(_row(member, day, figures, favourite[at]))
    return rows


def _figures(events: Events) -> dict[str, np.ndarray]:
    surface = surfaces(events)
    return {
        "included_requests": events.kind != EventKind.USAGE_BASED,
        "usage_based_requests": events.kind == EventKind.USAGE_BASED,
        "agent_requests": surface == 0,
        "chat_requests": surface == 1,
        "cmdk_requests": surface == 2,
        **lines(events),
    }


def _row(member: Employee, day: date, figures: dict[str, int], model: int) -> EmployeeDay:
    is_active = model >= 0
    return EmployeeDay(
        member=member,
        day=day,
        **figures,
        most_used_model=MODELS[model].name if is_active else None,
        extension=EXTENSIONS[(member.index * 5 + day.toordinal() // 9) % len(EXTENSIONS)]
        if is_active
        else None,
        client_version=client_version(member, day) if is_active else None,
    )


def client_version(member: Employee, day: date) -> str:
    """Return the version that the member works with on `day`: most update within days, one never does."""
    if member.stays_on_old_client:
        return OLD_CLIENT
    lag = (member.index * 7) % 20
    return f"3.{(day.toordinal() - lag) // VERSION_DAYS % 60}.{member.index % 3}"


def _sum(cell: np.ndarray, values: np.ndarray, cells: int) -> list[int]:
    return np.bincount(cell, weights=values, minlength=cells).astype(np.int64).tolist()


def _most_used(cell: np.ndarray, model: np.ndarray, cells: int) -> list[int]:
    """Return the commonest model of each cell, -1 where nothing was used."""
    pairs, counts = np.unique(cell * len(MODELS) + model, return_counts=True)
    favourite = np.full(cells, -1, dtype=np.int64)
    order = np.argsort(counts, kind="stable")
    favourite[pairs[order] // len(MODELS)] = pairs[order] % len(MODELS)
    return favourite.tolist()

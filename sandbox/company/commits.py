"""Commits with AI-written lines: some of the accepted agent edits end in one."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from .columns import Events
from .daily import lines
from .draws import fractions, scramble
from .instants import from_ms
from .members import Employee

REPOSITORIES = ("acme/app", "acme/api", "acme/web", "acme/mobile", "acme/data", "acme/infra", "acme/docs")
SOURCES = ("ide", "ide", "ide", "cli")

# Salts and shares.
COMMITS, COMMITS_SHARE = 51, 0.22
DELAY, INGESTION, AMENDED, NULLS, HANDMADE = 52, 53, 54, 55, 56
AMENDED_SHARE = 0.05
AMENDED_AFTER = timedelta(minutes=25)


@dataclass(frozen=True)
class Commit:
    """One row of the tracking: an amended commit is a second row with the same hash and time."""

    hash: str
    member: Employee
    repository: str | None
    branch: str | None
    is_primary_branch: bool | None
    source: str
    added: int
    deleted: int
    tab_added: int
    tab_deleted: int
    agent_added: int
    agent_deleted: int
    has_unattributed: bool  # False: the vendor does not know the rest
    committed_at: datetime | None
    created_at: datetime


def commits(members: Sequence[Employee], events: Events) -> list[Commit]:
    """Return the commits that the events led to, by the time the vendor took them in."""
    is_human = np.array([member.is_human for member in members])
    is_chosen = fractions(events.noise, COMMITS) < COMMITS_SHARE
    rows: list[Commit] = []
    for seed in _seeds(events.take(is_chosen & (lines(events)["accepts"] > 0) & is_human[events.member])):
        rows.append(_commit(members[seed.member], seed))
        if seed.amended < AMENDED_SHARE:
            again = rows[-1].created_at + AMENDED_AFTER
            rows.append(replace(rows[-1], added=rows[-1].added + 3, created_at=again))
    return sorted(rows, key=lambda row: (row.created_at, row.hash))


@dataclass(frozen=True)
class _Seed:
    """What a commit grows from: an event's figures and its luck, numbers in [0, 1)."""

    member: int
    occurred_ms: int
    is_headless: bool
    noise: int
    number: int
    lines_added: int
    lines_deleted: int
    tabs: int
    delay: float
    ingestion: float
    amended: float
    nulls: float
    handmade: float


def _seeds(events: Events) -> list[_Seed]:
    edits = lines(events)
    columns = (
        *(events.member, events.occurred_ms, events.is_headless, events.noise),
        scramble(events.noise, COMMITS),
        *(edits[name] for name in ("accepted_lines_added", "accepted_lines_deleted", "tabs_accepted")),
        *(fractions(events.noise, salt) for salt in (DELAY, INGESTION, AMENDED, NULLS, HANDMADE)),
    )
    return [_Seed(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _commit(member: Employee, seed: _Seed) -> Commit:
    committed_at = from_ms(seed.occurred_ms) + timedelta(seconds=int(60 + 2_400 * seed.delay))
    # Nearly all are taken in within a minute, some only hours later.
    lag = timedelta(seconds=int(5 + 60 * seed.ingestion))
    if seed.ingestion >= 0.93:
        lag = timedelta(hours=6 * seed.ingestion)
    tab_added, tab_deleted = seed.tabs * 2, seed.tabs // 3
    typed = int(seed.handmade * (20 + 0.6 * seed.lines_added))
    place, is_primary = member.index + seed.number % 2, seed.number % 10 < 3
    return Commit(
        hash=f"{seed.number:016x}{seed.noise:016x}{member.index:08x}",
        member=member,
        repository=None if seed.nulls < 0.03 else REPOSITORIES[place % len(REPOSITORIES)],
        branch=None if seed.nulls < 0.05 else "main" if is_primary else f"feature/{seed.number % 900}",
        is_primary_branch=None if seed.nulls < 0.08 else is_primary,
        source="cloud" if seed.is_headless else SOURCES[seed.number % len(SOURCES)],
        added=seed.lines_added + tab_added + typed,
        deleted=seed.lines_deleted + tab_deleted + typed // 4,
        tab_added=tab_added,
        tab_deleted=tab_deleted,
        agent_added=seed.lines_added,
        agent_deleted=seed.lines_deleted,
        has_unattributed=seed.nulls < 0.95,
        committed_at=None if 0.95 <= seed.nulls < 0.98 else committed_at,
        created_at=committed_at + lag,
    )

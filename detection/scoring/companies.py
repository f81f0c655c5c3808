"""A made-up company as a history that a replay can show."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from collector.base.days import day_start
from detection.frame.tokens import TOKEN_WEIGHTS
from detection.replay.replay import History
from sandbox.company import Company, build_company
from sandbox.company.kinds import EventKind
from sandbox.company.prices import MICRO, MODELS

# A fixed Monday, so that the same seed is the same company on any day that the score is asked for.
NOW = datetime(2026, 3, 2, tzinfo=UTC)
INCIDENTS_PER_100_MEMBERS_MONTH = 5.0


def labelled_company(*, seed: int, members: int, days: int) -> Company:
    """A company with incidents by chance, all of whose days are over."""
    return build_company(
        members=members,
        days=days,
        seed=seed,
        now=NOW,
        ahead_days=0,
        has_stories=False,
        incidents_per_100_members_month=INCIDENTS_PER_100_MEMBERS_MONTH,
    )


def history_of(company: Company) -> History:
    """The company's events, each known the moment it occurred; members are numbered from 1."""
    events = company.events
    at = pd.Series(pd.to_datetime(events.occurred_ms, unit="ms", utc=True))
    cents = events.charged_micro / MICRO
    weight = sum(getattr(events, name) * share for name, share in TOKEN_WEIGHTS.items())
    table = pd.DataFrame(
        {
            "member_id": events.member.astype(np.int64) + 1,
            "at": at,
            "known_at": at,
            "model": np.array([model.name for model in MODELS])[events.model],
            "cents": cents,
            "billed": np.where(events.is_chargeable, cents, 0.0),
            "requests": (~np.isin(events.kind, (EventKind.ERRORED, EventKind.ABORTED))).astype(float),
            "tokens": events.total_tokens.astype(float),
            "weight": weight,
        }
    )
    first_at = day_start(company.first_day) - timedelta(days=62)
    return History(
        member_ids=np.array([member.index + 1 for member in company.members]),
        names={member.index + 1: member.name for member in company.members},
        emails={member.index + 1: member.email for member in company.members},
        events=table,
        cycles=tuple(company.anniversary.turns(first_at, company.now + timedelta(days=31))),
    )

"""A made-up company as a history that a replay can show."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd

from collector.base.days import day_start
from collector.facts.sums import BUSY_THREAD
from collector.facts.worth import TOKEN_WEIGHTS
from collector.models import Surface
from detection.frame.frame import hour_after
from detection.replay.history import History, Turn
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
    """The company's usage by the hour, each hour known when it is over; members are numbered from 1."""
    events = _events(company)
    by_member = {members[0]: rows for members, rows in events.groupby(["member_id"])}
    first_at = day_start(company.first_day) - timedelta(days=62)
    turns = tuple(company.anniversary.turns(first_at, company.now + timedelta(days=31)))

    def read(member_id: int, start_at: datetime, end_at: datetime) -> pd.DataFrame:
        own = by_member.get(member_id, events.iloc[:0])
        return own[(own["at"] >= start_at) & (own["at"] < end_at)]

    return History(
        member_ids=np.array([member.index + 1 for member in company.members]),
        names={member.index + 1: member.name for member in company.members},
        emails={member.index + 1: member.email for member in company.members},
        rows=hourly_rows(events),
        events=read,
        cycles=turns,
        turns={turn: _turn(turn, events) for turn in turns},
    )


def _events(company: Company) -> pd.DataFrame:
    events = company.events
    cents = events.charged_micro / MICRO
    weight = sum(getattr(events, name) * share for name, share in TOKEN_WEIGHTS.items())
    by_agent = events.is_headless & np.array([member.is_human for member in company.members])[events.member]
    return pd.DataFrame(
        {
            "member_id": events.member.astype(np.int64) + 1,
            "at": pd.Series(pd.to_datetime(events.occurred_ms, unit="ms", utc=True)),
            "model": np.array([model.name for model in MODELS], dtype=object)[events.model],
            "surface": np.where(by_agent, Surface.CLOUD_AGENT.value, Surface.IDE.value),
            "thread": events.conversation,
            "by_agent": by_agent,
            "cents": cents,
            "charged": cents,
            "billed": np.where(events.is_chargeable, cents, 0.0),
            "requests": (~np.isin(events.kind, (EventKind.ERRORED, EventKind.ABORTED))).astype(float),
            "tokens": events.total_tokens.astype(float),
            "weight": weight,
            "estimated": 0.0,
        }
    )


def hourly_rows(events: pd.DataFrame) -> pd.DataFrame:
    """Events added up by member, hour, model and surface, as the product's own totals are."""
    paid = events["weight"].where(events["cents"] > 0, 0.0)
    events = events.assign(hour=events["at"].to_numpy("datetime64[h]").astype(np.int64), paid_weight=paid)
    keys = ["hour", "member_id", "model", "surface", "by_agent"]
    sums = ["cents", "charged", "billed", "requests", "tokens", "weight", "paid_weight", "estimated"]
    rows = events.groupby(keys, as_index=False)[sums].sum()
    is_priced = rows.pop("estimated") == 0
    named = events[events["thread"] != ""]
    threads = named.groupby([*keys, "thread"], as_index=False)["requests"].sum()
    threads = (
        threads[threads["requests"] >= BUSY_THREAD].sort_values("requests").drop_duplicates(keys, keep="last")
    )
    rows = rows.merge(threads.rename(columns={"requests": "thread_requests"}), on=keys, how="left")
    return rows.assign(
        known=rows["hour"] + 1,
        paid_weight=rows["paid_weight"].where(is_priced, 0.0),
        model=rows["model"].astype("category"),
        surface=rows["surface"].astype("category"),
        thread=rows["thread"].astype("category").cat.codes.astype(np.int64),
        thread_requests=rows["thread_requests"].fillna(0.0),
    )


def _turn(turn: datetime, events: pd.DataFrame) -> Turn:
    end_at = hour_after(turn)
    part = events[(events["at"] >= turn) & (events["at"] < end_at)]
    sums = part.groupby("member_id")[["charged", "billed"]].sum()
    return Turn(sums.index.to_numpy(np.int64), sums["charged"].to_numpy(), sums["billed"].to_numpy())

"""A large made-up company, written straight into the tables: for measuring, not for judging detection."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
from django.utils import timezone

from collector.base.days import day_start, to_epoch_ms, utc_day
from collector.models import (
    BillingCycle,
    DailyActivity,
    Member,
    MemberAnalyticsDay,
    MemberModelDay,
    MemberModelHour,
    Source,
    SourceRun,
    TeamAnalyticsDay,
    UsageEvent,
    Watermark,
)
from groups.models import Assignment, Group
from tests.bench.tables import insert, instants

MODELS = ["default", "claude-4.5-sonnet", "gpt-5.3-codex", "claude-opus-4-8-thinking-high", "composer-2.5"]
MODEL_SHARES = [0.68, 0.14, 0.08, 0.05, 0.05]
MODEL_CENTS = np.array([4.0, 12.0, 9.0, 60.0, 6.0])
COMMANDS = ["review", "test", "explain", "commit", "plan"]
UNUSED_COUNTS = [
    "composer_requests",
    "chat_requests",
    "cmdk_usages",
    "included_requests",
    "api_key_requests",
    "usage_based_requests",
    "bugbot_usages",
]
TURN = timedelta(hours=21, minutes=23, seconds=8)  # cycles turn at an anniversary, not at midnight


@dataclass(frozen=True)
class Size:
    """How much to make: `events` per member and day, on average."""

    members: int
    days: int
    events: float
    seed: int = 1


@dataclass(frozen=True)
class Habits:
    """By member: how much they use it against the average, and how their requests spread over MODELS."""

    amount: np.ndarray
    model_bounds: np.ndarray


def build(size: Size, now: datetime) -> None:
    """Fill an empty, migrated database with a company of `size` whose last day is that of `now`."""
    rng = np.random.default_rng(size.seed)
    members = _members(size, now)
    _groups(members, now)
    _cycles(size, now)
    habits = Habits(
        np.clip(rng.lognormal(0.0, 0.8, size.members), 0.05, 8.0),
        # Most people have one model or two that they stay with.
        np.cumsum(rng.dirichlet(np.array(MODEL_SHARES) * 1.5, size.members), axis=1),
    )
    for offset in range(size.days - 1, -1, -1):
        _day(rng, size, members, habits, utc_day(now) - timedelta(days=offset), now)
    _team_analytics(rng, size, now)
    _runs(now, size)


def _members(size: Size, now: datetime) -> np.ndarray:
    first = now - timedelta(days=size.days)
    people = [
        Member(
            email=f"person{number:05}@example.com",
            name=f"Person {number:05}",
            cursor_id=f"user_{number:05}",
            role="member",
            first_seen_at=first,
            last_seen_at=now,
        )
        for number in range(size.members)
    ]
    return np.array([member.pk for member in Member.objects.bulk_create(people, batch_size=2000)])


def _groups(members: np.ndarray, now: datetime) -> None:
    names = [f"Division {number // 5} > Team {number}" for number in range(max(3, len(members) // 25))]
    groups = [Group.objects.create(name=name, created_at=now) for name in names]
    from_day = utc_day(now) - timedelta(days=400)
    Assignment.objects.bulk_create(
        Assignment(
            member_id=int(member),
            group=groups[index % len(groups)],
            from_day=from_day,
            source="cursor",
            changed_by="Cursor",
            changed_at=now,
        )
        for index, member in enumerate(members)
    )


def _cycles(size: Size, now: datetime) -> None:
    start = datetime(now.year, now.month, 14, tzinfo=UTC) + TURN
    while start > now - timedelta(days=size.days + 31):
        following = (start + timedelta(days=31)).replace(day=14)
        BillingCycle.objects.create(start_at=start, end_at=following)
        start = (start - timedelta(days=20)).replace(day=14)
    newest = BillingCycle.objects.order_by("-start_at").first()
    if newest and newest.start_at > now:
        newest.delete()


def _day(rng, size: Size, members: np.ndarray, habits: Habits, day, now: datetime) -> None:
    weekday_share = 0.06 if day.weekday() >= 5 else 1.36
    counts = rng.poisson(np.minimum(size.events * weekday_share * habits.amount / habits.amount.mean(), 400))
    owner = np.repeat(np.arange(len(members)), counts)
    if not len(owner):
        return
    model = (rng.random(len(owner))[:, None] > habits.model_bounds[owner]).sum(axis=1).clip(max=4)
    events = _events(rng, members[owner], model, day, now)
    insert(UsageEvent, events)
    insert(MemberModelDay, _model_days(events, day))
    insert(MemberModelHour, _model_hours(events))
    insert(DailyActivity, _activity(rng, members, counts, day, now))
    insert(MemberAnalyticsDay, _commands(rng, members[counts > 0], day, now))


def _events(rng, owner: np.ndarray, model: np.ndarray, day, now: datetime) -> pd.DataFrame:
    size = len(owner)
    start = to_epoch_ms(day_start(day))
    until = min(86_400_000, to_epoch_ms(now) - start)
    at = start + (rng.beta(6, 5, size) * until).astype("int64")
    cents = np.round(MODEL_CENTS[model] * rng.lognormal(-0.5, 1.0, size), 6)
    billed = rng.random(size) < 0.15
    tokens = rng.lognormal(10, 1, (4, size)).astype("int64")
    frame = pd.DataFrame(
        {
            "member_id": owner,
            "occurred_at": instants(pd.Series(at)),
            "model": np.array(MODELS, dtype=object)[model],
            "kind": np.where(billed, "Usage-based", "Included in Business"),
            "charged_cents": cents,
            "model_cents": cents,
            "cost_basis": "charged",
            "is_chargeable": billed,
            "request_units": 1,
            "input_tokens": tokens[0],
            "output_tokens": tokens[1] // 4,
            "cache_write_tokens": tokens[2],
            "cache_read_tokens": tokens[3] * 8,
            "is_token_based": True,
            "is_max_mode": False,
            "is_headless": False,
            "conversation_id": "",
            "cloud_agent_id": "",
            "automation_id": "",
            "origin": "api",
            "first_seen_at": instants(pd.Series(at + 3_600_000)),
            "changed_at": instants(pd.Series(at + 3_600_000)),
        }
    )
    frame["ordinal"] = frame.groupby(["member_id", "occurred_at", "model"]).cumcount()
    return frame


def _model_days(events: pd.DataFrame, day) -> pd.DataFrame:
    turn = instants(pd.Series([to_epoch_ms(day_start(day) + TURN)]))[0]
    events = events.assign(
        is_after_turn=(events["occurred_at"] >= turn) if day.day == 14 else False,
        billed_cents=events["charged_cents"].where(events["is_chargeable"], 0.0),
        billed_requests=events["is_chargeable"].astype(int),
        requests=1,
    )
    sums = events.groupby(["member_id", "model", "is_after_turn"], as_index=False).agg(
        requests=("requests", "sum"),
        billed_requests=("billed_requests", "sum"),
        request_units=("requests", "sum"),
        total_cents=("charged_cents", "sum"),
        billed_cents=("billed_cents", "sum"),
        input_tokens=("input_tokens", "sum"),
        output_tokens=("output_tokens", "sum"),
        cache_write_tokens=("cache_write_tokens", "sum"),
        cache_read_tokens=("cache_read_tokens", "sum"),
    )
    return sums.assign(
        day=str(day),
        surface="ide",
        runs=0,
        failed_requests=0,
        max_mode_requests=0,
        headless_requests=0,
        updated_at=str(timezone.now()),
        total_cents=sums["total_cents"].round(6),
        billed_cents=sums["billed_cents"].round(6),
    )


def _model_hours(events: pd.DataFrame) -> pd.DataFrame:
    hours = events.assign(
        hour_at=events["occurred_at"].str.slice(0, 13) + ":00:00",
        billed_cents=events["charged_cents"].where(events["is_chargeable"], 0.0),
        requests=1,
    )
    tokens = ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"]
    columns = ["requests", "charged_cents", "billed_cents", *tokens]
    sums = hours.groupby(["member_id", "model", "hour_at"], as_index=False)[columns].sum()
    return sums.rename(columns={"charged_cents": "total_cents"}).assign(
        total_cents=sums["charged_cents"].round(6),
        billed_cents=sums["billed_cents"].round(6),
        surface="ide",
        failed_requests=0,
        runs=0,
        top_thread="",
        top_thread_requests=0,
        updated_at=str(timezone.now()),
    )


def _activity(rng, members: np.ndarray, counts: np.ndarray, day, now: datetime) -> pd.DataFrame:
    size = len(members)
    lines = (counts * rng.lognormal(2.5, 0.7, size)).astype(int)
    applies = np.maximum(counts // 2, 0)
    numbers = {
        "lines_added": lines,
        "lines_deleted": lines // 6,
        "accepted_lines_added": lines // 2,
        "accepted_lines_deleted": lines // 12,
        "applies": applies,
        "accepts": (applies * 0.7).astype(int),
        "rejects": (applies * 0.2).astype(int),
        "tabs_shown": counts * 4,
        "tabs_accepted": counts,
        "agent_requests": counts,
    }
    zero = dict.fromkeys(UNUSED_COUNTS, 0)
    return pd.DataFrame(
        {
            "member_id": members,
            "day": str(day),
            "is_active": counts > 0,
            **numbers,
            **zero,
            "most_used_model": "default",
            "apply_extension": ".py",
            "tab_extension": ".py",
            "client_version": "2.4.7",
            "updated_at": str(now),
        }
    )


def _commands(rng, members: np.ndarray, day, now: datetime) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "member_id": members,
            "metric": "commands",
            "day": str(day),
            "name": rng.choice(np.array(COMMANDS, dtype=object), len(members)),
            "detail": "",
            "count": rng.integers(1, 9, len(members)),
            "updated_at": str(now),
        }
    )


def _team_analytics(rng, size: Size, now: datetime) -> None:
    names = {"dau": [""], "models": MODELS, "mcp": [f"tool_{n}" for n in range(25)], "commands": COMMANDS}
    TeamAnalyticsDay.objects.bulk_create(
        TeamAnalyticsDay(
            metric=metric,
            day=utc_day(now) - timedelta(days=offset),
            name=name,
            detail="filesystem" if metric == "mcp" else "",
            count=int(rng.integers(1, size.members)),
            values={"dau": size.members // 2} if metric == "dau" else {},
            updated_at=now,
        )
        for metric, listed in names.items()
        for name in listed
        for offset in range(size.days)
    )


def _runs(now: datetime, size: Size) -> None:
    for source in Source.values:
        SourceRun.objects.create(source=source, status="ok", started_at=now, finished_at=now)
        Watermark.objects.create(
            source=source, complete_until_at=now, complete_from_at=now - timedelta(days=size.days)
        )

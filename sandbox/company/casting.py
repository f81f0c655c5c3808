"""Who plays in the told stories of a demo, and when, seen from the company's now."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from .activity import DAY_MS, HOUR_MS
from .instants import day_of, from_ms, to_ms
from .members import Employee
from .prices import DEAR, position
from .stage import Stage
from .stories import Burst, DearModel, Drift, LongSessions, RunawayAgent, Story

OPUS = position("claude-opus-4-8-thinking-high")
SETTLED_DAYS = 12  # a story needs this much ordinary work before it, or nobody could tell it from the usual
DAY_ONE_ALLOWANCE_CENTS = 150
LIMIT_DOLLARS = 20


@dataclass(frozen=True)
class StoryPart:
    """A story still without an actor. `dollars` is what it should have added by now."""

    make: Callable[..., Story]
    begins_ms: int
    ends_ms: int
    dollars: int
    is_at_night: bool = False

    def played_by(self, member: int, *, number: int, seed: int) -> Story:
        return self.make(
            number=number, member=member, begins_ms=self.begins_ms, ends_ms=self.ends_ms, seed=seed
        )


def give_roles(members: Sequence[Employee]) -> tuple[Employee, ...]:
    """Return the members with three parts that are no incident: early on-demand, a cap, an old client."""
    busiest = sorted((m for m in members if m.is_human), key=lambda m: -m.presence * m.median_events)
    roles: tuple[dict[str, Any], ...] = (
        {"allowance_cents": DAY_ONE_ALLOWANCE_CENTS},
        {"limit_dollars": LIMIT_DOLLARS},
        {"stays_on_old_client": True},
    )
    given = {member.index: role for member, role in zip(busiest, roles, strict=False)}
    return tuple(replace(member, **given.get(member.index, {})) for member in members)


def cast(
    stage: Stage, members: Sequence[Employee], *, first_day: date, now: datetime, seed: int
) -> list[Story]:
    """Return the told stories of a demo, each given to the member whom it fits best."""
    now_ms = to_ms(now)
    stories: list[Story] = []
    free = _actors(members, now)
    for part in _parts(now_ms):
        settled_by = day_of(part.begins_ms - SETTLED_DAYS * DAY_MS)
        candidates = [member for member in free if member.joined_on <= settled_by]
        if settled_by < first_day or not candidates:
            continue
        if part.is_at_night:
            candidates = _those_asleep(candidates, part.begins_ms)
        plays = [part.played_by(member.index, number=len(stories), seed=seed) for member in candidates]
        best = min(plays, key=lambda play: abs(stage.extra_cents(play, now_ms) / 100 - part.dollars))
        stories.append(best)
        free = [member for member in free if member.index != best.member]
    return stories


def _parts(now_ms: int) -> list[StoryPart]:
    ago, ahead = partial(_away, now_ms, -1), partial(_away, now_ms, 1)
    agent = partial(RunawayAgent, per_hour=95.0, model=OPUS, context=340_000.0)
    return [
        StoryPart(agent, ago(hours=5), ahead(hours=3), 250, is_at_night=True),
        StoryPart(partial(DearModel, model=DEAR), ago(days=3), ahead(days=2), 260),
        StoryPart(partial(Drift, factor=6.0), ago(days=16), ahead(days=1), 350),
        StoryPart(partial(LongSessions, factor=9.0), ago(days=11), ago(days=3), 300),
        StoryPart(agent, ago(days=22, hours=4), ago(days=22), 180, is_at_night=True),
        StoryPart(
            partial(Burst, per_hour=60.0, model=OPUS, context=420_000.0),
            ago(days=34, hours=3),
            ago(days=34),
            120,
        ),
    ]


def _away(now_ms: int, sign: int, *, days: float = 0, hours: float = 0) -> int:
    return now_ms + sign * int(days * DAY_MS + hours * HOUR_MS)


def _actors(members: Sequence[Employee], now: datetime) -> list[Employee]:
    """People at work now without a cap, the busier half first, at most thirty."""
    today = now.date()
    usable = [m for m in members if m.is_human and m.presence > 0.3 and m.holds_seat_on(today)]
    usable = [m for m in usable if m.limit_dollars is None and m.is_listed]
    return sorted(usable, key=lambda m: (-m.presence * m.median_events, m.index))[:30]


def _those_asleep(members: Sequence[Employee], begins_ms: int) -> list[Employee]:
    """The ten for whom it is most deeply night at that instant."""
    return sorted(
        members, key=lambda m: abs((from_ms(begins_ms).hour + m.utc_offset_hours - 2 + 12) % 24 - 12)
    )[:10]

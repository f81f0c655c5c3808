"""Which members the stories of a demo happen to, and when, relative to the company's now."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any

from .instants import DAY_MS, day_of, to_ms
from .members import Employee
from .prices import EXPENSIVE, position
from .stories import Burst, Drift, LongSessions, ModelSwitch, RunawayAgent, Story

OPUS = position("claude-opus-4-8-thinking-high")
SETTLED_DAYS = 12  # a story needs this much ordinary work before it, or nobody could tell it from the usual
DAY_ONE_ALLOWANCE_CENTS = 150
LIMIT_DOLLARS = 20
CAPPED_ALLOWANCE_CENTS = 4_000
AGENT = partial(RunawayAgent, per_hour=95.0, model=OPUS, context=340_000.0)
BURST = partial(Burst, per_hour=60.0, model=OPUS, context=420_000.0)
# When a story begins and ends, from now, and what it is.
PARTS: tuple[tuple[timedelta, timedelta, Callable[..., Story]], ...] = (
    (timedelta(hours=-5), timedelta(hours=3), AGENT),
    (timedelta(days=-3), timedelta(days=2), partial(ModelSwitch, model=EXPENSIVE)),
    (timedelta(days=-16), timedelta(days=1), partial(Drift, factor=8.0)),
    (timedelta(days=-11), timedelta(days=-3), partial(LongSessions, factor=9.0)),
    (timedelta(days=-22, hours=-4), timedelta(days=-22), AGENT),
    (timedelta(days=-34, hours=-3), timedelta(days=-34), BURST),
)
ACTORS = len(PARTS)


def give_roles(members: Sequence[Employee]) -> tuple[Employee, ...]:
    """Return the members with three parts that are no incident: early on-demand, a cap, an old client."""
    busiest = sorted((m for m in members if m.is_human), key=lambda m: -m.presence * m.median_events)
    roles: tuple[dict[str, Any], ...] = (
        {"allowance_cents": DAY_ONE_ALLOWANCE_CENTS},
        {"limit_dollars": LIMIT_DOLLARS, "allowance_cents": CAPPED_ALLOWANCE_CENTS},
        {"stays_on_old_client": True},
    )
    role_by_member = {member.index: role for member, role in zip(busiest, roles, strict=False)}
    return tuple(replace(member, **role_by_member.get(member.index, {})) for member in members)


def cast(actors: Sequence[Employee], *, first_day: date, now: datetime, seed: int) -> list[Story]:
    """Return the stories of a demo, each with its own actor; those in progress come first."""
    stories: list[Story] = []
    for (begins, ends, make), actor in zip(PARTS, actors, strict=False):
        span = {"begins_ms": to_ms(now + begins), "ends_ms": to_ms(now + ends)}
        if day_of(span["begins_ms"] - SETTLED_DAYS * DAY_MS) >= first_day:
            stories.append(make(number=len(stories), member=actor.index, seed=seed, **span))
    return stories

"""Which members the stories of a demo happen to, and when, relative to the company's now."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import Any

from .instants import DAY_MS, HOUR_MS, day_of, to_ms
from .members import Employee
from .prices import EXPENSIVE, position
from .stories import Burst, Drift, LongSessions, ModelSwitch, RunawayAgent, Story

OPUS = position("claude-opus-4-8-thinking-high")
SETTLED_DAYS = 12  # a story needs this much ordinary work before it, or nobody could tell it from the usual
DAY_ONE_ALLOWANCE_CENTS = 150
LIMIT_DOLLARS = 20
CAPPED_ALLOWANCE_CENTS = 4_000
ACTORS = 6  # as many as there are parts


@dataclass(frozen=True)
class StoryPart:
    """A story still without an actor."""

    make: Callable[..., Story]
    begins_ms: int
    ends_ms: int

    def played_by(self, member: int, *, number: int, seed: int) -> Story:
        return self.make(
            number=number, member=member, begins_ms=self.begins_ms, ends_ms=self.ends_ms, seed=seed
        )


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
    for part, actor in zip(_story_parts(to_ms(now)), actors, strict=False):
        if day_of(part.begins_ms - SETTLED_DAYS * DAY_MS) >= first_day:
            stories.append(part.played_by(actor.index, number=len(stories), seed=seed))
    return stories


def _story_parts(now_ms: int) -> list[StoryPart]:
    ago, ahead = partial(_away, now_ms, -1), partial(_away, now_ms, 1)
    agent = partial(RunawayAgent, per_hour=95.0, model=OPUS, context=340_000.0)
    return [
        StoryPart(agent, ago(hours=5), ahead(hours=3)),
        StoryPart(partial(ModelSwitch, model=EXPENSIVE), ago(days=3), ahead(days=2)),
        StoryPart(partial(Drift, factor=8.0), ago(days=16), ahead(days=1)),
        StoryPart(partial(LongSessions, factor=9.0), ago(days=11), ago(days=3)),
        StoryPart(agent, ago(days=22, hours=4), ago(days=22)),
        StoryPart(
            partial(Burst, per_hour=60.0, model=OPUS, context=420_000.0),
            ago(days=34, hours=3),
            ago(days=34),
        ),
    ]


def _away(now_ms: int, sign: int, *, days: float = 0, hours: float = 0) -> int:
    return now_ms + sign * int(days * DAY_MS + hours * HOUR_MS)

"""The lives of those who play in a demo's stories: steady, and counted back from the company's now.

Each of their days is the 24 hours that end at `now`, or whole days before or after it, and holds requests
at the hours of a working day. So a story, and what is usual beside it, are the same on whatever weekday and
at whatever hour the demo begins.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from .activity import EVENTS_PER_CONVERSATION, request_tokens
from .columns import EventColumns
from .draws import Topic, stream
from .instants import DAY_MS, HOUR_MS
from .members import Employee
from .prices import AUTO, position

FAVOURITE = position("claude-sonnet-5-thinking-medium")
REQUESTS = (20, 29)  # a day, each actor at a number of their own, and up to two more or fewer
AUTO_SHARE = 0.35
BEGINS_HOUR, WORKING_HOURS = 12.0, 9.0  # UTC
USUAL_SIZE = 0.1  # logarithm: with it a day costs about ten dollars
MONTHS_ALLOWANCE_CENTS = 30_000


def choose_actors(members: Sequence[Employee], count: int) -> tuple[Employee, ...]:
    """The first `count` employees whose seat never changes."""
    usable = [m for m in members if m.is_human and m.index > 1 and m.holds_seat_throughout]
    return tuple(usable[:count])


def without_days(members: Sequence[Employee], actors: Sequence[Employee]) -> tuple[Employee, ...]:
    """The members without the actors' ordinary days; `live` returns what the actors do."""
    chosen = {actor.index for actor in actors}
    return tuple(
        replace(member, presence=0.0, weekend_presence=0.0, allowance_cents=MONTHS_ALLOWANCE_CENTS)
        if member.index in chosen
        else member
        for member in members
    )


def live(actors: Sequence[Employee], *, now_ms: int, first: int, last: int, seed: int) -> list[EventColumns]:
    """Return the actors' requests of the days that end `first` days before `now` to `last` days after it."""
    return [
        _day(actor.index, ago, now_ms=now_ms, seed=seed)
        for actor in actors
        for ago in range(first, -last, -1)
    ]


def _day(member: int, ago: int, *, now_ms: int, seed: int) -> EventColumns:
    draw = stream(seed, Topic.ACTORS, member, 10_000 + ago)
    usual = stream(seed, Topic.ACTORS, member, 0).integers(*REQUESTS)
    requests = int(usual + draw.integers(-2, 3))
    size = USUAL_SIZE + 0.5 * draw.standard_normal(requests)
    model = np.where(draw.random(requests) < AUTO_SHARE, AUTO, FAVOURITE)
    clock_ms = ((BEGINS_HOUR + WORKING_HOURS * draw.random(requests)) * HOUR_MS).astype(np.int64)
    end_ms = now_ms - ago * DAY_MS
    conversation = np.arange(requests) // EVENTS_PER_CONVERSATION
    return EventColumns.made(
        draw,
        end_ms - 1 - (end_ms - 1 - clock_ms) % DAY_MS,
        member=member,
        model=model,
        **request_tokens(size, model, draw),
        conversation=(end_ms // DAY_MS + 719_163) * 1_000_000 + 900_000 + member * 100 + conversation,
    )

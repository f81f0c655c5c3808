"""Incidents by chance, of several kinds and sizes, for the scoring of detection."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta

import numpy as np

from .days import is_weekend
from .draws import Topic, stream
from .instants import DAY_MS, HOUR_MS, day_ms, days_between
from .members import Employee
from .prices import EXPENSIVE, MODELS, MOST_EXPENSIVE, TOKEN_FEE, position
from .stage import Stage
from .stories import Burst, Drift, LongSessions, ModelSwitch, RunawayAgent, Story

MATERIAL_DOLLARS = 40
DAILY_DOLLARS = 12  # less than this a day cannot be distinguished from a busy week
SETTLED_DAYS = 12
APART_MS = 5 * DAY_MS  # between two incidents of one member
LONGEST_DAYS = 17  # from the day an incident begins to its end
ATTEMPTS = 30  # members tried for one incident

OPUS = position("claude-opus-4-8-thinking-high")
SONNET = position("claude-sonnet-5-thinking-high")

Frame = dict[str, int]  # number, member, begins_ms, seed
Writer = Callable[[Frame, Employee, date, np.random.Generator], Story]


def add_incidents(
    stage: Stage,
    members: Sequence[Employee],
    *,
    first_day: date,
    last_day: date,
    seed: int,
    per_100_members_month: float,
) -> None:
    """Perform incidents on the stage.

    Each adds at least $40, and no member has two at a time. Days are drawn independently: a further horizon
    leaves the earlier ones as they were, as long as the stage reaches LONGEST_DAYS past `last_day`.
    """
    people = [member for member in members if member.is_human and member.presence > 0.2]
    rate = per_100_members_month * len([m for m in members if m.is_human]) / 100 / 30
    for day in days_between(first_day + timedelta(days=SETTLED_DAYS), last_day):
        draw = stream(seed, Topic.INCIDENTS, day.toordinal())
        for _ in range(int(draw.poisson(rate))):
            if story := _incident(stage, people, day, draw, seed):
                stage.apply([story])


def _incident(
    stage: Stage,
    people: Sequence[Employee],
    day: date,
    draw: np.random.Generator,
    seed: int,
) -> Story | None:
    """Return a material incident that begins on `day`, None if it fits none of the members tried."""
    kind = 0 if is_weekend(day) else draw.choice(len(KINDS), p=[share for _, share in KINDS])
    write = KINDS[kind][0]
    for index in draw.integers(0, len(people), ATTEMPTS).tolist():
        member = people[index]
        frame = {"number": len(stage.stories), "member": member.index, "seed": seed}
        story = write(frame, member, day, draw)
        if _is_free(member, day, story, stage.stories) and _is_material(stage, story):
            return story
    return None


def _is_free(member: Employee, day: date, story: Story, others: Sequence[Story]) -> bool:
    is_settled = member.joined_on <= day - timedelta(days=SETTLED_DAYS) and day < member.left_on
    own = [other for other in others if other.member == member.index]
    is_apart = all(
        story.begins_ms > other.ends_ms + APART_MS or other.begins_ms > story.ends_ms + APART_MS
        for other in own
    )
    return is_settled and is_apart and member.limit_dollars is None


def _is_material(stage: Stage, story: Story) -> bool:
    dollars = stage.extra_cents(story, story.ends_ms + DAY_MS) / 100
    return dollars >= max(MATERIAL_DOLLARS, DAILY_DOLLARS * story.days)


def _runaway(frame: Frame, member: Employee, day: date, draw: np.random.Generator) -> Story:
    """An agent left running in the evening or overnight."""
    begins_ms = _at(day, member, float(draw.uniform(17, 30)))
    hours = float(draw.uniform(1.5, 11))
    return _requests(RunawayAgent, frame, begins_ms, hours, dollars=_extra_dollars(draw, 160), draw=draw)


def _burst(frame: Frame, member: Employee, day: date, draw: np.random.Generator) -> Story:
    """A frantic stretch of a working day."""
    begins_ms = _at(day, member, float(draw.uniform(9, 16)))
    return _requests(
        Burst, frame, begins_ms, float(draw.uniform(1, 4)), dollars=_extra_dollars(draw, 90), draw=draw
    )


def _expensive_model(frame: Frame, member: Employee, day: date, draw: np.random.Generator) -> Story:
    model = int(draw.choice([OPUS, EXPENSIVE, MOST_EXPENSIVE], p=[0.25, 0.45, 0.3]))
    span = _span(day, member, float(draw.uniform(1, 6)))
    return ModelSwitch(**frame, **span, model=model)


def _long(frame: Frame, member: Employee, day: date, draw: np.random.Generator) -> Story:
    span = _span(day, member, float(draw.uniform(1, 7)))
    return LongSessions(**frame, **span, factor=float(draw.uniform(4, 18)))


def _drift(frame: Frame, member: Employee, day: date, draw: np.random.Generator) -> Story:
    span = _span(day, member, float(draw.uniform(8, 16)))
    return Drift(**frame, **span, factor=float(draw.uniform(3, 9)))


# Each with its share among the incidents; at weekends there are only the first.
KINDS: tuple[tuple[Writer, float], ...] = (
    (_runaway, 0.28),
    (_burst, 0.24),
    (_expensive_model, 0.20),
    (_long, 0.16),
    (_drift, 0.12),
)


def _extra_dollars(draw: np.random.Generator, median: float) -> float:
    """Most incidents cost some hundreds, a few thousands."""
    return float(np.clip(median * np.exp(0.9 * draw.standard_normal()), MATERIAL_DOLLARS * 1.1, 6_000))


def _requests(
    make: type[RunawayAgent],
    frame: Frame,
    begins_ms: int,
    hours: float,
    *,
    dollars: float,
    draw: np.random.Generator,
) -> Story:
    """Return requests that cost about `dollars` in `hours`: the pace is drawn, the context follows."""
    model = int(draw.choice([SONNET, OPUS, EXPENSIVE], p=[0.4, 0.45, 0.15]))
    per_hour = float(draw.uniform(20, 140))
    cents_each = dollars * 100 / (per_hour * hours)
    rates = MODELS[model]
    fixed = (9_000 * rates.input + 4_000 * rates.output + 13_000 * TOKEN_FEE) / 1e6
    per_token = (rates.cache_read + 0.05 * rates.cache_write + 1.05 * TOKEN_FEE) / 1e6
    return make(
        **frame,
        begins_ms=begins_ms,
        ends_ms=begins_ms + int(hours * HOUR_MS),
        per_hour=per_hour,
        model=model,
        context=float(np.clip((cents_each - fixed) / per_token, 20_000, 2_500_000)),
    )


def _span(day: date, member: Employee, days: float) -> dict[str, int]:
    begins_ms = _at(day, member, 6)
    return {"begins_ms": begins_ms, "ends_ms": begins_ms + int(days * DAY_MS)}


def _at(day: date, member: Employee, local_hour: float) -> int:
    return day_ms(day) + int((local_hour - member.utc_offset_hours) * HOUR_MS)

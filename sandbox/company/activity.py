"""An ordinary day's requests of everybody, before any story is applied."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np

from .columns import EventColumns
from .days import Calendar, is_weekend
from .draws import Topic, stream
from .instants import HOUR_MS, day_ms
from .kinds import Fate
from .members import Employee
from .prices import AUTO, MODELS, rates

MAX_EVENTS = 190  # the busiest person-day seen in real data had 189
EVENTS_PER_CONVERSATION = 6
CONVERSATION_HOURS = 0.9
NOVELTY_SHARE = 0.3  # of the requests that are not Auto go to a model just out
USUAL_EVENTS = 15.0  # mean of a day of use at scale 1
# Standard deviations of the logarithm of requests, of the median member.
WEEKS_DIFFER, DAYS_DIFFER = 0.35, 0.55
FAVOURITE_SHARE, OTHER_SHARE = 0.86, 0.02  # of the first favourite, and of any model at all

# A whole run of a cloud agent comes as one event: of a real file's, one was thirty times an ordinary request.
RUN_SIZE, RUN_SIZES_DIFFER = 2.4, 0.6  # logarithm of how many times the usual tokens
RUN_CONVERSATION = 500_000  # from this number of a day's conversations on: each run has one of its own

# As in the usage export of a team of 106: free 13 % of all rows, errors 1.25 %, aborts 0.22 %.
FREE_SHARE_OF_AUTO = 0.195
ERRORED, ABORTED, BY_REQUEST = 0.0125, 0.0022, 0.005


class Traits:
    """The members' habits as arrays, by their index."""

    def __init__(self, members: Sequence[Employee]) -> None:
        def column(name: str) -> np.ndarray:
            return np.array([getattr(member, name) for member in members])

        self.members = members
        self.presence, self.weekend_presence = column("presence"), column("weekend_presence")
        self.median_events, self.volatility = column("median_events"), column("volatility")
        self.agent_share, self.auto_share = column("agent_share"), column("auto_share")
        self.favourites = column("favourites")  # two columns
        self.size = column("size")
        self.offset_ms = column("utc_offset_hours") * HOUR_MS
        self.is_headless = ~column("is_human")


def draft_day(traits: Traits, calendar: Calendar, day: date, *, seed: int, scale: float) -> EventColumns:
    """Return everybody's requests of their local `day`, in no particular order."""
    draw = stream(seed, Topic.DAYS, day.toordinal())
    counts = _counts(traits, calendar, day, draw, seed, scale)
    member = np.repeat(np.arange(len(counts), dtype=np.int32), counts)
    conversation, start_hour, conversation_size = _conversations(counts, member, draw)
    local_ms = ((start_hour + draw.random(len(member)) * CONVERSATION_HOURS) * HOUR_MS).astype(np.int64)
    model = _models(traits, member, calendar.novelty(day), draw)
    is_run = draw.random(len(member)) < traits.agent_share[member]
    run_size = np.where(is_run, RUN_SIZE + RUN_SIZES_DIFFER * draw.standard_normal(len(member)), 0.0)
    tokens = request_tokens(traits.size[member] + conversation_size, model, draw)
    tokens = {name: _whole(counts * np.exp(run_size)) for name, counts in tokens.items()}
    own_run = RUN_CONVERSATION + np.arange(len(member))
    fate = _fates(model, draw)
    return EventColumns.made(
        draw,
        day_ms(day) - traits.offset_ms[member] + local_ms,
        member=member,
        model=model,
        **tokens,
        conversation=np.where(is_run, own_run, conversation) + day.toordinal() * 1_000_000,
        fate=fate,
        is_headless=traits.is_headless[member] | is_run,
    )


def _counts(
    traits: Traits, calendar: Calendar, day: date, draw: np.random.Generator, seed: int, scale: float
) -> np.ndarray:
    """Requests per member: a habit, a busy or quiet week, a busy or quiet day, and chance."""
    people = len(traits.members)
    week = stream(seed, Topic.WEEKS, day.toordinal() // 7).standard_normal(people)
    mood, luck = draw.standard_normal(people), draw.random(people)
    pace = np.array([calendar.pace(member, day) for member in traits.members])
    swing = np.exp(traits.volatility * (WEEKS_DIFFER * week + DAYS_DIFFER * mood))
    requests = draw.poisson(traits.median_events * scale * pace * swing)
    counts = np.clip(requests, 1, int(MAX_EVENTS * max(1.0, scale)))
    return np.where(luck < _presence(traits, calendar, day), counts, 0)


def _presence(traits: Traits, calendar: Calendar, day: date) -> np.ndarray:
    presence = (traits.weekend_presence if is_weekend(day) else traits.presence).copy()
    if day in calendar.days_off:
        presence *= np.where(traits.is_headless, 1.0, 0.05)
    for member in traits.members:
        if not member.holds_seat_on(day) or calendar.is_away(member.index, day):
            presence[member.index] = 0.0
    return presence


def _conversations(
    counts: np.ndarray, member: np.ndarray, draw: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return for each request its conversation, the local hour at which that began, and its size."""
    per_member = -(-counts // EVENTS_PER_CONVERSATION)
    first = np.cumsum(per_member) - per_member
    total = int(per_member.sum())
    part = draw.random(total)
    normal = draw.standard_normal(total)
    hour = np.select(
        [part < 0.42, part < 0.95], [10.3 + 1.1 * normal, 14.6 + 1.5 * normal], 19.5 + 1.3 * normal
    )
    size = 0.65 * draw.standard_normal(total)
    mine = first[member] + (draw.random(len(member)) * per_member[member]).astype(np.int64)
    return mine, np.clip(hour, 2.0, 23.0)[mine], size[mine]


def _models(traits: Traits, member: np.ndarray, novelty: int | None, draw: np.random.Generator) -> np.ndarray:
    """Auto, else a favourite, else now and then any other, or one that has just come out."""
    taste = draw.random(len(member))
    chosen = np.where(taste < FAVOURITE_SHARE, traits.favourites[member, 0], traits.favourites[member, 1])
    popularity = rates("popularity")
    anything = draw.choice(len(MODELS), size=len(member), p=popularity / popularity.sum())
    chosen = np.where(taste > 1 - OTHER_SHARE, anything, chosen)
    if novelty is not None:
        chosen = np.where(draw.random(len(member)) < NOVELTY_SHARE, novelty, chosen)
    return np.where(draw.random(len(member)) < traits.auto_share[member], AUTO, chosen)


def request_tokens(size: np.ndarray, model: np.ndarray, draw: np.random.Generator) -> dict[str, np.ndarray]:
    """Heavy-tailed counts that hang together: a long context makes every part longer."""
    normal = draw.standard_normal((4, len(size)))
    size = size + 0.95 * draw.standard_normal(len(size))
    writes = rates("cache_write")[model] > 0
    return {
        "input_tokens": _whole(8_000 * np.exp(0.4 * size + 0.9 * normal[0])),
        "output_tokens": _whole(3_200 * np.exp(0.6 * size + 0.7 * normal[1])),
        "cache_write_tokens": np.where(writes, _whole(24_000 * np.exp(0.8 * size + 0.6 * normal[2])), 0),
        "cache_read_tokens": np.minimum(_whole(300_000 * np.exp(size + 0.5 * normal[3])), 12_000_000),
    }


def _whole(numbers: np.ndarray) -> np.ndarray:
    return np.rint(numbers).astype(np.int64)


def _fates(model: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    luck, free = draw.random(len(model)), draw.random(len(model))
    fate = np.where((model == AUTO) & (free < FREE_SHARE_OF_AUTO), Fate.FREE, Fate.COMPLETED)
    fate = np.where(luck < ERRORED + ABORTED + BY_REQUEST, Fate.BY_REQUEST, fate)
    fate = np.where(luck < ERRORED + ABORTED, Fate.ABORTED, fate)
    return np.where(luck < ERRORED, Fate.ERRORED, fate)

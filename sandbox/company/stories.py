"""The stories of a demo: each changes the requests of one member."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .columns import EventColumns
from .draws import Topic, fractions, scramble, stream
from .instants import DAY_MS, HOUR_MS
from .kinds import Fate
from .prices import MODELS, rates
from .pricing import charged_micro

SPREAD_MS = 40 * 60_000  # how far from the request that it copies a drift's added one falls
MAX_TOKENS = 40_000_000  # of a request in a long session


@dataclass(frozen=True)
class Story:
    """Something that happens to one member's spend from `begins_ms` until `ends_ms` (excluded)."""

    kind: ClassVar[str]

    number: int  # position among the company's stories
    member: int
    begins_ms: int
    ends_ms: int
    seed: int

    @property
    def note(self) -> str:
        raise NotImplementedError

    def applied_to(self, own: EventColumns) -> EventColumns:
        """Return the member's requests with the story applied, in any order; `own` are those without it."""
        raise NotImplementedError

    @property
    def hours(self) -> float:
        return (self.ends_ms - self.begins_ms) / HOUR_MS

    @property
    def days(self) -> float:
        return (self.ends_ms - self.begins_ms) / DAY_MS

    def draw(self) -> np.random.Generator:
        return stream(self.seed, Topic.STORIES, self.number)

    def touches(self, own: EventColumns) -> np.ndarray:
        """Return a mask of the requests that are within the time of the story."""
        return (own.occurred_ms >= self.begins_ms) & (own.occurred_ms < self.ends_ms)

    def changed(self, own: EventColumns, where: np.ndarray, **columns: ArrayLike) -> EventColumns:
        """Return `own` with columns changed in the masked rows, marked with their usual cost."""
        is_first = where & (own.story < 0)
        return own.having(
            **{name: np.where(where, values, getattr(own, name)) for name, values in columns.items()},
            story=np.where(is_first, self.number, own.story),
            usual_micro=np.where(is_first, charged_micro(own), own.usual_micro),
        )

    def added(
        self, occurred_ms: np.ndarray, *, model: int, context: float, is_headless: bool
    ) -> EventColumns:
        """Return new requests at these times, each of about `context` cached tokens."""
        draw = self.draw()
        size = np.exp(0.35 * draw.standard_normal(len(occurred_ms)))
        return EventColumns.made(
            draw,
            occurred_ms,
            member=self.member,
            model=model,
            input_tokens=np.rint(9_000 * size),
            output_tokens=np.rint(4_000 * size),
            cache_write_tokens=np.rint(0.05 * context * size),
            cache_read_tokens=np.rint(context * size),
            conversation=1_000_000_000_000_000 + self.number,
            is_headless=is_headless,
            story=self.number,
        )


@dataclass(frozen=True)
class RunawayAgent(Story):
    """An agent left alone: dense requests, hour after hour, nobody watching."""

    kind: ClassVar[str] = "runaway_agent"
    is_headless: ClassVar[bool] = True

    per_hour: float
    model: int
    context: float  # cached tokens per request

    @property
    def note(self) -> str:
        model = MODELS[self.model].name
        return f"About {self.per_hour:.0f} requests an hour to {model} for {round(self.hours, 1):g} hours."

    def applied_to(self, own: EventColumns) -> EventColumns:
        return EventColumns.joined([own, self._requests()])

    def _requests(self) -> EventColumns:
        draw = self.draw()
        gaps = draw.exponential(3_600_000 / self.per_hour, int(self.per_hour * self.hours * 1.5) + 20)
        times = self.begins_ms + np.cumsum(np.rint(gaps) + 1)
        times = times[times < self.ends_ms]
        return self.added(times, model=self.model, context=self.context, is_headless=self.is_headless)


@dataclass(frozen=True)
class Burst(RunawayAgent):
    """The same, by hand: many large requests within a few working hours."""

    kind: ClassVar[str] = "burst"
    is_headless: ClassVar[bool] = False


@dataclass(frozen=True)
class Drift(Story):
    """A slow drift: every day a little more than the day before, over a week or two."""

    kind: ClassVar[str] = "drift"

    factor: float  # how many times the usual requests there are at the end

    @property
    def note(self) -> str:
        return f"Grew over {self.days:.0f} days to {round(self.factor, 1):g} times the usual requests."

    def applied_to(self, own: EventColumns) -> EventColumns:
        progress = np.clip((own.occurred_ms - self.begins_ms) / (self.ends_ms - self.begins_ms), 0, 1)
        wanted = (self.factor - 1) * progress * self.touches(own)
        copies = np.floor(wanted + fractions(own.noise, self.number)).astype(np.int64)
        more = own.take(np.repeat(np.arange(len(own)), copies))
        nth = np.arange(len(more)) - np.repeat(np.cumsum(copies) - copies, copies)
        noise = scramble(more.noise + nth.astype(np.uint64), self.number)
        more = more.having(
            occurred_ms=more.occurred_ms + 1 + (noise % np.uint64(SPREAD_MS)).astype(np.int64),
            noise=noise,
            story=self.number,
            usual_micro=0,
        )
        return EventColumns.joined([own, more])


@dataclass(frozen=True)
class LongSessions(Story):
    """Long sessions: the same number of requests, each dragging a huge cached context along."""

    kind: ClassVar[str] = "long_sessions"

    factor: float  # how many times the usual context

    @property
    def note(self) -> str:
        return f"Contexts {self.factor:.0f} times the usual for {self.days:.0f} days."

    def applied_to(self, own: EventColumns) -> EventColumns:
        return self.changed(
            own,
            self.touches(own),
            cache_read_tokens=np.minimum(own.cache_read_tokens * self.factor, MAX_TOKENS),
            cache_write_tokens=np.minimum(own.cache_write_tokens * self.factor, MAX_TOKENS),
        )


@dataclass(frozen=True)
class ModelSwitch(Story):
    """A switch to an expensive model: the same work, but every request costs several times as much."""

    kind: ClassVar[str] = "dear_model"

    model: int

    @property
    def note(self) -> str:
        return f"Switched to {MODELS[self.model].name} for {round(self.days, 1):g} days."

    def applied_to(self, own: EventColumns) -> EventColumns:
        switched = self.touches(own) & np.isin(own.fate, (Fate.COMPLETED, Fate.FREE))
        written = np.maximum(own.cache_write_tokens, own.cache_read_tokens // 12)
        return self.changed(
            own,
            switched,
            model=self.model,
            fate=Fate.COMPLETED,
            cache_write_tokens=written if rates("cache_write")[self.model] else own.cache_write_tokens,
        )

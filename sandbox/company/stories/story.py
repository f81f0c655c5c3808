"""What every story has in common."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from sandbox.company.columns import EventColumns
from sandbox.company.draws import Topic, stream
from sandbox.company.instants import DAY_MS, HOUR_MS
from sandbox.company.pricing import charged_micro


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

"""A slow drift: every day a little more than the day before, over a week or two."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sandbox.company.columns import EventColumns
from sandbox.company.draws import fractions, scramble

from .story import Story

SPREAD_MS = 40 * 60_000  # how far from the request it copies an added one falls


@dataclass(frozen=True)
class Drift(Story):
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

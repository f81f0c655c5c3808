"""An agent left alone: dense requests, hour after hour, nobody watching. Or a person's own frantic burst."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sandbox.company.columns import EventColumns
from sandbox.company.prices import MODELS

from .story import Story


@dataclass(frozen=True)
class RunawayAgent(Story):
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

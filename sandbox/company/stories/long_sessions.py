"""Long sessions: the same number of requests, each dragging a huge cached context along."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sandbox.company.columns import EventColumns

from .story import Story

MAX_TOKENS = 40_000_000


@dataclass(frozen=True)
class LongSessions(Story):
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

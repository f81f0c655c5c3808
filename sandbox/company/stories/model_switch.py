"""A switch to an expensive model: the same work, but every request costs several times as much."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from sandbox.company.columns import EventColumns
from sandbox.company.kinds import Fate
from sandbox.company.prices import MODELS, rates

from .story import Story


@dataclass(frozen=True)
class ModelSwitch(Story):
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

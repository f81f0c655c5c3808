"""Rows kept as one array per column: a company of a million events stays small and quick."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np

from .kinds import EventKind, Fate

# Of the columns that are not whole numbers of 64 bits.
SMALL = {"member": np.int32, "story": np.int32, "model": np.int16, "fate": np.int8, "kind": np.int8}
TYPES: dict[str, type] = {**SMALL, "is_headless": np.bool_, "noise": np.uint64}
USUAL = {"fate": Fate.COMPLETED, "is_headless": False, "story": -1, "usual_micro": 0}


@dataclass(frozen=True)
class EventColumns:
    """What happened, before it is priced: arrays of the same length, of which one row is one request."""

    member: np.ndarray  # position in the company's members
    occurred_ms: np.ndarray  # epoch milliseconds
    model: np.ndarray  # position in MODELS
    input_tokens: np.ndarray
    output_tokens: np.ndarray
    cache_write_tokens: np.ndarray
    cache_read_tokens: np.ndarray
    conversation: np.ndarray
    fate: np.ndarray  # a Fate
    is_headless: np.ndarray
    noise: np.ndarray  # decides everything else about the event
    story: np.ndarray  # position in the company's stories or -1
    usual_micro: np.ndarray  # what it would have cost had the story not happened

    @classmethod
    def made(cls, draw: np.random.Generator, occurred_ms: np.ndarray, **columns: object) -> EventColumns:
        """Return a row for each instant, else as `USUAL`; a single value of `columns` is every row's."""
        noise = draw.integers(0, 1 << 63, len(occurred_ms), dtype=np.uint64)
        columns = {**USUAL, "occurred_ms": occurred_ms, "noise": noise, **columns}
        return cls(**_arrays(columns, len(occurred_ms)))

    def __len__(self) -> int:
        return len(self.occurred_ms)

    def take(self, rows: object) -> Self:
        """Return the rows that a mask, a slice or a list of positions selects, in its order."""
        return replace(self, **{name: column[rows] for name, column in vars(self).items()})

    def having(self, **columns: object) -> Self:
        """Return the rows with these columns in place of theirs; a single value is every row's."""
        return replace(self, **_arrays(columns, len(self)))

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Return the rows of all parts, one after the other; at least one part is needed."""
        parts = list(parts)
        columns = {field.name: [getattr(part, field.name) for part in parts] for field in fields(cls)}
        return cls(**{name: np.concatenate(arrays) for name, arrays in columns.items()})


def _arrays(columns: dict[str, object], count: int) -> dict[str, np.ndarray]:
    return {
        name: np.broadcast_to(np.asarray(values).astype(TYPES.get(name, np.int64)), count)
        for name, values in columns.items()
    }


@dataclass(frozen=True)
class Events(EventColumns):
    """Usage events in order of time. Money is in millionths of a cent (`*_micro`)."""

    model_micro: np.ndarray  # tokens times rates
    fee_micro: np.ndarray  # the token rate
    charged_micro: np.ndarray  # model cost less discount, plus fee
    kind: np.ndarray  # an EventKind

    @property
    def is_chargeable(self) -> np.ndarray:
        return self.kind == EventKind.USAGE_BASED

    @property
    def total_tokens(self) -> np.ndarray:
        return self.input_tokens + self.output_tokens + self.cache_write_tokens + self.cache_read_tokens

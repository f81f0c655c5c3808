"""Rows kept as one array per column: a company of a million events stays small and quick."""

from collections.abc import Iterable
from dataclasses import dataclass, fields, replace
from typing import Self

import numpy as np


@dataclass(frozen=True)
class Columns:
    """Base of the tables below; every field is an array of the same length."""

    def __len__(self) -> int:
        return len(getattr(self, fields(self)[0].name))

    def take(self, rows: object) -> Self:
        """Return the rows that a mask, a slice or a list of positions selects, in its order."""
        return replace(self, **{field.name: getattr(self, field.name)[rows] for field in fields(self)})

    @classmethod
    def joined(cls, parts: Iterable[Self]) -> Self:
        """Return the rows of all parts, one after the other; at least one part is needed."""
        parts = list(parts)
        return cls(
            **{
                field.name: np.concatenate([getattr(part, field.name) for part in parts])
                for field in fields(cls)
            }
        )


@dataclass(frozen=True)
class EventColumns(Columns):
    """What happened, before it is priced. One row is one request."""

    member: np.ndarray  # int32, position in the company's members
    occurred_ms: np.ndarray  # int64, epoch milliseconds
    model: np.ndarray  # int16, position in MODELS
    input_tokens: np.ndarray  # int64
    output_tokens: np.ndarray
    cache_write_tokens: np.ndarray
    cache_read_tokens: np.ndarray
    conversation: np.ndarray  # int64
    fate: np.ndarray  # int8, a Fate
    is_headless: np.ndarray  # bool
    noise: np.ndarray  # uint64, decides everything else about the event
    story: np.ndarray  # int32, position in the company's stories or -1
    usual_micro: np.ndarray  # int64, what it would have cost had the story not happened


@dataclass(frozen=True)
class Events(EventColumns):
    """Usage events in order of time. Money is in millionths of a cent (`*_micro`)."""

    model_micro: np.ndarray  # int64, tokens times rates
    fee_micro: np.ndarray  # int64, the token rate
    charged_micro: np.ndarray  # int64, model cost less discount, plus fee
    kind: np.ndarray  # int8, position in KINDS
    is_chargeable: np.ndarray  # bool

    @property
    def total_tokens(self) -> np.ndarray:
        return self.input_tokens + self.output_tokens + self.cache_write_tokens + self.cache_read_tokens

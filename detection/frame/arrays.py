"""The type of detection's arrays: floats, mostly, by member and time."""

from __future__ import annotations

from dataclasses import fields, is_dataclass, replace
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
T = TypeVar("T")


def of_rows(known: T, rows: Array) -> T:
    """What is `known` of these members alone: every array in it has a row for each member."""
    part: object = known
    if isinstance(known, np.ndarray):
        part = known[rows]
    elif isinstance(known, tuple):
        parts = [of_rows(item, rows) for item in known]
        part = type(known)(*parts) if hasattr(known, "_fields") else tuple(parts)
    elif is_dataclass(known) and not isinstance(known, type):
        names = [field.name for field in fields(known)]
        part = replace(known, **{name: of_rows(getattr(known, name), rows) for name in names})
    return cast(T, part)

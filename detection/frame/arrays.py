"""The type of detection's arrays: floats, mostly, by member and time."""

from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar, cast

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
T = TypeVar("T")


def of_rows(table: T, rows: Array) -> T:
    """The table of these members alone: every array in it has a row for each member."""
    part: object = table
    if isinstance(table, np.ndarray):
        part = table[rows]
    elif isinstance(table, tuple):
        parts = [of_rows(item, rows) for item in table]
        part = type(table)(*parts) if hasattr(table, "_fields") else tuple(parts)
    elif is_dataclass(table) and not isinstance(table, type):
        names = [field.name for field in fields(table)]
        part = replace(table, **{name: of_rows(getattr(table, name), rows) for name in names})
    return cast(T, part)


def in_numpy(instant: datetime) -> np.datetime64:
    """The instant as arrays of events hold theirs: UTC, without a zone."""
    return np.datetime64(instant.astimezone(UTC).replace(tzinfo=None), "us")

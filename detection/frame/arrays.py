"""The type of detection's arrays: floats, mostly, by member and time."""

from __future__ import annotations

from typing import Any

from numpy.typing import NDArray

Array = NDArray[Any]

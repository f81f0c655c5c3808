"""A long list piece by piece."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Pieces of `size` items, the last one shorter."""
    return (items[first : first + size] for first in range(0, len(items), size))

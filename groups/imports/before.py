"""What an import replaced, kept so that it can be undone."""

from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from pydantic import TypeAdapter

from groups.assignments.placing import Placement


class Closed(NamedTuple):
    """A deleted group that the import opened again: since when it was closed, and for which other."""

    day: date
    merged_into_id: int | None


@dataclass(frozen=True)
class Before:
    """What was written, what stood there from that day on (by member), and the groups made for it."""

    written: list[Placement]
    rows: dict[int, list[Placement]]
    made: list[int]
    opened: dict[int, Closed]


BEFORE = TypeAdapter(Before)  # to JSON and back

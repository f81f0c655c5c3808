"""What each floor registers so that its rows follow when two members are merged."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from collector.models import Member

from .journal import Journal


@dataclass(frozen=True)
class Merging:
    """One merge under way: `gone` becomes part of `keep`."""

    keep: Member
    gone: Member
    by: str
    now: datetime
    journal: Journal


Mover = Callable[[Merging], None]
MOVERS: list[Mover] = []


def register_mover(mover: Mover) -> None:
    """Call `mover` whenever members are merged, to move its tables' rows."""
    if mover not in MOVERS:
        MOVERS.append(mover)

"""What a replay may show of the past."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import pandas as pd

from detection.frame.arrays import Array
from detection.frame.prices import NO_PRICES, PriceBook
from detection.models import Anomaly

EventReader = Callable[[int, datetime, datetime], pd.DataFrame]
HourReader = Callable[[Sequence[int]], pd.DataFrame]


@dataclass(frozen=True)
class Turn:
    """What was spent between a cycle's start and the end of that hour, by member, in cents."""

    member_ids: Array
    cents: Array
    billed: Array


@dataclass(frozen=True)
class History:
    """Everything a replay may show.

    `rows`: one per member, hour, model and surface, in the order of the hours: member_id, hour (whole hours
    since 1970), known (the first whole hour at which it is known), model (a category), by_agent, `READ`
    (paid_weight are weighed tokens that were paid for). Rows of long ago may be whole days.
    `hours` reads the hours of a few members, with surface (a category), thread (a number; -1 is none) and
    thread_requests; None where `rows` are these. `cycles`: the starts of the billing cycles, oldest first,
    and the end of the last. `events` reads one member's events of a stretch of time. `left_at`: when members
    left, who since have. `confirmed`: anomalies that a person called a real problem.
    """

    member_ids: Array
    names: dict[int, str]
    emails: dict[int, str]
    rows: pd.DataFrame
    events: EventReader
    hours: HourReader | None = None
    cycles: tuple[datetime, ...] = ()
    turns: Mapping[datetime, Turn] = field(default_factory=dict)
    prices: PriceBook = NO_PRICES
    left_at: Mapping[int, datetime] = field(default_factory=dict)
    confirmed: Sequence[Anomaly] = ()

    def has_left(self, member_id: int | None, as_of: datetime) -> bool:
        """Whether a member had left by then; whoever leaves later is still judged."""
        left_at = self.left_at.get(member_id) if member_id is not None else None
        return left_at is not None and left_at <= as_of

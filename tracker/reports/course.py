"""Where the cycle is heading, in words, and the budget that it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tracker.widgets import formats

# A forecast is no closer than this: nearer than so much to what it is compared with is the same.
SAME_RATIO = 0.02


@dataclass(frozen=True)
class Budget:
    """What the team may spend in a cycle, in cents, and the day on which the forecast reaches it."""

    cents: Decimal
    is_reached: bool
    day: date | None

    @property
    def said(self) -> str:
        budget = f"budget {formats.money_short(self.cents)}"
        if self.is_reached:
            return f"{budget} is exhausted"
        return f"{budget} reached about {formats.day(self.day)}" if self.day else f"within the {budget}"


def heading(expected_cents: float, against: Decimal | None, what: str) -> str:
    """`heading $1,010 (24 %) over the last cycle`, or `(13 times it)`; empty where there is too little to
    compare with."""
    if not against or against < formats.LEAST_BASE_CENTS:
        return ""
    more = expected_cents - float(against)
    ratio = abs(more) / float(against)
    if ratio < SAME_RATIO:
        return f"on course: within {formats.percent(SAME_RATIO)} of {what}"
    direction = "over" if more > 0 else "under"
    share = (
        f"{expected_cents / float(against):,.0f} times it"
        if ratio > formats.MOST_PERCENT
        else formats.percent(ratio)
    )
    share = share.replace(" ", "\N{NO-BREAK SPACE}")  # cards are narrow
    return f"heading {formats.dollars(abs(more))} ({share}) {direction} {what}"

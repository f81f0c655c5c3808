"""The true incidents: what detection ought to find."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal


@dataclass(frozen=True)
class Label:
    """One stretch in which spend went wrong.

    `onset_at` is the first request that it changed or added, `ended_at` the last one; `extra_cents` is what
    it added to the member's charges, from the generator's truth.
    """

    email: str  # lower case
    kind: str
    onset_at: datetime
    ended_at: datetime
    extra_cents: Decimal
    note: str

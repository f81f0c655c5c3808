"""A group's week in a digest."""

from dataclasses import dataclass
from decimal import Decimal

from tracker.widgets import formats


@dataclass(frozen=True)
class GroupWeek:
    """One group's week against the week before."""

    name: str
    cents: Decimal
    before_cents: Decimal
    seats: int
    active: int
    incidents: int

    @property
    def change(self) -> str:
        return change_of_week(self.cents, self.before_cents)

    @property
    def cells(self) -> tuple[str, ...]:
        active = f"{self.active} of {formats.plural(self.seats, 'seat')} active"
        return (
            self.name,
            formats.money(self.cents),
            self.change,
            active,
            formats.plural(self.incidents, "incident"),
        )


def change_of_week(cents: Decimal, before_cents: Decimal) -> str:
    """`50 % more`, or what there was before where that is too little to compare with."""
    if not before_cents:
        return "nothing before"
    if before_cents < formats.LEAST_BASE_CENTS:
        return f"{formats.money(before_cents)} before"
    return formats.more_or_less(float(cents / before_cents) - 1, "more", "less")

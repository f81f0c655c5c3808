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
        if not self.before_cents:
            return "nothing before"
        if self.before_cents < formats.LEAST_BASE_CENTS:
            return f"{formats.money(self.before_cents)} before"
        return formats.more_or_less(float(self.cents / self.before_cents) - 1, "more", "less")

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

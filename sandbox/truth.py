"""What a collector ought to hold: the events visible now, and their exact sums."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import cached_property

from .answers.event_rows import event_rows
from .company.columns import Events
from .company.instants import to_ms
from .company.prices import MICRO
from .state.view import View


@dataclass(frozen=True)
class Truth:
    """The events of a window as the API shows them now."""

    view: View
    events: Events

    @property
    def count(self) -> int:
        return len(self.events)

    @property
    def charged_cents(self) -> Decimal:
        """The sum of all charges, exact."""
        return Decimal(int(self.events.charged_micro.sum())) / MICRO

    @property
    def billed_cents(self) -> Decimal:
        """The sum of the chargeable ones."""
        return Decimal(int(self.events.charged_micro[self.events.is_chargeable].sum())) / MICRO

    @cached_property
    def rows(self) -> list[dict[str, object]]:
        """The events as the API writes them, oldest first."""
        return event_rows(self.view, self.events)


def truth(view: View, start: datetime | None = None, end: datetime | None = None) -> Truth:
    """Return the truth of [start, end); without bounds, of everything visible."""
    start_ms = to_ms(start) if start else None
    end_ms = to_ms(end) - 1 if end else None
    return Truth(view, view.events(start_ms, end_ms))

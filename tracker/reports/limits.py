"""The spend limits that Cursor holds members to."""

from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base.statements import prepared
from collector.models import SpendSnapshot
from tracker.widgets import formats


class StatedLimit(NamedTuple):
    """What Cursor last stated of one member's present cycle: on-demand spend, and the limit on it."""

    member_id: int
    on_demand_cents: Decimal | None  # None where it is not stated
    limit_cents: Decimal

    @property
    def is_reached(self) -> bool:
        return self.on_demand_cents is not None and self.on_demand_cents >= self.limit_cents

    @property
    def headroom_cents(self) -> Decimal:
        """What may still be spent on demand."""
        return max(self.limit_cents - (self.on_demand_cents or 0), Decimal(0))

    @property
    def said(self) -> str:
        spent, limit = formats.money(self.on_demand_cents), formats.money_short(self.limit_cents)
        return (
            f"{'has reached' if self.is_reached else 'is near'} the spend limit: {spent} of {limit} on demand"
        )


@prepared
def limit_rows(cycle: int) -> QuerySet:
    """Member, on-demand cents and limit in dollars, of every member with a limit in the cycle."""
    rows = SpendSnapshot.objects.latest_per_member(cycle).filter(limit_dollars__gt=0).order_by()
    return rows.values_list("member_id", "on_demand_cents", "limit_dollars")

"""Members at or near the spend limit that Cursor holds them to."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base.statements import prepared
from collector.models import BillingCycle, SpendSnapshot
from tracker.reports.people import Person
from tracker.widgets import formats

# From so much of the limit on, a member may be stopped within a day of ordinary work.
NEAR_RATIO = Decimal("0.9")


@dataclass(frozen=True)
class NearLimit:
    """On-demand spend of the cycle against the member's own limit, as Cursor states both."""

    person: Person
    on_demand_cents: Decimal
    limit_cents: Decimal

    @property
    def is_reached(self) -> bool:
        return self.on_demand_cents >= self.limit_cents

    @property
    def said(self) -> str:
        spent, limit = formats.money(self.on_demand_cents), formats.money_short(self.limit_cents)
        return (
            f"{'has reached' if self.is_reached else 'is near'} the spend limit: {spent} of {limit} on demand"
        )


class StatedLimit(NamedTuple):
    """What Cursor last stated of one member's present cycle."""

    member_id: int
    on_demand_cents: Decimal | None  # None where it is not stated
    limit_cents: Decimal

    @property
    def is_reached(self) -> bool:
        return self.on_demand_cents is not None and self.on_demand_cents >= self.limit_cents


def stated_limits(cycle: BillingCycle) -> list[StatedLimit]:
    """Of every member with a limit in the cycle. One query."""
    return [StatedLimit(pk, on_demand, dollars * 100) for pk, on_demand, dollars in _limits(cycle.pk)]


@prepared
def _limits(cycle: int) -> QuerySet:
    rows = SpendSnapshot.objects.latest_per_member(cycle).filter(limit_dollars__gt=0).order_by()
    return rows.values_list("member_id", "on_demand_cents", "limit_dollars")


def near_limit(stated: Iterable[StatedLimit], people: Mapping[int, Person]) -> list[NearLimit]:
    """Those of `people` at NEAR_RATIO of their limit or more, the furthest first."""
    near = [
        NearLimit(people[pk], on_demand, limit)
        for pk, on_demand, limit in stated
        if pk in people and on_demand is not None and on_demand >= NEAR_RATIO * limit
    ]
    return sorted(near, key=lambda limit: -(limit.on_demand_cents / limit.limit_cents))

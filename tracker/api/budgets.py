"""`/api/budgets`: every budget of the current billing cycle."""

from datetime import date

from django.utils import timezone
from ninja import Field, Router, Schema

from collector.base.days import utc_day
from collector.base.money import round_cents
from collector.models import BillingCycle
from groups.budgets.states import BudgetScope, BudgetState
from incidents.notifying.budgets import budget_states
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.api.errors import documented
from tracker.reports.budgets import visible_states

router = Router(tags=["groups"])


class BudgetRow(Schema):
    scope: str = Field(description="What the budget is for: team, group or member.")
    name: str = Field(description="The group's whole path, or the member's name.")
    email: str | None = Field(description="A member's.")
    groupId: int | None
    budgetCents: int
    spentCents: int = Field(
        description="Spend in the current billing cycle, by the group that a member was in on each day."
    )
    ratio: float = Field(description="Spend divided by the budget; 0.5 means half of it.")
    forecastCents: int | None = Field(
        description="Expected spend at the end of the cycle, without what open incidents add."
    )
    reachedOn: date | None = Field(description="The day on which the budget is reached at this pace.")
    isReached: bool
    cursorLimitDollars: float | None = Field(description="Cursor's own monthly limit of the group.")


@router.get("/budgets", response={200: list[BudgetRow], **documented()})
def read_budgets(request: AccessRequest) -> list[BudgetRow]:
    """The team's budget, the groups' by name, then the members' by share; none without a cycle."""
    now = timezone.now()
    cycle = BillingCycle.objects.at(now)
    if cycle is None:
        return []
    visible = visible_ids(request.access, utc_day(now))
    return [budget_row(state) for state in visible_states(budget_states(cycle, now), now, visible)]


def budget_row(state: BudgetState) -> BudgetRow:
    owner, limit = state.owner, state.cursor_limit_dollars
    return BudgetRow(
        scope=owner.scope,
        name=owner.name,
        email=owner.email or None,
        groupId=owner.id if owner.scope is BudgetScope.GROUP else None,
        budgetCents=round_cents(state.budget_cents),
        spentCents=round_cents(state.spent_cents),
        ratio=round(state.ratio, 4),
        forecastCents=round(state.forecast.expected_cents) if state.forecast else None,
        reachedOn=state.reached_on,
        isReached=state.is_reached,
        cursorLimitDollars=None if limit is None else float(limit),
    )

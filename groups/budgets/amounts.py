"""Which budgets are in force: the team's, of groups, of members; and what a seat costs."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db.models import Expression, QuerySet, Value

from collector.models import Member
from groups.models import BudgetSettings, CycleBudget


@dataclass(frozen=True)
class BudgetAmounts:
    """Budgets in dollars: the team's, groups' and members' own, and what every other member has."""

    team: Decimal
    groups: Mapping[int, Decimal]
    members: Mapping[int, Decimal]
    each_member: Decimal
    seat: Decimal = Decimal(0)  # what one costs a month; not a budget

    @property
    def has_any(self) -> bool:
        """Whether a group or a member has one."""
        return bool(self.groups or self.members or self.each_member)

    def of_member(self, member: Member) -> Decimal:
        """The member's own budget, or the one that everybody on the team has."""
        is_on_team = member.gone_at is None and not member.is_removed
        return self.members.get(member.pk, self.each_member if is_on_team else Decimal(0))


def amount_rows(team: QuerySet, dollars: str | Expression) -> QuerySet:
    """What `load_amounts` takes: the amounts in force now, the team's out of a row of `team`."""
    nobody, settings = Value(0), BudgetSettings.objects.order_by()
    budgets = CycleBudget.objects.order_by()
    rows = budgets.filter(group__isnull=False).values_list(Value("group"), "group_id", "amount_dollars")
    return rows.union(
        budgets.filter(member__isnull=False).values_list(Value("member"), "member_id", "amount_dollars"),
        settings.values_list(Value("each"), nobody, "member_budget_dollars"),
        settings.values_list(Value("seat"), nobody, "seat_dollars"),
        team.order_by().values_list(Value("team"), nobody, dollars),
        all=True,
    )


def load_amounts(rows: Iterable[tuple[str, int, Decimal | None]]) -> BudgetAmounts:
    """Of rows of kind, id and dollars."""
    by_kind: dict[str, dict[int, Decimal]] = defaultdict(dict)
    for kind, pk, dollars in rows:
        by_kind[kind][pk] = dollars or Decimal(0)
    team_dollars, member, seat = (by_kind[kind].get(0, Decimal(0)) for kind in ("team", "each", "seat"))
    return BudgetAmounts(team_dollars, by_kind["group"], by_kind["member"], member, seat)


def amounts_at(end_at: datetime, team: Decimal) -> BudgetAmounts:
    """The amounts that held at the end of a cycle that is over, with the team's. Two queries."""
    rows = list(CycleBudget.history.as_of(end_at))
    policy = next(iter(BudgetSettings.history.as_of(end_at)), None)
    return BudgetAmounts(
        team,
        groups={row.group_id: row.amount_dollars for row in rows if row.group_id},
        members={row.member_id: row.amount_dollars for row in rows if row.member_id},
        each_member=policy.member_budget_dollars if policy else Decimal(0),
    )

"""What else caps a member, and why a limit that was written has no effect."""

from dataclasses import dataclass
from decimal import Decimal

from collector.cursor.spend_limits import LimitInForce
from collector.models import DirectoryGroup, Member


@dataclass(frozen=True)
class GroupLimit:
    """The monthly limit of one of the member's groups in Cursor."""

    name: str
    dollars: Decimal


def group_limits_of(member: Member) -> list[GroupLimit]:
    """The limits of the member's directory groups, the lowest first. One query."""
    groups = DirectoryGroup.objects.filter(
        members=member, monthly_limit_dollars__isnull=False, gone_at__isnull=True
    )
    return [
        GroupLimit(group.name, group.monthly_limit_dollars or Decimal(0))
        for group in groups.order_by("monthly_limit_dollars")
    ]


def judge_effect(to_dollars: int | None, after: LimitInForce, groups: list[GroupLimit]) -> str:
    """Why the limit read back is not the one that was asked for; empty where it holds."""
    if after.own_dollars != to_dollars:
        return (
            f"Cursor accepted the change, but the member's own limit is {_dollars(after.own_dollars)}. "
            "A limit below a higher one of the group or the team has no effect in Cursor."
        )
    effective = after.effective_dollars
    if to_dollars is None or effective is None or effective == to_dollars:
        return ""
    if effective > to_dollars:
        return f"A higher limit of the group or the team applies: {_dollars(effective)} is in force."
    cause = next((group for group in groups if group.dollars <= effective), None)
    if cause:
        return (
            f"The group {cause.name} is limited to {_dollars(cause.dollars)} in Cursor: "
            f"{_dollars(effective)} is in force. Raise the group's limit there, or move the member."
        )
    return f"A lower limit in Cursor applies, the team's or a group's: {_dollars(effective)} is in force."


def _dollars(amount: Decimal | None) -> str:
    return "not set" if amount is None else f"${amount:,.2f}"

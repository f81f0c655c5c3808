"""POST /teams/spend: a snapshot of the current billing cycle."""

import numpy as np

from sandbox.company.instants import to_ms
from sandbox.company.kinds import EventKind
from sandbox.company.members import Employee
from sandbox.company.prices import AUTO
from sandbox.http import Request, Row
from sandbox.state.view import View

from .members import is_listed
from .spelling import cents, title_email


def list_spend(request: Request) -> Row:
    view = request.view
    rows = sorted_rows(
        request, [row for row in spend_rows(view) if _matches(row, request.body.get("searchTerm"))]
    )
    page = request.page(len(rows))
    return {
        "teamMemberSpend": [row for _, row in rows[page.rows]],
        "subscriptionCycleStart": to_ms(view.cycle()[0]),
        "totalMembers": page.total,
        "totalPages": page.pages,
    }


def spend_rows(view: View) -> list[tuple[Employee, Row]]:
    """Return every listed member with their spend of the cycle so far; it equals the sum of their events."""
    events = view.events(to_ms(view.cycle()[0]))
    count = len(view.company.members)
    overall, billed, premium = (np.zeros(count, dtype=np.int64) for _ in range(3))
    np.add.at(overall, events.member, events.charged_micro)
    np.add.at(billed, events.member, events.charged_micro * events.is_chargeable)
    np.add.at(premium, events.member, (events.kind == EventKind.USAGE_BASED) & (events.model != AUTO))
    shape = _legacy_row if view.behaviour.has_legacy_shapes else _present_row
    listed = [member for member in view.company.members if is_listed(member, view.now.date())]
    sums = {m.index: (int(overall[m.index]), int(billed[m.index]), int(premium[m.index])) for m in listed}
    return [(member, shape(view, member, *sums[member.index])) for member in listed]


def sorted_rows(request: Request, rows: list[tuple[Employee, Row]]) -> list[tuple[Employee, Row]]:
    keys = {
        "amount": lambda pair: (pair[1]["spendCents"], pair[0].index),
        "user": lambda pair: (pair[0].email, pair[0].index),
        "date": lambda pair: (pair[0].joined_on, pair[0].index),
    }
    key = keys.get(str(request.body.get("sortBy", "date")), keys["date"])
    return sorted(rows, key=key, reverse=request.body.get("sortDirection", "desc") == "desc")


def _matches(pair: tuple[Employee, Row], term: object) -> bool:
    member = pair[0]
    return not term or str(term).lower() in f"{member.name} {member.email}".lower()


def _present_row(view: View, member: Employee, overall: int, billed: int, premium: int) -> Row:
    return {
        "userId": member.id,
        "name": member.name,
        "email": title_email(member),
        "role": member.role,
        "spendCents": cents(billed),
        "overallSpendCents": cents(overall),
        "fastPremiumRequests": premium,
        "hardLimitOverrideDollars": view.limits.own(member) or 0,
        "monthlyLimitDollars": view.limits.own(member),
        "effectivePerUserLimitDollars": view.limits.effective(member),
    }


def _legacy_row(view: View, member: Employee, overall: int, billed: int, premium: int) -> Row:
    """Before overallSpendCents, spendCents was the total, in whole cents."""
    return {
        "userId": member.number,
        "name": member.name,
        "email": title_email(member),
        "role": member.role,
        "spendCents": round(overall / 1_000_000),
        "includedSpendCents": round((overall - billed) / 1_000_000),
        "fastPremiumRequests": premium,
        "hardLimitOverrideDollars": view.limits.own(member) or 0,
    }

"""Members' spend limits in Cursor: what holds, and the one call of this product that changes anything there.

cursor.com/docs/account/teams/admin-api, as read in Aug 2026.
"""

from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone

from collector.base.notes import Notes

from .client import CursorClient
from .errors import CursorApiError, Trouble
from .records import LimitAnswer, MemberSpend, SpendAnswer
from .rows import parse, read_rows

WRITE_PATH = "/teams/user-spend-limit"
READ_PATH = "/teams/spend"
PAGE_SIZE = 100
MOST_PAGES = 20  # of a search for one address


@dataclass(frozen=True)
class LimitInForce:
    """One member's limits in Cursor's latest spend answer, in dollars per cycle; None for no limit."""

    own_dollars: Decimal | None
    effective_dollars: Decimal | None
    total_cents: Decimal | None
    on_demand_cents: Decimal | None

    @property
    def decisive_dollars(self) -> Decimal | None:
        """The limit that holds: the effective one, or the member's own in older answers."""
        return self.own_dollars if self.effective_dollars is None else self.effective_dollars


def read_limit(client: CursorClient, email: str) -> LimitInForce | None:
    """The limit in force for the member with `email`; None where Cursor's list does not name them."""
    notes = Notes(READ_PATH, timezone.now())
    for page in range(1, MOST_PAGES + 1):
        body = {"searchTerm": email, "page": page, "pageSize": PAGE_SIZE, "sortBy": "user"}
        answer = parse(SpendAnswer, client.post(READ_PATH, body).payload, READ_PATH)
        for row, _ in read_rows(MemberSpend, answer.rows, notes):
            if row.email == email.lower():
                return _in_force(row)
        if not answer.has_more(page):
            break
    return None


def write_limit(client: CursorClient, email: str, dollars: int | None) -> str:
    """Set the member's own limit, or remove it with None; return Cursor's message.

    Repeating it changes nothing. CursorApiError where Cursor refuses; its `answered` says why.
    """
    body = {"userEmail": email, "spendLimitDollars": dollars}
    answer = parse(LimitAnswer, client.post(WRITE_PATH, body).payload, WRITE_PATH)
    if answer.outcome != "success":
        reason = answer.message or answer.outcome
        raise CursorApiError(
            f"Cursor did not set the limit: {reason}",
            permanent=True,
            trouble=Trouble.REJECTED,
            answered=reason,
        )
    return answer.message


def _in_force(row: MemberSpend) -> LimitInForce:
    """An override of 0 means none, where `monthlyLimitDollars` does not name the limit."""
    own = row.monthly_limit_dollars
    if own is None:
        own = row.hard_limit_override_dollars or None
    return LimitInForce(own, row.effective_per_user_limit_dollars, row.overall_spend_cents, row.spend_cents)

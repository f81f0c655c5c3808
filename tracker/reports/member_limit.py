"""A member's spend limit: what holds, what else caps it, who changed it, and what may be done here."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.conf import settings

from collector.base.money import cents
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.spend_limits import read_limit
from collector.models import BillingCycle, Member, MemberModelDay, SpendSnapshot
from incidents.actions.limit_effects import GroupLimit, group_limits_of
from incidents.actions.limits import may_write
from incidents.models import LimitChange, LimitRequest

SHOWN_CHANGES = 20


@dataclass(frozen=True)
class LimitNow:
    """What holds, as Cursor says now or as last collected. Dollars per billing cycle."""

    spent_cents: Decimal | None
    own_dollars: Decimal | None
    effective_dollars: Decimal | None
    as_of: datetime
    is_live: bool
    problem: str = ""  # why Cursor was not asked, where it should have been


@dataclass(frozen=True)
class MemberLimitReport:
    member: Member
    now: LimitNow
    groups: list[GroupLimit]
    changes: list[LimitChange]
    temporary: LimitChange | None
    unfinished: LimitChange | None
    request: LimitRequest | None
    may_write: bool


def member_limit_report(member: Member, now: datetime, *, is_live: bool) -> MemberLimitReport:
    """With `is_live` Cursor is asked, which takes a second; otherwise the last collection answers."""
    changes = LimitChange.objects.filter(member=member).select_related("incident", "member")
    return MemberLimitReport(
        member=member,
        now=live_limit(member, now) if is_live else collected_limit(member, now),
        groups=group_limits_of(member),
        changes=list(changes[:SHOWN_CHANGES]),
        temporary=LimitChange.objects.temporary().filter(member=member).first(),
        unfinished=LimitChange.objects.unfinished().filter(member=member).first(),
        request=LimitRequest.objects.filter(member=member, status=LimitRequest.Status.PENDING).first(),
        may_write=may_write(),
    )


def live_limit(member: Member, now: datetime) -> LimitNow:
    if not settings.CURSOR_ADMIN_API_KEY:
        return collected_limit(member, now)
    try:
        limit = read_limit(CursorClient.for_a_page(), member.email)
    except CursorApiError as error:
        return collected_limit(member, now, str(error))
    if limit is None:
        return collected_limit(member, now, "This member is not in Cursor's list of members.")
    return LimitNow(limit.total_cents, limit.own_dollars, limit.decisive_dollars, now, is_live=True)


def collected_limit(member: Member, now: datetime, problem: str = "") -> LimitNow:
    """By the newest snapshot of the cycle, and our own sum of the spend. Three queries."""
    cycle = BillingCycle.objects.at(now)
    snapshot = SpendSnapshot.objects.filter(member=member, cycle=cycle).order_by("-taken_at").first()
    spent = None
    if cycle:
        rows = MemberModelDay.objects.in_cycle(cycle).filter(member=member)
        spent = cents(rows.spend()["total_cents"])
    return LimitNow(
        spent_cents=spent,
        own_dollars=None,
        effective_dollars=snapshot.limit_dollars if snapshot else None,
        as_of=snapshot.confirmed_at if snapshot else now,
        is_live=False,
        problem=problem,
    )

"""Three members, two days, figures that can be added up by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from django.core.cache import cache

from collector.models import BillingCycle, DailyActivity, Member, MemberModelDay
from groups.models import Assignment, Group

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
TODAY = date(2026, 11, 20)
YESTERDAY, BEFORE = date(2026, 11, 19), date(2026, 11, 18)


def build() -> dict[str, Member]:
    """Ann $30 and $12.50 on two models, Bob $7.50 on one, Cat (no group) nothing."""
    cache.clear()  # what an earlier test left
    BillingCycle.objects.create(
        start_at=datetime(2026, 11, 17, tzinfo=UTC), end_at=datetime(2026, 12, 17, tzinfo=UTC)
    )
    people = {name: make_member(name) for name in ("Ann", "Bob", "Cat")}
    core, web = (Group.objects.create(name=name, created_at=NOW) for name in ("Eng > Core", "Eng > Web"))
    put(people["Ann"], core)
    put(people["Bob"], web)
    use(people["Ann"], "opus", BEFORE, requests=10, cents=3000, cache_read=50_000)
    use(people["Ann"], "sonnet", YESTERDAY, requests=20, cents=Decimal("1250.4"), cache_read=10_000)
    use(people["Bob"], "sonnet", YESTERDAY, requests=5, cents=750)
    DailyActivity.objects.create(
        member=people["Ann"], day=YESTERDAY, lines_added=120, is_active=True, updated_at=NOW
    )
    return people


def make_member(name: str, **fields) -> Member:
    email = f"{name.lower()}@company.com"
    return Member.objects.create(email=email, name=name, first_seen_at=NOW, last_seen_at=NOW, **fields)


def put(member: Member, group: Group | None, day: date = BEFORE) -> None:
    Assignment.objects.create(
        member=member, group=group, from_day=day, source="cursor", changed_by="test", changed_at=NOW
    )


def use(member: Member, model: str, day: date, *, requests: int, cents: Decimal | int, cache_read: int = 0):
    MemberModelDay.objects.create(
        member=member,
        model=model,
        day=day,
        requests=requests,
        billed_requests=requests,
        total_cents=cents,
        billed_cents=cents,
        cache_read_tokens=cache_read,
        updated_at=NOW,
    )

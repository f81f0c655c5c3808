"""Rows that the tests of groups need."""

from datetime import UTC, date, datetime
from typing import Any

from collector.models import CursorGroup, CursorGroupMembership, Member, MemberModelDay
from groups.models import Assignment, Group

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


def make_member(email: str, **overrides: Any) -> Member:
    defaults = {"first_seen_at": LONG_AGO, "last_seen_at": LONG_AGO}
    return Member.objects.create(email=email, **defaults | overrides)


def make_group(name: str, **overrides: Any) -> Group:
    return Group.objects.create(name=name, **{"created_at": LONG_AGO} | overrides)


def make_cursor_group(name: str, **overrides: Any) -> CursorGroup:
    defaults = {"cursor_id": f"group_{name}", "first_seen_at": LONG_AGO, "last_seen_at": LONG_AGO}
    return CursorGroup.objects.create(name=name, **defaults | overrides)


def make_stay(
    member: Member, group: CursorGroup, joined: date, left: date | None = None
) -> CursorGroupMembership:
    return CursorGroupMembership.objects.create(
        member=member, group=group, joined_at=_noon(joined), left_at=_noon(left) if left else None
    )


def assign(member: Member, group: Group | None, from_day: date, source: str = "manual") -> Assignment:
    return Assignment.objects.create(
        member=member, group=group, from_day=from_day, source=source, changed_by="test", changed_at=LONG_AGO
    )


def make_day(member: Member, day: date, total_cents: int = 100, **overrides: Any) -> MemberModelDay:
    return MemberModelDay.objects.create(
        member=member,
        day=day,
        total_cents=total_cents,
        **{"model": "gpt-5", "updated_at": LONG_AGO} | overrides,
    )


def table() -> list[tuple[str, str, str | None, str]]:
    """All assignments: e-mail, day, group, source."""
    rows = Assignment.objects.order_by("member__email", "from_day")
    return [
        (email, str(day), group, source)
        for email, day, group, source in rows.values_list(
            "member__email", "from_day", "group__name", "source"
        )
    ]


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 12, tzinfo=UTC)

"""The team's list: who holds a seat, and who no longer does."""

from __future__ import annotations

from datetime import datetime

from collector.base.upsert import FactTable, Upserted, writing
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import wrong_shape
from collector.cursor.records import MembersAnswer, TeamMember, parse
from collector.models import Member

from .base import Progress, SyncResult, silent

PATH = "/teams/members"
TABLE = FactTable(
    Member,
    key=("email",),
    values=("kind", "name", "role", "cursor_id", "is_removed", "gone_at"),
    stamp=("last_seen_at",),
    first_stamp=("first_seen_at",),
)


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the list and bring the members to it; whoever it lacks is marked gone, nobody is deleted."""
    answer = parse(MembersAnswer, client.get(PATH).payload, PATH)
    listed = _one_per_email(answer.team_members)
    if not listed:
        # A team has an administrator at least: an empty list would send everybody away.
        raise wrong_shape(PATH, "the list of members is empty")
    with writing():
        written = _store(listed, window.read_at)
        gone = _mark_gone(listed, window.read_at)
    return SyncResult(len(answer.team_members), len(written.new), len(written.changed) + gone)


def _one_per_email(listed: list[TeamMember]) -> dict[str, TeamMember]:
    """By e-mail; somebody who left and came back is listed twice, and the seat in use counts."""
    by_email: dict[str, TeamMember] = {}
    for member in listed:
        known = by_email.get(member.email)
        if member.email and (known is None or known.is_removed):
            by_email[member.email] = member
    return by_email


def _store(listed: dict[str, TeamMember], at: datetime) -> Upserted:
    rows = {
        (email,): (Member.Kind.PERSON.value, each.name, each.role, each.id, each.is_removed, None)
        for email, each in listed.items()
    }
    written = TABLE.upsert(rows, Member.objects.all(), at)
    Member.objects.filter(email__in=list(listed)).update(last_seen_at=at)
    return written


def _mark_gone(listed: dict[str, TeamMember], at: datetime) -> int:
    here = Member.objects.people().filter(gone_at__isnull=True)
    gone = [pk for pk, email in here.values_list("pk", "email") if email not in listed]
    return Member.objects.filter(pk__in=gone).update(gone_at=at)

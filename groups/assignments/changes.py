"""What people change: groups made, renamed, merged, deleted, and members moved. History stays as it was."""

from collections.abc import Collection
from datetime import date, datetime

from django.db import IntegrityError, transaction

from collector.base.days import utc_day
from collector.base.history import annotate_history
from collector.models import CursorGroupMembership
from groups.models import Assignment, Group
from groups.names import BadName, key, normalised

from .membership import current, members_of
from .placing import Placement, record_from_then_on


class ChangeRefused(Exception):
    """The change cannot be made; the message says why and what to do."""


def checked_name(name: str, group: Group | None = None) -> tuple[str, Group | None]:
    """The name as it is kept, and the group that has it already: `group` itself, or for a new one (None) a
    deleted group, which opens again. ChangeRefused if it cannot be used.
    """
    try:
        path = normalised(name)
    except BadName as exc:
        raise ChangeRefused(str(exc)) from exc
    other = group_named(path)
    if other and other != group and (group or not other.closed_day):
        deleted = "deleted " if other.closed_day else ""
        advice = ": merge this one into it instead" if group and not other.closed_day else ""
        raise ChangeRefused(f"A {deleted}group “{other.name}” already exists{advice}.")
    return path, other


def create(name: str, *, now: datetime) -> Group:
    """Make a group, or open again the deleted one of that name. ChangeRefused if there is one already."""
    with transaction.atomic():
        Group.objects.locked().in_bulk()  # whoever else opens the deleted group waits, and finds it open
        return open_or_make(*checked_name(name), now)


def open_or_make(path: str, group: Group | None, now: datetime) -> Group:
    """Open the closed `group` again, or make a new one called `path`."""
    if group is None:
        group = Group(name=path, created_at=now)
    group.closed_day, group.merged_into = None, None
    return saved(group, now)


def rename(group: Group, name: str, *, now: datetime) -> None:
    """Call the group `name`; from then on a new name in Cursor no longer replaces it."""
    path, _ = checked_name(name, group)
    with transaction.atomic():
        group.refresh_from_db(from_queryset=Group.objects.locked())  # it may just have been deleted
        group.name, group.is_name_local = path, group.cursor_group_id is not None
        saved(group, now)


def give_back_name(group: Group, *, now: datetime) -> None:
    """Give the group the name that Cursor has for it, from the next collection on."""
    if not group.cursor_group_id:
        raise ChangeRefused(f"“{group.name}” was created here, so Cursor has no name for it.")
    with transaction.atomic():
        group.refresh_from_db(from_queryset=Group.objects.locked())
        group.is_name_local = False
        saved(group, now)


def merge(group: Group, into: Group, *, by: str, now: datetime) -> int:
    """Move the group's members into another and close it; return how many. Past days keep their group."""
    if into == group or into.closed_day or into.leads_to(group.pk):
        raise ChangeRefused(f"“{group.name}” cannot be merged into “{into.name}”: choose another open group.")
    return _close(group, into, by, now)


def delete(group: Group, *, by: str, now: datetime) -> int:
    """Close the group; its members are Unassigned from today. Return how many. Past days keep their group."""
    return _close(group, None, by, now)


def move(member_ids: Collection[int], group: Group | None, from_day: date, *, by: str, now: datetime) -> int:
    """Put members into a group (None: Unassigned) from a day on; return how many were elsewhere before.

    From then on Cursor no longer moves them. Later days that they spent elsewhere follow too.
    """
    if from_day > utc_day(now):
        raise ChangeRefused("The first day is in the future: choose today or an earlier day.")
    before = current(utc_day(now))
    source = Assignment.SetBy.MANUAL
    placed = [Placement(pk, group.pk if group else None, from_day, source, by, now) for pk in member_ids]
    with transaction.atomic():
        if group and not Group.objects.locked().open().filter(pk=group.pk).first():
            raise ChangeRefused(f"“{group.name}” is deleted: choose an open group.")
        members = record_from_then_on(placed)
    return sum(before[pk] != group for pk in members)


def give_back(member_ids: Collection[int], *, by: str, now: datetime) -> None:
    """Put members where Cursor has them, from today, and let Cursor move them again."""
    today = utc_day(now)
    theirs = _at_cursor(member_ids, today)
    source = Assignment.SetBy.CURSOR
    record_from_then_on([Placement(pk, theirs.get(pk), today, source, by, now) for pk in member_ids])


def _at_cursor(member_ids: Collection[int], day: date) -> dict[int, int]:
    """By member, the group here that follows their group in Cursor; members without one are absent."""
    stays = CursorGroupMembership.objects.filter(left_at__isnull=True, group__gone_at__isnull=True)
    group_ids = {}
    for stay in stays.select_related("group__group"):
        group = getattr(stay.group, "group", None)
        heir = group.heir(day) if group and stay.member_id in member_ids else None
        if heir:
            group_ids[stay.member_id] = heir.pk
    return group_ids


def _close(group: Group, into: Group | None, by: str, now: datetime) -> int:
    today = utc_day(now)
    with transaction.atomic():
        locked = Group.objects.locked().in_bulk([group.pk, into.pk] if into else [group.pk])
        if locked[group.pk].closed_day:
            raise ChangeRefused(f"“{group.name}” has already been deleted.")
        members = members_of({group.pk}, today)
        move(members, into, today, by=by, now=now)
        group.closed_day, group.merged_into = today, into
        saved(group, now)
    return len(members)


def saved(group: Group, now: datetime) -> Group:
    """Save the group and date its history's entry. ChangeRefused where another process has taken the name
    since it was checked."""
    annotate_history(group, at=now)
    try:
        with transaction.atomic():
            group.save()
    except IntegrityError as exc:
        raise ChangeRefused(f"A group “{group.name}” has just been made by somebody else.") from exc
    return group


def group_named(path: str) -> Group | None:
    """The group of that name in any case, beyond the letters whose case a database knows."""
    return next((group for group in Group.objects.all() if key(group.name) == key(path)), None)

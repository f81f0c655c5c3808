"""Billing groups as the vendor states them, and who was in which since when."""

from __future__ import annotations

from datetime import datetime

from collector.base.upsert import FactTable, Key, Upserted, Values, writing
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import wrong_shape
from collector.cursor.records import BillingGroup, GroupMemberRecord, GroupsAnswer, parse
from collector.facts.roster import Roster, identify
from collector.models import CursorGroup, CursorGroupMembership

from .base import Progress, SyncResult, silent
from .directory_groups import read_directory, store_directory

PATH = "/teams/groups"
GROUPS = FactTable(
    CursorGroup,
    key=("cursor_id",),
    values=("name", "spend_cents", "gone_at"),
    stamp=("last_seen_at",),
    first_stamp=("first_seen_at",),
)
STAYS = FactTable(
    CursorGroupMembership, key=("group_id", "member_id", "joined_at"), values=("left_at",), stamp=()
)


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the groups of the current cycle; what is missing from the answer has left, nothing is deleted."""
    answer = parse(GroupsAnswer, client.get(PATH).payload, PATH)
    if not answer.groups and _are_missing(answer):
        raise wrong_shape(PATH, "there are no groups, yet their members are not unassigned either")
    directory = read_directory(client, answer.groups)
    with writing():
        groups = _store_groups(answer.groups, window.read_at)
        stays = _store_stays(answer.groups, window.read_at)
        if directory is not None:
            store_directory(directory, answer.groups, window.read_at)
    seen = len(answer.groups) + sum(len(group.current_members) for group in answer.groups)
    return SyncResult.of(seen, groups, stays)


def _are_missing(answer: GroupsAnswer) -> bool:
    """Whether somebody who was in a group is nowhere now: without one, everybody is in Unassigned."""
    unassigned = answer.unassigned_group
    listed = {each.email for each in unassigned.current_members} if unassigned else set()
    stays = CursorGroupMembership.objects.filter(left_at__isnull=True, member__gone_at__isnull=True)
    return stays.exclude(member__email__in=listed).exists()


def _store_groups(groups: list[BillingGroup], at: datetime) -> Upserted:
    rows: dict[Key, Values] = {(each.id,): (each.name, each.spend_cents, None) for each in groups}
    written = GROUPS.upsert(rows, CursorGroup.objects.all(), at)
    listed = [each.id for each in groups]
    CursorGroup.objects.filter(cursor_id__in=listed).update(last_seen_at=at)
    CursorGroup.objects.filter(gone_at__isnull=True).exclude(cursor_id__in=listed).update(gone_at=at)
    return written


def _store_stays(groups: list[BillingGroup], at: datetime) -> Upserted:
    roster = Roster.load()
    people = [each for group in groups for each in (*group.current_members, *group.former_members)]
    roster.admit({identify(each.email) for each in people}, at)
    ids = dict(CursorGroup.objects.values_list("cursor_id", "pk"))
    stays: dict[Key, Values] = {}
    current: dict[int, Key] = {}
    for group in groups:
        for each in group.former_members:
            stays[_key(ids[group.id], each, roster)] = (each.left_at or at,)
        for each in group.current_members:
            key = _key(ids[group.id], each, roster)
            # Nobody is in two groups at once: where an answer says so, the one joined last counts.
            if key[1] not in current or current[key[1]][2] <= each.joined_at:
                current[key[1]] = key
    _close_others(list(current.values()), at)
    return STAYS.upsert(
        stays | dict.fromkeys(current.values(), (None,)), CursorGroupMembership.objects.all(), at
    )


def _key(group_id: int, each: GroupMemberRecord, roster: Roster) -> Key:
    return group_id, roster.member_id(identify(each.email)), each.joined_at


def _close_others(current: list[Key], at: datetime) -> None:
    """End the open stays that the answer no longer has, before others begin: one may be open at a time."""
    going_on = set(current)
    open_stays = CursorGroupMembership.objects.filter(left_at__isnull=True)
    over = [
        pk
        for pk, *key in open_stays.values_list("pk", "group_id", "member_id", "joined_at")
        if tuple(key) not in going_on
    ]
    CursorGroupMembership.objects.filter(pk__in=over).update(left_at=at)

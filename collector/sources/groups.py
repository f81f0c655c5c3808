"""Billing groups as the vendor states them, and who was in which since when."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from collector.base.notes import DoubtKind, Notes
from collector.base.upsert import FactTable, Key, Upserted, Values, writing
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import wrong_shape
from collector.cursor.group_records import BillingGroup, GroupMemberRecord, GroupsAnswer
from collector.cursor.lists import read_list
from collector.cursor.rows import read_rows
from collector.facts import cycles, rollups
from collector.facts.doubts import store_notes
from collector.facts.roster import Roster, identify
from collector.models import CursorGroup, CursorGroupMembership, Member, Source

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


# From this many people in groups on, half or more cannot vanish at once.
FEW_PEOPLE = 4
UNASSIGNED_NAMES = {"unassigned", "(unassigned)", "none", "n/a", "-"}


@dataclass
class StatedGroup:
    """A group as read, and its members."""

    group: BillingGroup
    current: list[GroupMemberRecord]
    former: list[GroupMemberRecord]


@dataclass
class GroupsReading:
    """What one answer says: the groups, who is in none, and whether nothing in it was rejected."""

    groups: list[StatedGroup]
    unassigned: list[GroupMemberRecord] | None
    is_whole: bool


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the groups of the current cycle; what is missing from the answer has left, nothing is deleted."""
    notes = Notes(PATH, window.read_at)
    answer, raws = read_list(client, PATH, GroupsAnswer, notes)
    reading = _reading_of(raws, answer.unassigned_group, notes)
    billing = [stated.group for stated in reading.groups]
    directory = read_directory(client, billing, notes)
    with writing():
        roster = Roster.load()
        if not reading.groups and _are_missing(reading, roster):
            raise wrong_shape(
                PATH, "the answer lists no groups, but does not list their former members as unassigned"
            )
        groups = _store_groups(reading, window.read_at)
        stays = _store_stays(reading, roster, notes)
        _mark_gone(reading, notes)
        if directory is not None:
            tied = _members_by_directory(reading, roster)
            store_directory(directory, billing, tied, roster, window.read_at)
        _guess_cycle(answer, window.read_at)
        store_notes(Source.GROUPS, notes)
    seen = len(reading.groups) + sum(len(stated.current) for stated in reading.groups)
    return SyncResult.of(seen, groups, stays, noted=notes.size)


def _guess_cycle(answer: GroupsAnswer, at: datetime) -> None:
    """Take the cycle from here where the spend answer has not stated one that can be read."""
    start_at = answer.billing_cycle and answer.billing_cycle.cycle_start
    if start_at and start_at <= at and cycles.guesses():
        for day in cycles.guess_better(start_at, at):
            rollups.recompute_days(day, day, at)


def _members_by_directory(reading: GroupsReading, roster: Roster) -> dict[str, set[int]]:
    """The members of the billing groups that are tied to a directory group, by its id."""
    return {
        stated.group.directory_group_id: _members_of(stated.current, roster)
        for stated in reading.groups
        if stated.group.directory_group_id
    }


def _reading_of(raws: list[object], unassigned_group: object, notes: Notes) -> GroupsReading:
    stated: dict[str, StatedGroup] = {}
    unassigned = _people_of(unassigned_group, notes)
    for group, _ in read_rows(BillingGroup, raws, notes):
        current = [row for row, _ in read_rows(GroupMemberRecord, group.current_members, notes)]
        former = [row for row, _ in read_rows(GroupMemberRecord, group.former_members or [], notes)]
        if group.name.lower() in UNASSIGNED_NAMES:
            unassigned = [*(unassigned or []), *current]
            continue
        if group.id in stated:
            text = "a group was listed twice: the members of both are combined"
            notes.doubt(DoubtKind.REPEATED, text, subject=group.id)
            stated[group.id].current += current
            stated[group.id].former += former
            continue
        stated[group.id] = StatedGroup(group, current, former)
    is_whole = not (notes.rejections or notes.has(DoubtKind.PAGES))
    return GroupsReading(list(stated.values()), unassigned, is_whole)


def _people_of(unassigned: object, notes: Notes) -> list[GroupMemberRecord] | None:
    """Who is in no group, where the answer lists them; their rows decide nothing that could be lost."""
    people = unassigned.get("currentMembers") if isinstance(unassigned, dict) else None
    if not isinstance(people, list):
        return None
    return [row for row, _ in read_rows(GroupMemberRecord, people, Notes(notes.scope, notes.now))]


def _member_of(row: GroupMemberRecord, roster: Roster) -> int | None:
    """Whom a row of a group names; None for an id without an address that nobody knows."""
    return roster.known_id(identify(row.email, cursor_id=row.user_id))


def _members_of(rows: Iterable[GroupMemberRecord], roster: Roster) -> set[int]:
    """Whom the rows name, as far as they are known."""
    return {member_id for row in rows if (member_id := _member_of(row, roster)) is not None}


def _are_missing(reading: GroupsReading, roster: Roster) -> bool:
    """Whether somebody who was in a group is nowhere now: without one, everybody is in Unassigned."""
    stays = CursorGroupMembership.objects.filter(left_at__isnull=True, member__gone_at__isnull=True)
    listed = _members_of(reading.unassigned or [], roster)
    return not set(stays.values_list("member_id", flat=True)) <= listed


def _store_groups(reading: GroupsReading, at: datetime) -> Upserted:
    rows: dict[Key, Values] = {
        (stated.group.id,): (stated.group.name, stated.group.spend_cents, None) for stated in reading.groups
    }
    written = GROUPS.upsert(rows, CursorGroup.objects.all(), at)
    listed = [key[0] for key in rows]
    CursorGroup.objects.filter(cursor_id__in=listed).update(last_seen_at=at)
    return written


def _mark_gone(reading: GroupsReading, notes: Notes) -> None:
    """Mark the groups that the answer lacks, unless what it lacks is doubtful."""
    if reading.is_whole and not notes.has(DoubtKind.ABSENCE):
        listed = [stated.group.id for stated in reading.groups]
        missing = CursorGroup.objects.filter(gone_at__isnull=True).exclude(cursor_id__in=listed)
        missing.update(gone_at=notes.now)


def _store_stays(reading: GroupsReading, roster: Roster, notes: Notes) -> Upserted:
    at = notes.now
    people = [row for group in reading.groups for row in (*group.current, *group.former)]
    roster.admit({identify(row.email, cursor_id=row.user_id) for row in people if row.email}, at)
    ids = dict(CursorGroup.objects.values_list("cursor_id", "pk"))
    ends = STAYS.stored_values(CursorGroupMembership.objects.all())
    open_stays = {key[1]: key for key, (end,) in ends.items() if not end}  # of a member one at the most
    stays: dict[Key, Values] = {}
    current: dict[int, Key] = {}
    for stated in reading.groups:
        group_id = ids[stated.group.id]
        for row in stated.former:
            if row.joined_at and (member_id := _member_of(row, roster)):
                key = (group_id, member_id, row.joined_at)
                left_at = row.left_at or ends.get(key, (None,))[0] or at
                stays[key] = (max(left_at, row.joined_at),)
        for row in stated.current:
            member_id = _member_of(row, roster)
            if member_id is None:
                _doubt_stranger(row, stated.group, notes)
                continue
            stay = open_stays.get(member_id, ())
            joined_at = row.joined_at or (stay[2] if stay[:1] == (group_id,) else at)
            key = (group_id, member_id, joined_at)
            # Nobody is in two groups at once: where an answer says so, the one joined last counts.
            if member_id not in current or current[member_id][2] <= joined_at:
                current[member_id] = key
    _end_others(open_stays, current, reading, roster, notes)
    stays |= dict.fromkeys(current.values(), (None,))
    return STAYS.upsert(stays, CursorGroupMembership.objects.all(), at)


def _doubt_stranger(row: GroupMemberRecord, group: BillingGroup, notes: Notes) -> None:
    text = f"{row.user_id or 'somebody without id or address'} in {group.name} is not known: skipped"
    raw = row.model_dump(mode="json", warnings=False)  # an instant with a validator is serialized twice
    notes.doubt(DoubtKind.IDENTITY, text, subject=row.user_id, raw=raw)


def _end_others(
    open_stays: dict[int, Key], current: dict[int, Key], reading: GroupsReading, roster: Roster, notes: Notes
) -> None:
    """End the stays that the answer no longer has, before others begin: a member has one at a time."""
    over = {member_id: key for member_id, key in open_stays.items() if current.get(member_id) != key}
    unnamed = over.keys() - current.keys() - _named_elsewhere(reading, roster)
    staying = _staying(unnamed, len(open_stays), reading, notes)
    for member_id in over.keys() - staying:
        which = dict(zip(STAYS.key, over[member_id], strict=True))
        CursorGroupMembership.objects.filter(**which).update(left_at=notes.now)


def _staying(unnamed: set[int], all_stays: int, reading: GroupsReading, notes: Notes) -> set[int]:
    """Those whom the answer does not name at all and who stay where they are, since that is doubtful."""
    is_most = all_stays >= FEW_PEOPLE and len(unnamed) * 2 >= all_stays
    if is_most or not reading.is_whole:
        staying = unnamed
    elif reading.unassigned:
        staying = set(Member.objects.on_team().filter(pk__in=unnamed).values_list("pk", flat=True))
    else:
        staying = set()
    if staying:
        text = f"{len(staying)} members of groups are missing from the answer: they stay in their groups"
        notes.doubt(DoubtKind.ABSENCE, text, announced=all_stays, counted=all_stays - len(staying))
    return staying


def _named_elsewhere(reading: GroupsReading, roster: Roster) -> set[int]:
    """Members whom the answer names as having left a group, or as being in none."""
    people = [*(reading.unassigned or []), *(row for group in reading.groups for row in group.former)]
    return _members_of(people, roster)

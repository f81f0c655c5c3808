"""Directory groups and the monthly limits that Cursor holds their members to.

Read with the billing groups. Not every key and plan has them: without an answer, what is stored stays.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from collector.base.notes import Notes
from collector.base.upsert import FactTable, Key, Values
from collector.cursor.client import CursorClient
from collector.cursor.envelopes import ListAnswer
from collector.cursor.errors import CursorApiError
from collector.cursor.group_records import (
    BillingGroup,
    DirectoryGroupRecord,
    DirectoryGroupsAnswer,
    DirectoryMember,
    DirectoryMembersAnswer,
)
from collector.cursor.lists import read_list
from collector.cursor.rows import R, read_rows
from collector.facts.roster import Roster, identify
from collector.models import CursorGroup, DirectoryGroup

log = logging.getLogger(__name__)

PATH = "/teams/directory-groups"
PAGE_SIZE = 100
TABLE = FactTable(
    DirectoryGroup,
    key=("cursor_id",),
    values=("name", "monthly_limit_dollars", "gone_at"),
    stamp=("last_seen_at",),
    first_stamp=("first_seen_at",),
)


@dataclass(frozen=True)
class DirectoryReading:
    """All directory groups, and the people of those whose limit no billing group ties to members."""

    groups: list[DirectoryGroupRecord]
    people: dict[str, list[DirectoryMember]] = field(default_factory=dict)  # by group id


def read_directory(
    client: CursorClient, billing: list[BillingGroup], notes: Notes
) -> DirectoryReading | None:
    """Every directory group; None where the API does not answer, which costs the billing groups nothing."""
    tied = {group.directory_group_id for group in billing}
    try:
        groups = _read_list(client, PATH, DirectoryGroupsAnswer, DirectoryGroupRecord, notes)
        alone = [group for group in groups if _limit(group) is not None and group.id not in tied]
        return DirectoryReading(groups, {group.id: _read_people(client, group.id, notes) for group in alone})
    except CursorApiError as error:
        log.info("directory groups were not read: %s", error)
        return None


def store_directory(
    reading: DirectoryReading,
    billing: list[BillingGroup],
    tied: dict[str, set[int]],
    roster: Roster,
    at: datetime,
) -> None:
    """Bring the directory groups to what was read and tie billing groups to theirs, inside `writing()`."""
    rows: dict[Key, Values] = {(row.id,): (row.name, _limit(row), None) for row in reading.groups}
    TABLE.upsert(rows, DirectoryGroup.objects.all(), at)
    listed = DirectoryGroup.objects.filter(cursor_id__in=[row.id for row in reading.groups])
    listed.update(last_seen_at=at)
    gone = DirectoryGroup.objects.filter(gone_at__isnull=True).exclude(pk__in=listed)
    gone.update(gone_at=at, monthly_limit_dollars=None)
    ids = dict(DirectoryGroup.objects.values_list("cursor_id", "pk"))
    directories = dict(CursorGroup.objects.values_list("cursor_id", "directory_group"))
    for group in billing:
        if directories.get(group.id) != (directory := ids.get(group.directory_group_id)):
            CursorGroup.objects.filter(cursor_id=group.id).update(directory_group=directory)
    _store_members(reading, tied, roster)


def _store_members(reading: DirectoryReading, tied: dict[str, set[int]], roster: Roster) -> None:
    """The members each limit applies to: those on its own list, or those of the billing group tied to it."""
    for directory in DirectoryGroup.objects.filter(monthly_limit_dollars__isnull=False):
        people = reading.people.get(directory.cursor_id, [])
        named = {roster.known_id(identify(person.email, cursor_id=person.user_id)) for person in people}
        members = {pk for pk in named if pk is not None} or tied.get(directory.cursor_id, set())
        directory.members.set(members)


def _read_list(
    client: CursorClient, path: str, answer: type[ListAnswer], record: type[R], notes: Notes
) -> list[R]:
    _, raws = read_list(client, path, answer, notes, page_size=PAGE_SIZE)
    return [row for row, _ in read_rows(record, raws, notes, where=path)]


def _read_people(client: CursorClient, group_id: str, notes: Notes) -> list[DirectoryMember]:
    path = f"{PATH}/{group_id}/members"
    people = _read_list(client, path, DirectoryMembersAnswer, DirectoryMember, notes)
    return [person for person in people if person.email or person.user_id]


def _limit(record: DirectoryGroupRecord) -> Decimal | None:
    dollars = record.monthly_spending_limit_dollars
    return None if dollars is None else dollars.quantize(Decimal("0.01"))

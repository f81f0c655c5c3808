"""Directory groups and the monthly limits that Cursor holds their members to.

Read with the billing groups. Not every key and plan has them: without an answer what is known stays as it is.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.pages import Page, read_all
from collector.cursor.records import (
    BillingGroup,
    DirectoryGroupRecord,
    DirectoryGroupsAnswer,
    DirectoryMember,
    DirectoryMembersAnswer,
    parse,
)
from collector.models import CursorGroup, DirectoryGroup, Member

log = logging.getLogger(__name__)

PATH = "/teams/directory-groups"
PAGE_SIZE = 100


@dataclass(frozen=True)
class DirectoryReading:
    """All directory groups, and the people of those whose limit no billing group ties to members."""

    groups: list[DirectoryGroupRecord]
    emails: dict[str, set[str]] = field(default_factory=dict)  # by group id


def read_directory(client: CursorClient, billing: list[BillingGroup]) -> DirectoryReading | None:
    """Every directory group; None where the API does not answer, which costs the billing groups nothing."""
    tied = {group.directory_group_id for group in billing}
    try:
        groups = _read_groups(client)
        alone = [each for each in groups if _limit(each) is not None and each.id not in tied]
        return DirectoryReading(groups, {each.id: _read_emails(client, each.id) for each in alone})
    except CursorApiError as error:
        log.info("directory groups were not read: %s", error)
        return None


def store_directory(reading: DirectoryReading, billing: list[BillingGroup], at: datetime) -> None:
    """Bring the directory groups to what was read and tie billing groups to theirs, inside `writing()`."""
    for each in reading.groups:
        DirectoryGroup.objects.update_or_create(
            cursor_id=each.id,
            defaults={
                "name": each.name,
                "monthly_limit_dollars": _limit(each),
                "last_seen_at": at,
                "gone_at": None,
            },
            create_defaults={
                "name": each.name,
                "monthly_limit_dollars": _limit(each),
                "first_seen_at": at,
                "last_seen_at": at,
            },
        )
    listed = [each.id for each in reading.groups]
    gone = DirectoryGroup.objects.filter(gone_at__isnull=True).exclude(cursor_id__in=listed)
    gone.update(gone_at=at, monthly_limit_dollars=None)
    ids = dict(DirectoryGroup.objects.values_list("cursor_id", "pk"))
    for group in billing:
        CursorGroup.objects.filter(cursor_id=group.id).update(
            directory_group=ids.get(group.directory_group_id)
        )
    _store_members(reading, billing)


def _store_members(reading: DirectoryReading, billing: list[BillingGroup]) -> None:
    """Whom each limit holds for: its own list's members, or those of the billing group tied to it."""
    tied = {group.directory_group_id: {each.email for each in group.current_members} for group in billing}
    for directory in DirectoryGroup.objects.filter(monthly_limit_dollars__isnull=False):
        emails = reading.emails.get(directory.cursor_id) or tied.get(directory.cursor_id, set())
        directory.members.set(Member.objects.filter(email__in=emails))


def _read_groups(client: CursorClient) -> list[DirectoryGroupRecord]:
    def ask(number: int) -> Page[DirectoryGroupRecord]:
        payload = client.get(PATH, {"page": number, "pageSize": PAGE_SIZE}).payload
        answer = parse(DirectoryGroupsAnswer, payload, PATH)
        more = answer.pagination is not None and answer.pagination.has_more(number)
        return Page(answer.groups, None, more)

    return list(read_all(PATH, ask).rows())


def _read_emails(client: CursorClient, group_id: str) -> set[str]:
    path = f"{PATH}/{group_id}/members"

    def ask(number: int) -> Page[DirectoryMember]:
        payload = client.get(path, {"page": number, "pageSize": PAGE_SIZE}).payload
        answer = parse(DirectoryMembersAnswer, payload, path)
        more = answer.pagination is not None and answer.pagination.has_more(number)
        return Page(answer.members, None, more)

    return {each.email for each in read_all(path, ask).rows() if each.email}


def _limit(record: DirectoryGroupRecord) -> Decimal | None:
    dollars = record.monthly_spending_limit_dollars
    return None if dollars is None else dollars.quantize(Decimal("0.01"))

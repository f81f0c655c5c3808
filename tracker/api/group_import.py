"""`/api/groups/import`: groups from HiBob's People Directory CSV, shown first and applied on request."""

import io
from datetime import datetime
from typing import Annotated

from django.utils import timezone
from ninja import Field, Router, Schema
from pydantic import BeforeValidator

from collector.base.csv_files import FileError, Problems
from collector.base.days import utc_day
from collector.models import Member
from groups.assignments.changes import ChangeRefused
from groups.assignments.membership import current
from groups.imports import apply as imports
from groups.imports.people import Target
from groups.imports.plan import Plan
from groups.models import GroupImport
from groups.names import UNASSIGNED_NAME
from tracker.access.request import AccessRequest
from tracker.api.auth import administers
from tracker.api.errors import OF_A_BODY, ApiError, documented
from tracker.api.schemas import Email, Strict, Text, at

router = Router(tags=["groups"])
# Characters; a People Directory of a thousand people is a tenth of it.
MOST_CSV = 2_000_000
KIND = GroupImport.FileKind.HIBOB
GroupName = Annotated[str, BeforeValidator(lambda name: name or UNASSIGNED_NAME)]


class Import(Strict):
    csv: Annotated[Text, Field(max_length=MOST_CSV)]
    apply: bool = False
    selectedEmails: list[Email] | None = Field(
        None, max_length=20_000, description="Members whose changes to apply; by default all of them."
    )


class Change(Schema):
    email: str
    name: str
    department: str
    title: str
    currentGroup: GroupName = at("current")
    newGroup: GroupName = at("new")


class PlannedGroup(Schema):
    name: str
    memberCount: int


class NoMatch(Schema):
    email: str
    name: str
    currentGroup: str


class GroupImportPreview(Schema):
    totalMembers: int
    matched: int
    moves: int
    keeps: int
    noMatch: int
    changes: list[Change]
    groups: list[PlannedGroup]
    noMatchMembers: list[NoMatch] = Field(
        description="Members who are not in the file. They keep their group."
    )
    notMembers: list[str] = Field(description="People in the file who have no seat.")
    problems: list[str] = Field(description="Lines of the file that were skipped, and why.")
    applied: int | None = Field(
        default=None, description="Number of members moved; null until the import is applied."
    )


@router.post(
    "/groups/import", auth=administers, response={200: GroupImportPreview, **documented(409, *OF_A_BODY)}
)
def import_groups(request: AccessRequest, body: Import) -> dict[str, object]:
    """What HiBob's People Directory CSV would change; with `apply` it is done, in one transaction."""
    now = timezone.now()
    try:
        problems = Problems()
        targets = imports.read_targets(KIND, io.BytesIO(body.csv.encode()), problems)
        preview = preview_of(imports.plan_of(KIND, targets, utc_day(now), problems.report), targets, now)
        if body.apply:
            by = request.access.name
            preview["applied"] = apply_file(body, by, now)
            request.audit_detail = f"{preview['applied']} moved"
    except FileError as error:
        raise ApiError(400, str(error), {"csv": str(error)}) from error
    except ChangeRefused as refusal:
        raise ApiError(409, str(refusal)) from refusal
    return preview


def apply_file(body: Import, by: str, now: datetime) -> int:
    """Apply the file's changes, or only those of selected members; return the number of members moved."""
    file = io.BytesIO(body.csv.encode())
    group_import = imports.upload(KIND, file, name="API", from_day=utc_day(now), by=by, now=now)
    return imports.apply_unseen(group_import, body.selectedEmails, by=by, now=now).moved


def preview_of(plan: Plan, targets: list[Target], now: datetime) -> dict[str, object]:
    return {
        "totalMembers": Member.objects.on_team().count(),
        "matched": len(targets) - len(plan.not_members),
        "moves": len(plan.moves),
        "keeps": plan.stays + len(plan.undecided),
        "noMatch": len(plan.not_in_file),
        "changes": plan.moves,
        "groups": [PlannedGroup(name=name, memberCount=size) for name, size in plan.sizes.items() if name],
        "noMatchMembers": no_match(plan.not_in_file, now),
        "notMembers": plan.not_members,
        "problems": plan.problems,
    }


def no_match(emails: list[str], now: datetime) -> list[NoMatch]:
    group_ids = current(utc_day(now))
    members = Member.objects.in_bulk(emails, field_name="email")
    return [
        NoMatch(email=email, name=member.name, currentGroup=group.name if group else UNASSIGNED_NAME)
        for email in emails
        for member in [members[email]]
        for group in [group_ids[member.pk]]
    ]

"""`/api/groups`: billing groups, and changing them."""

from datetime import datetime
from typing import Annotated, Any, Literal

from django.utils import timezone
from ninja import Field, Router, Schema

from collector.base.days import utc_day
from collector.base.money import round_cents
from collector.models import Member
from groups.assignments import changes
from groups.assignments.changes import ChangeRefused
from groups.assignments.membership import UNASSIGNED
from groups.models import Group
from groups.names import UNASSIGNED_NAME
from groups.reporting import summary
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.api.auth import administers
from tracker.api.errors import OF_A_BODY, ApiError, documented
from tracker.api.schemas import Email, Strict, Text, at

router = Router(tags=["groups"])

# Ids are numbers, but scripts may quote them.
Id = Annotated[int, Field(ge=0, le=2**63 - 1)]


class GroupMember(Schema):
    email: str = at("shown_email")
    name: str = at("shown_name")


class GroupRow(Schema):
    id: int
    name: str = Field(description="The whole path: Parent > Team.")
    member_count: int
    spend_cents: int = Field(
        description="Spend in the current billing cycle, by the group that a member was in on each day."
    )
    emails: list[str]
    members: list[GroupMember]


class GroupChange(Strict):
    action: Literal["rename", "create", "assign"]
    groupId: Id | None = Field(None, description="For rename.")
    name: Annotated[Text, Field(max_length=400)] | None = Field(None, description="For rename and create.")
    email: Email | None = Field(None, description="For assign.")
    targetGroupId: Id | None = Field(None, description="For assign; 0 is Unassigned.")


class Changed(Schema):
    ok: bool
    id: int = Field(description="The group's; 0 is Unassigned.")
    name: str


@router.get("/groups", response={200: list[GroupRow], **documented()})
def read_groups(request: AccessRequest) -> list[dict[str, object]]:
    """Every group with its members now and its spend in the current cycle."""
    now = timezone.now()
    visible = visible_ids(request.access, utc_day(now))
    rows = [row for row in summary.summaries(now) if row.id != UNASSIGNED]
    if visible is not None:
        rows = [row for row in rows if any(member.pk in visible for member in row.members)]
    return [group_row(row) for row in rows]


@router.patch("/groups", auth=administers, response={200: Changed, **documented(404, 409, *OF_A_BODY)})
def change_group(request: AccessRequest, body: GroupChange) -> Changed:
    """Rename a group, create one, or assign a member to one from today. 409 where that cannot be done."""
    now = timezone.now()
    try:
        group = perform(body, request.access.name, now)
    except ChangeRefused as refusal:
        raise ApiError(409, str(refusal)) from refusal
    name = group.name if group else UNASSIGNED_NAME
    request.audit_detail = {
        "create": f"added the group “{name}”",
        "rename": f"changed the name of a group to “{name}”",
    }.get(body.action, f"changed the group of {body.email} to “{name}”")
    return Changed(ok=True, id=group.pk if group else UNASSIGNED, name=name)


def perform(body: GroupChange, by: str, now: datetime) -> Group | None:
    """Do what `body` asks; the group it was done to, None for Unassigned."""
    if body.action == "create":
        return changes.create(required_value(body, "name"), now=now)
    if body.action == "rename":
        group = find_group(required_value(body, "groupId"))
        changes.rename(group, required_value(body, "name"), now=now)
        return group
    member = find_member(required_value(body, "email"))
    target = required_value(body, "targetGroupId")
    into = None if target == UNASSIGNED else find_group(target)
    changes.move([member.pk], into, utc_day(now), by=by, now=now)
    return into


def required_value(body: GroupChange, field: str) -> Any:
    """The value of `field`; `ApiError` 400 if the action has no such value."""
    value = getattr(body, field)
    if value is None:
        message = f"The action “{body.action}” needs {field}."
        raise ApiError(400, message, {field: message})
    return value


def find_group(pk: int) -> Group:
    group = Group.objects.open().filter(pk=pk).first()
    if group is None:
        raise ApiError(404, f"There is no group {pk}. GET /api/groups lists them.")
    return group


def find_member(email: str) -> Member:
    member = Member.objects.by_address(email)
    if member is None:
        raise ApiError(404, f"There is no member {email}. GET /api/stats lists them.")
    return member


def group_row(row: summary.GroupSummary) -> dict[str, object]:
    return {
        "id": row.id,
        "name": row.name,
        "member_count": len(row.members),
        "spend_cents": round_cents(row.spend_cents),
        "emails": [member.shown_email for member in row.members],
        "members": row.members,
    }

"""Billing groups and directory groups as typed records.

Documentation: cursor.com/docs/account/teams/admin-api, read in Aug 2026.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AliasChoices, Field, model_validator

from .envelopes import ListAnswer, NoObject
from .values import IN_ORDER, Email, Id, Limit, Name, Record, SomeCents, SomeInstant, with_null_as


class GroupMemberRecord(Record):
    email: Email = ""
    user_id: Id = ""
    joined_at: SomeInstant = None
    left_at: SomeInstant = None


class BillingGroup(Record):
    """A group. It is rejected without its list of members, because an empty one would lose everybody."""

    id: Id
    name: Name
    directory_group_id: Id = ""
    spend_cents: SomeCents = None
    # Answers to changes have `members`.
    current_members: list[object] = Field(validation_alias=AliasChoices("currentMembers", "members"))
    former_members: list[object] | None = None

    @model_validator(mode="before")
    @classmethod
    def read_null(cls, value: object) -> object:
        return with_null_as(value, ("currentMembers", "members"), [])

    @model_validator(mode="after")
    def check_name(self) -> BillingGroup:
        if not (self.id and self.name):
            raise ValueError("a group without an id or a name")
        return self


class StatedCycle(Record):
    """The cycle whose spend an answer has, to the day."""

    cycle_start: SomeInstant = None


class GroupsAnswer(ListAnswer):
    """GET /teams/groups; documented as one answer."""

    rows: list[object] = Field(validation_alias="groups")
    unassigned_group: object = None
    billing_cycle: Annotated[StatedCycle | NoObject, IN_ORDER] = None


class DirectoryGroupRecord(Record):
    id: Id
    name: Name = ""
    monthly_spending_limit_dollars: Limit = None


class DirectoryGroupsAnswer(ListAnswer):
    """GET /teams/directory-groups."""

    rows: list[object] = Field(validation_alias="groups")


class DirectoryMember(Record):
    email: Email = ""
    user_id: Id = ""


class DirectoryMembersAnswer(ListAnswer):
    """GET /teams/directory-groups/:id/members."""

    rows: list[object] = Field(validation_alias="members")

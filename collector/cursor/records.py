"""Answers of the Admin API as typed records, read at the border.

Documentation: cursor.com/docs/account/teams/admin-api, read in Aug 2026. Fields with a default may be
missing from an answer; one without that is missing or mistyped makes the whole answer unbelievable.
"""

from __future__ import annotations

from typing import Any, TypeVar

from pydantic import AliasChoices, Field, ValidationError

from .errors import wrong_shape
from .values import (
    Cents,
    Count,
    Day,
    Email,
    Flag,
    Id,
    Instant,
    ModelName,
    Name,
    Number,
    Record,
    Short,
    Tokens,
)

R = TypeVar("R", bound=Record)


def parse(record: type[R], payload: Any, where: str) -> R:
    """`payload` as `record`; CursorApiError naming the first field that is missing or mistyped."""
    try:
        return record.model_validate(payload)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"]) or "the answer"
        problem = first["msg"].removeprefix("Value error, ")
        raise wrong_shape(where, f"unexpected answer: {field}: {problem}") from None


class TeamMember(Record):
    email: Email
    id: Id = ""
    name: Name = ""
    role: Short = ""
    is_removed: Flag = False


class MembersAnswer(Record):
    """GET /teams/members."""

    team_members: list[TeamMember]


class MemberSpend(Record):
    user_id: Id = ""
    name: Name = ""
    email: Email = ""
    role: Short = ""
    spend_cents: Cents | None = None
    overall_spend_cents: Cents | None = None
    included_spend_cents: Cents | None = None
    fast_premium_requests: Count = 0
    hard_limit_override_dollars: Number | None = None
    monthly_limit_dollars: Number | None = None
    effective_per_user_limit_dollars: Number | None = None


class SpendAnswer(Record):
    """POST /teams/spend; the cycle's start is an instant, not a midnight."""

    team_member_spend: list[MemberSpend]
    subscription_cycle_start: Instant
    total_members: Count
    total_pages: Count


class Pagination(Record):
    """The envelope of most paged answers; every part may be missing."""

    current_page: Count | None = Field(None, validation_alias=AliasChoices("currentPage", "page"))
    num_pages: Count | None = Field(None, validation_alias=AliasChoices("numPages", "totalPages"))
    has_next_page: bool | None = None
    total_users: Count | None = None

    def has_more(self, page: int) -> bool:
        """Whether a page follows `page`; without `hasNextPage` the number of pages decides."""
        if self.has_next_page is not None:
            return self.has_next_page
        return page < (self.num_pages or 0)


class TokenUsage(Record):
    input_tokens: Tokens | None = None
    output_tokens: Tokens | None = None
    cache_write_tokens: Tokens | None = None
    cache_read_tokens: Tokens | None = None
    total_cents: Cents | None = None
    discount_percent_off: Number | None = None


class EventRecord(Record):
    """One usage event. `kind` was `kindLabel` in 2025; old answers lack chargedCents and isChargeable."""

    timestamp: Instant
    user_email: Email = ""
    user_id: Id = ""
    service_account_id: Id = ""
    service_account_name: Name = ""
    cloud_agent_id: Id = ""
    automation_id: Id = ""
    conversation_id: Id = ""
    model: ModelName = ""
    kind: Id = Field("", validation_alias=AliasChoices("kind", "kindLabel"))
    max_mode: Flag = False
    requests_costs: Number | None = None
    is_token_based_call: Flag = False
    is_chargeable: bool | None = None
    is_headless: Flag = False
    is_free_bugbot: Flag = False
    token_usage: TokenUsage | None = None
    charged_cents: Cents | None = None
    cursor_token_fee: Cents | None = None


class EventsAnswer(Record):
    """POST /teams/filtered-usage-events."""

    total_usage_events_count: Count
    pagination: Pagination
    usage_events: list[EventRecord] = Field(
        validation_alias=AliasChoices("usageEvents", "usageEventsDisplay")
    )


class ActivityRecord(Record):
    """One member's day. `userId` is a number of its own, unlike every other id."""

    day: Day
    user_id: Short = ""
    email: Email = ""
    is_active: Flag = False
    total_lines_added: Count = 0
    total_lines_deleted: Count = 0
    accepted_lines_added: Count = 0
    accepted_lines_deleted: Count = 0
    total_applies: Count = 0
    total_accepts: Count = 0
    total_rejects: Count = 0
    total_tabs_shown: Count = 0
    total_tabs_accepted: Count = 0
    composer_requests: Count = 0
    chat_requests: Count = 0
    agent_requests: Count = 0
    cmdk_usages: Count = 0
    subscription_included_reqs: Count = 0
    api_key_reqs: Count = 0
    usage_based_reqs: Count = 0
    bugbot_usages: Count = 0
    most_used_model: ModelName = ""
    apply_most_used_extension: Short = ""
    tab_most_used_extension: Short = ""
    client_version: Short = ""


class ActivityAnswer(Record):
    """POST /teams/daily-usage-data; a page holds whole users, each with all their days."""

    data: list[ActivityRecord]
    pagination: Pagination | None = None


class GroupMemberRecord(Record):
    email: Email
    user_id: Id = ""
    joined_at: Instant
    left_at: Instant | None = None


class BillingGroup(Record):
    id: Id
    name: Name
    directory_group_id: Id = ""
    spend_cents: Cents | None = None
    current_members: list[GroupMemberRecord]  # taken for none where it is missing, it would empty the group
    former_members: list[GroupMemberRecord] = []


class Unassigned(Record):
    """Those in no group; read only to tell whether an answer without groups can be true."""

    current_members: list[GroupMemberRecord] = []


class GroupsAnswer(Record):
    """GET /teams/groups."""

    groups: list[BillingGroup]
    unassigned_group: Unassigned | None = None


class DirectoryGroupRecord(Record):
    id: Id
    name: Name = ""
    monthly_spending_limit_dollars: Number | None = None


class DirectoryGroupsAnswer(Record):
    """GET /teams/directory-groups."""

    groups: list[DirectoryGroupRecord]
    pagination: Pagination | None = None


class DirectoryMember(Record):
    email: Email = ""
    user_id: Id = ""


class DirectoryMembersAnswer(Record):
    """GET /teams/directory-groups/:id/members."""

    members: list[DirectoryMember]
    pagination: Pagination | None = None


class LimitAnswer(Record):
    """POST /teams/user-spend-limit; the outcome is `success` or `error`, whatever the status."""

    outcome: Short
    message: Name = ""

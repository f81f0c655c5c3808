"""Answers of the Admin API as typed records: `rows` reads them, one by one.

Documentation: cursor.com/docs/account/teams/admin-api, read in Aug 2026.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any

from pydantic import (
    AliasChoices,
    Field,
    ValidationInfo,
    model_validator,
)

from collector.base.plausibility import ImplausibleValue, plausible_day

from .envelopes import ListAnswer, NoObject
from .kinds import is_free_kind
from .values import (
    IN_ORDER,
    Cents,
    Charge,
    Email,
    Flag,
    Id,
    Instant,
    Limit,
    ModelName,
    Name,
    OptionalFlag,
    Percent,
    Record,
    RowContext,
    Short,
    SomeCents,
    SomeCharge,
    SomeCount,
    SomeDay,
    Tokens,
    Units,
    read_time,
)


class TeamMember(Record):
    email: Email = ""
    id: Id = ""
    name: Name = ""
    role: Short = ""
    is_removed: Flag = False

    @model_validator(mode="after")
    def check_identity(self) -> TeamMember:
        if not (self.email or self.id):
            raise ValueError("has neither an e-mail nor an id")
        return self


class MembersAnswer(ListAnswer):
    """GET /teams/members; documented as one answer."""

    rows: list[object] = Field(validation_alias="teamMembers")


class MemberSpend(Record):
    user_id: Id = ""
    name: Name = ""
    email: Email = ""
    role: Short = ""
    spend_cents: Cents | None = None
    overall_spend_cents: Cents | None = None
    included_spend_cents: SomeCents = None
    fast_premium_requests: SomeCount = None
    hard_limit_override_dollars: Limit = None
    monthly_limit_dollars: Limit = None
    effective_per_user_limit_dollars: Limit = None

    @model_validator(mode="after")
    def check_amount(self) -> MemberSpend:
        if self.spend_cents is None and self.overall_spend_cents is None:
            raise ValueError("neither spendCents nor overallSpendCents is given")
        return self


class SpendAnswer(ListAnswer):
    """POST /teams/spend; the cycle's start is an instant, not a midnight."""

    rows: list[object] = Field(validation_alias="teamMemberSpend")
    subscription_cycle_start: object = None


class TokenUsage(Record):
    input_tokens: Tokens = None
    output_tokens: Tokens = None
    cache_write_tokens: Tokens = None
    cache_read_tokens: Tokens = None
    total_cents: SomeCharge = None
    discount_percent_off: Percent = None


class EventRecord(Record):
    """One usage event. `kind` was `kindLabel` in 2025; old answers have no chargedCents and isChargeable."""

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
    requests_costs: Units = None
    is_token_based_call: Flag = False
    is_chargeable: OptionalFlag = None
    is_headless: Flag = False
    is_free_bugbot: Flag = False
    token_usage: Annotated[TokenUsage | NoObject, IN_ORDER] = None
    charged_cents: Charge | None = None
    cursor_token_fee: SomeCharge = None

    @property
    def is_free(self) -> bool:
        """Whether its kind says that it was not charged."""
        return is_free_kind(self.kind)

    @model_validator(mode="after")
    def check_cost(self, info: ValidationInfo) -> EventRecord:
        """Reject an amount that cannot be read, since it must not count as no amount."""
        if self.charged_cents is None and isinstance(info.context, RowContext) and not self.is_free:
            for name, problem, _ in info.context.doubts:
                if name in ("total_cents", "token_usage"):
                    raise ValueError(f"chargedCents is missing, and {self.vendor_name(name)} {problem}")
        return self


class EventsAnswer(ListAnswer):
    """POST /teams/filtered-usage-events."""

    total_usage_events_count: SomeCount = None
    rows: list[object] = Field(validation_alias=AliasChoices("usageEvents", "usageEventsDisplay"))

    @property
    def total(self) -> int | None:
        stated = self.total_usage_events_count
        return self.pagination.total_rows if stated is None and self.pagination else stated

    @model_validator(mode="before")
    @classmethod
    def check_answer(cls, value: object) -> object:
        expected = {"totalUsageEventsCount", "usageEvents", "usageEventsDisplay"}
        if isinstance(value, dict) and not expected & value.keys():
            raise ValueError("neither totalUsageEventsCount nor usageEvents is given")
        return value


class ActivityRecord(Record):
    """One member's day. `userId` is a number of its own, unlike every other id; in 2025 only `date` came.

    A count that cannot be read is None; one that is missing is 0, where others are given.
    """

    day: SomeDay = None
    date: Any = None
    user_id: Id = ""
    email: Email = ""
    is_active: OptionalFlag = False
    lines_added: SomeCount = Field(0, validation_alias="totalLinesAdded")
    lines_deleted: SomeCount = Field(0, validation_alias="totalLinesDeleted")
    accepted_lines_added: SomeCount = 0
    accepted_lines_deleted: SomeCount = 0
    applies: SomeCount = Field(0, validation_alias="totalApplies")
    accepts: SomeCount = Field(0, validation_alias="totalAccepts")
    rejects: SomeCount = Field(0, validation_alias="totalRejects")
    tabs_shown: SomeCount = Field(0, validation_alias="totalTabsShown")
    tabs_accepted: SomeCount = Field(0, validation_alias="totalTabsAccepted")
    composer_requests: SomeCount = 0
    chat_requests: SomeCount = 0
    agent_requests: SomeCount = 0
    cmdk_usages: SomeCount = 0
    included_requests: SomeCount = Field(0, validation_alias="subscriptionIncludedReqs")
    api_key_requests: SomeCount = Field(0, validation_alias="apiKeyReqs")
    usage_based_requests: SomeCount = Field(0, validation_alias="usageBasedReqs")
    bugbot_usages: SomeCount = 0
    most_used_model: ModelName = ""
    apply_extension: Short = Field("", validation_alias="applyMostUsedExtension")
    tab_extension: Short = Field("", validation_alias="tabMostUsedExtension")
    client_version: Short = ""

    @model_validator(mode="after")
    def check_counts(self) -> ActivityRecord:
        if self.model_fields_set <= {"day", "date", "user_id", "email"}:
            raise ValueError("states no count")
        return self

    @model_validator(mode="after")
    def check_day(self, info: ValidationInfo) -> ActivityRecord:
        if self.day is None:
            try:
                self.day = read_time(plausible_day, self.date, info, field_name="date")
            except ImplausibleValue as problem:
                raise ValueError(f"neither day nor date contains a day: date {problem}") from None
        return self

    @property
    def on(self) -> date:
        """The UTC day."""
        assert self.day is not None  # noqa: S101  (the validator above)
        return self.day


class ActivityAnswer(ListAnswer):
    """POST /teams/daily-usage-data; a page holds whole users, each with all their days."""

    rows: list[object] = Field(validation_alias="data")


class AgentAnswer(Record):
    """GET /v1/agents/ID."""

    latest_run_id: Id = ""


class AgentRunAnswer(Record):
    """GET /v1/agents/ID/runs/RUN; the status is CREATING, RUNNING, FINISHED, ERROR, CANCELLED or EXPIRED."""

    status: Short


class LimitAnswer(Record):
    """POST /teams/user-spend-limit; the outcome is `success` or `error`, whatever the status."""

    outcome: Short
    message: Name = ""

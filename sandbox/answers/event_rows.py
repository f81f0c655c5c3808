"""Usage events as the API writes them."""

from typing import NamedTuple

from sandbox.company.columns import Events
from sandbox.company.draws import fractions
from sandbox.company.kinds import KIND_NAMES, Fate
from sandbox.company.members import Employee, MemberKind
from sandbox.company.prices import AUTO, MODELS
from sandbox.company.pricing import REQUEST_UNIT_MICRO, discount_percent
from sandbox.http import Row
from sandbox.state.agent_runs import agent_of
from sandbox.state.view import View

from .spelling import cents, event_email, uuid

MAX_MODE_TOKENS = 8_000_000
# Shares of the vendor's oddities; salts keep them apart.
NULL_SERVICE_SHARE, NULL_SERVICE = 0.03, 21
NO_CONVERSATION_SHARE, NO_CONVERSATION = 0.04, 22
NOT_TOKEN_BASED_SHARE, NOT_TOKEN_BASED = 0.02, 23


class _Event(NamedTuple):
    """One event's columns as plain numbers."""

    member: int
    occurred_ms: int
    model: int
    kind: int
    fate: int
    is_chargeable: bool
    is_headless: bool
    conversation: int
    charged_micro: int
    fee_micro: int
    is_max_mode: bool
    has_null_service: bool
    has_no_conversation: bool
    is_not_token_based: bool

    @property
    def has_tokens(self) -> bool:
        return self.fate in (Fate.COMPLETED, Fate.FREE)


def event_rows(view: View, events: Events) -> list[Row]:
    """Return one object per event, in the given order."""
    members = view.company.members
    pairs = zip(_plain(events), _token_usage(events), strict=True)
    rows = [_row(event, members[event.member], usage) for event, usage in pairs]
    return [_legacy(row) for row in rows] if view.behaviour.has_legacy_shapes else rows


def _plain(events: Events) -> list[_Event]:
    odd = {
        "is_max_mode": events.cache_read_tokens > MAX_MODE_TOKENS,
        "has_null_service": fractions(events.noise, NULL_SERVICE) < NULL_SERVICE_SHARE,
        "has_no_conversation": fractions(events.noise, NO_CONVERSATION) < NO_CONVERSATION_SHARE,
        "is_not_token_based": fractions(events.noise, NOT_TOKEN_BASED) < NOT_TOKEN_BASED_SHARE,
    }
    columns = [odd[name] if name in odd else getattr(events, name) for name in _Event._fields]
    return [_Event(*row) for row in zip(*(column.tolist() for column in columns), strict=True)]


def _row(event: _Event, member: Employee, token_usage: Row) -> Row:
    row: Row = {"timestamp": str(event.occurred_ms)}
    row |= _whose(event, member)
    if not event.has_no_conversation:
        row["conversationId"] = uuid(event.conversation)
    row |= {
        "model": MODELS[event.model].name,
        "kind": KIND_NAMES[event.kind],
        "maxMode": event.is_max_mode,
        "requestsCosts": _units(event.model, event.charged_micro),
        "isTokenBasedCall": event.has_tokens and not event.is_not_token_based,
        "isChargeable": event.is_chargeable,
        "isHeadless": event.is_headless,
    }
    if event.has_tokens:
        row["tokenUsage"] = token_usage
    if event.fee_micro:
        row["cursorTokenFee"] = cents(event.fee_micro)
    row["chargedCents"] = cents(event.charged_micro)
    return row


def _whose(event: _Event, member: Employee) -> Row:
    email = event_email(member)
    row: Row = {} if email is None else {"userEmail": email}
    if member.kind is MemberKind.SERVICE:
        row |= {"serviceAccountId": member.id, "serviceAccountName": member.name}
    elif member.kind is MemberKind.AUTOMATION:
        row["automationId"] = member.id
    elif event.has_null_service:
        row |= {"serviceAccountId": "null", "serviceAccountName": "null"}
    if member.is_human and event.is_headless:
        row["cloudAgentId"] = agent_of(event.conversation)
    return row


def _units(model: int, charged_micro: int) -> int | float:
    """Return request units, which are not money: Auto takes none, others about one per four cents."""
    if model == AUTO:
        return 0
    units = round(charged_micro / REQUEST_UNIT_MICRO, 1)
    return int(units) if units == int(units) else units


def _token_usage(events: Events) -> list[Row]:
    names = ("inputTokens", "outputTokens", "cacheWriteTokens", "cacheReadTokens")
    tokens = (events.input_tokens, events.output_tokens, events.cache_write_tokens, events.cache_read_tokens)
    rows: list[Row] = [
        dict(zip(names, row, strict=True)) for row in zip(*(c.tolist() for c in tokens), strict=True)
    ]
    for row, micro, discount in zip(
        rows, events.model_micro.tolist(), discount_percent(events).tolist(), strict=True
    ):
        row["totalCents"] = cents(micro)
        if discount:
            row["discountPercentOff"] = discount
    return rows


def _legacy(row: Row) -> Row:
    """Return the event in the format of 2025."""
    missing = {"kind", "chargedCents", "isChargeable", "isHeadless", "conversationId", "cursorTokenFee"}
    return {"kindLabel": row["kind"], "isFreeBugbot": False} | {
        k: v for k, v in row.items() if k not in missing
    }

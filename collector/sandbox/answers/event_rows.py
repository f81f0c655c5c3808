"""Usage events as the API writes them."""

from __future__ import annotations

from typing import Any

from ..company.columns import Events
from ..company.draws import fractions
from ..company.kinds import KIND_NAMES, Fate
from ..company.members import Member, MemberKind
from ..company.prices import AUTO, MODELS
from ..company.pricing import REQUEST_UNIT_MICRO, discount_percent
from ..view import View
from .spelling import cents, event_email, uuid

MAX_MODE_TOKENS = 8_000_000
# Shares of the vendor's oddities; salts keep them apart.
NULL_SERVICE_SHARE, NULL_SERVICE = 0.03, 21
NO_CONVERSATION_SHARE, NO_CONVERSATION = 0.04, 22
NOT_TOKEN_BASED_SHARE, NOT_TOKEN_BASED = 0.02, 23

Row = dict[str, Any]


def event_rows(view: View, events: Events) -> list[Row]:
    """Return one object per event, in the given order."""
    members = view.company.members
    columns = zip(
        events.member.tolist(),
        events.occurred_ms.tolist(),
        events.model.tolist(),
        events.kind.tolist(),
        events.fate.tolist(),
        events.is_chargeable.tolist(),
        events.is_headless.tolist(),
        events.conversation.tolist(),
        events.charged_micro.tolist(),
        events.fee_micro.tolist(),
        _flags(events),
        _token_usage(events),
        strict=True,
    )
    rows = [_row(members[member], *columns) for member, *columns in columns]
    return [_legacy(row) for row in rows] if view.behaviour.has_legacy_shapes else rows


def _row(
    member: Member,
    occurred_ms: int,
    model: int,
    kind: int,
    fate: int,
    is_chargeable: bool,
    is_headless: bool,
    conversation: int,
    charged_micro: int,
    fee_micro: int,
    flags: tuple[bool, bool, bool, bool],
    token_usage: Row,
) -> Row:
    has_null_service, has_no_conversation, is_not_token_based, is_max_mode = flags
    has_tokens = fate in (Fate.COMPLETED, Fate.FREE)
    row: Row = {"timestamp": str(occurred_ms)}
    row |= _whose(member, has_null_service, is_headless, conversation)
    if not has_no_conversation:
        row["conversationId"] = uuid(conversation)
    row |= {
        "model": MODELS[model].name,
        "kind": KIND_NAMES[kind],
        "maxMode": is_max_mode,
        "requestsCosts": _units(model, charged_micro),
        "isTokenBasedCall": has_tokens and not is_not_token_based,
        "isChargeable": is_chargeable,
        "isHeadless": is_headless,
    }
    if has_tokens:
        row["tokenUsage"] = token_usage
    if fee_micro:
        row["cursorTokenFee"] = cents(fee_micro)
    row["chargedCents"] = cents(charged_micro)
    return row


def _whose(member: Member, has_null_service: bool, is_headless: bool, conversation: int) -> Row:
    email = event_email(member)
    row: Row = {} if email is None else {"userEmail": email}
    if member.kind is MemberKind.SERVICE:
        row |= {"serviceAccountId": member.id, "serviceAccountName": member.name}
    elif member.kind is MemberKind.AUTOMATION:
        row["automationId"] = member.id
    elif has_null_service:
        row |= {"serviceAccountId": "null", "serviceAccountName": "null"}
    if member.is_human and is_headless:
        row["cloudAgentId"] = f"bc-{uuid(conversation + 1)}"
    return row


def _units(model: int, charged_micro: int) -> int | float:
    """Return request units, which are no money: Auto takes none, others about one per four cents."""
    if model == AUTO:
        return 0
    units = round(charged_micro / REQUEST_UNIT_MICRO, 1)
    return int(units) if units == int(units) else units


def _flags(events: Events) -> list[tuple[bool, bool, bool, bool]]:
    return list(
        zip(
            (fractions(events.noise, NULL_SERVICE) < NULL_SERVICE_SHARE).tolist(),
            (fractions(events.noise, NO_CONVERSATION) < NO_CONVERSATION_SHARE).tolist(),
            (fractions(events.noise, NOT_TOKEN_BASED) < NOT_TOKEN_BASED_SHARE).tolist(),
            (events.cache_read_tokens > MAX_MODE_TOKENS).tolist(),
            strict=True,
        )
    )


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
    """Return the event as answers of 2025 had it."""
    missing = {"kind", "chargedCents", "isChargeable", "isHeadless", "conversationId", "cursorTokenFee"}
    return {"kindLabel": row["kind"], "isFreeBugbot": False} | {
        k: v for k, v in row.items() if k not in missing
    }

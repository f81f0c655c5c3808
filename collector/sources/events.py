"""Usage events: the base of every figure about money."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple

from collector.base.days import utc_day
from collector.base.upsert import FactTable, Key, Values, writing
from collector.collecting import watermarks
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.events import read_parts
from collector.cursor.records import EventRecord, TokenUsage
from collector.facts import cycles, rollups
from collector.facts.roster import Identity, Roster, identify
from collector.facts.surfaces import is_by_bugbot
from collector.models import Source, UsageEvent

from .base import Progress, SyncResult, silent
from .owners import settle_owners

# What tells events of one instant, member and model apart: never revised, so their order stands.
LASTING = (
    "conversation_id",
    "cloud_agent_id",
    "automation_id",
    "is_headless",
    "is_max_mode",
    "is_token_based",
    "is_bugbot",
    "input_tokens",
    "output_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
)
# What the vendor may settle later.
REVISED = (
    "kind",
    "charged_cents",
    "cost_basis",
    "model_cents",
    "token_fee_cents",
    "discount_percent",
    "is_chargeable",
    "request_units",
    "origin",
)
TABLE = FactTable(
    UsageEvent,
    key=("member_id", "occurred_at", "model", "ordinal"),
    values=(*LASTING, *REVISED),
    stamp=("changed_at",),
    first_stamp=("first_seen_at",),
)
COST = {"charged_cents", "cost_basis", "model_cents", "token_fee_cents", "discount_percent"}
BASIS, KIND, IS_CHARGEABLE = map(TABLE.values.index, ("cost_basis", "kind", "is_chargeable"))
# How much is known of a cost, by what it rests on.
KNOWLEDGE = {
    UsageEvent.CostBasis.UNKNOWN.value: 0,
    UsageEvent.CostBasis.FILE.value: 1,
    UsageEvent.CostBasis.MODEL_COST.value: 1,
    UsageEvent.CostBasis.CHARGED.value: 2,
}
NO_TOKENS = TokenUsage()
PERCENT_PLACES = UNIT_PLACES = Decimal("0.0001")
# Old answers lack isChargeable; of their kinds these cost money.
CHARGEABLE_KINDS = ("usage-based", "usage_event_kind_usage_based", "on-demand")


class EventDraft(NamedTuple):
    """An event on its way from answer to table: whom it names, and its columns."""

    identity: Identity
    occurred_at: datetime
    model: str
    values: Values


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the events of `window` part by part; each part, its totals and the watermark go in together."""
    result = SyncResult()
    identities: dict[Identity, Identity] = {}
    for part, drafts in read_parts(client, window, lambda event: draft(event, identities)):
        stored = _store(part, drafts)
        result += stored
        progress(part, stored)
    return result


def _store(part: Window, drafts: list[EventDraft]) -> SyncResult:
    with writing():
        roster = Roster.load()
        roster.admit({each.identity for each in drafts}, part.read_at)
        rows = number_twins(drafts, roster)
        known = TABLE.known(UsageEvent.objects.between(part.start_at, part.end_at))
        moved = settle_owners(rows, known, roster)
        keep_costs(rows, known)
        written = TABLE.bring(rows, known, part.read_at)
        for day in cycles.reach_back_to(part.start_at):
            rollups.recompute_days(day, day, part.read_at)
        rollups.recompute({(key[0], utc_day(key[1])) for key in (*written.touched, *moved)}, part.read_at)
        watermarks.extend(Source.EVENTS, part.start_at, part.end_at)
    return SyncResult.of(len(drafts), written)


def number_twins(drafts: Iterable[EventDraft], roster: Roster) -> dict[Key, Values]:
    """Rows by identity. Events alike in instant, member and model are numbered by what never changes."""
    alike: dict[Key, list[Values]] = defaultdict(list)
    for each in drafts:
        alike[roster.member_id(each.identity), each.occurred_at, each.model].append(each.values)
    rows: dict[Key, Values] = {}
    for key, twins in alike.items():
        if len(twins) > 1:
            twins.sort(key=_lasting)
        for ordinal, values in enumerate(twins):
            rows[*key, ordinal] = values
    return rows


def keep_costs(rows: dict[Key, Values], known: dict[Key, Values]) -> None:
    """Let a cost stand that is left out now, of an event that is otherwise told as it was: it is no zero."""
    for key, row in rows.items():
        old = known.get(key)
        if old is None or KNOWLEDGE[row[BASIS]] >= KNOWLEDGE[old[BASIS]]:
            continue
        if (row[KIND], row[IS_CHARGEABLE]) == (old[KIND], old[IS_CHARGEABLE]):
            both = zip(TABLE.values, row, old, strict=True)
            rows[key] = tuple(before if name in COST else now for name, now, before in both)


def _lasting(values: Values) -> tuple[str, ...]:
    return tuple(map(str, values))


def draft(event: EventRecord, identities: dict[Identity, Identity]) -> EventDraft:
    """The columns of `event`; equal identities become one object, since there are few and many events."""
    identity = identify(
        event.user_email,
        service_account=event.service_account_id,
        service_name=event.service_account_name,
        number=event.user_id,
    )
    tokens = event.token_usage or NO_TOKENS
    charged, basis = cost_of(event)
    lasting = (
        event.conversation_id,
        event.cloud_agent_id,
        event.automation_id,
        event.is_headless,
        event.max_mode,
        event.is_token_based_call,
        is_by_bugbot(model=event.model, kind=event.kind, is_free=event.is_free_bugbot),
        tokens.input_tokens,
        tokens.output_tokens,
        tokens.cache_write_tokens,
        tokens.cache_read_tokens,
    )
    revised = (
        sys.intern(event.kind),
        charged,
        basis,
        tokens.total_cents,
        event.cursor_token_fee,
        _quantized(tokens.discount_percent_off, PERCENT_PLACES),
        is_chargeable(event),
        _quantized(event.requests_costs, UNIT_PLACES) or Decimal(0),
        UsageEvent.Origin.API.value,
    )
    return EventDraft(
        identities.setdefault(identity, identity),
        event.timestamp,
        sys.intern(event.model),
        lasting + revised,
    )


def cost_of(event: EventRecord) -> tuple[Decimal, str]:
    """What the event costs in cents, and what that rests on."""
    if event.charged_cents is not None:
        return event.charged_cents, UsageEvent.CostBasis.CHARGED.value
    if event.token_usage and event.token_usage.total_cents is not None:
        return event.token_usage.total_cents, UsageEvent.CostBasis.MODEL_COST.value
    return Decimal(0), UsageEvent.CostBasis.UNKNOWN.value


def is_chargeable(event: EventRecord) -> bool:
    if event.is_chargeable is not None:
        return event.is_chargeable
    return event.kind.lower() in CHARGEABLE_KINDS


def _quantized(value: Decimal | None, places: Decimal) -> Decimal | None:
    return None if value is None else value.quantize(places)

"""Usage events: the base of every figure about money."""

from __future__ import annotations

import sys
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple

from django.db.models import QuerySet

from collector.base.days import utc_day
from collector.base.notes import DoubtKind, Notes
from collector.base.upsert import FactTable, Key, Values, writing
from collector.collecting import watermarks
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.events import PATH, EventPart, EventReader
from collector.cursor.records import EventRecord, TokenUsage
from collector.facts import cycles, rollups
from collector.facts.doubts import store_notes
from collector.facts.roster import Identity, Roster, identify
from collector.facts.surfaces import is_by_bugbot
from collector.models import Doubt, Source, UsageEvent

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
# How the kinds begin that the vendor is known to use, in any spelling.
KNOWN_KINDS = (
    "usage based",
    "included",
    "errored",
    "aborted",
    "user api key",
    "free",
    "on demand",
    "custom subscription",
)
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
    reader = EventReader(
        client, lambda event, notes: draft(event, identities, notes), may_lack=_lacked_before()
    )
    try:
        for part in reader.parts_of(window):
            stored = _store(part)
            result += stored
            progress(part.window, stored)
    except CursorApiError as error:
        if error.notes:
            with writing():
                store_notes(Source.EVENTS, error.notes, window.read_at, settles=False)
        raise
    return result


def _lacked_before() -> bool:
    """Whether the last reading lacked announced events as well: then the vendor counts in another way."""
    lacking = Doubt.objects.still_open().filter(source=Source.EVENTS, scope=PATH, kind=DoubtKind.TOTAL)
    return lacking.exists()


def _store(part: EventPart[EventDraft]) -> SyncResult:
    window, drafts = part.window, part.events
    with writing():
        roster = Roster.load()
        roster.admit({each.identity for each in drafts}, window.read_at)
        rows = number_twins(drafts, roster)
        known = TABLE.known(_known_events(window, drafts))
        moved = settle_owners(rows, known, roster)
        keep_costs(rows, known)
        written = TABLE.bring(rows, known, window.read_at)
        for day in cycles.reach_back_to(window.start_at):
            rollups.recompute_days(day, day, window.read_at)
        touched = {(key[0], utc_day(key[1])) for key in (*written.touched, *moved)}
        rollups.recompute(touched, window.read_at)
        store_notes(Source.EVENTS, part.notes, window.read_at, covers=(window.start_at, window.end_at))
        watermarks.extend(Source.EVENTS, window.start_at, window.end_at)
    return SyncResult.of(len(drafts), written, noted=part.notes.size)


def _known_events(window: Window, drafts: list[EventDraft]) -> QuerySet[UsageEvent]:
    """The stored events of the window, and of instants beyond it that came all the same."""
    known = UsageEvent.objects.between(window.start_at, window.end_at)
    beyond = {each.occurred_at for each in drafts if not window.start_at <= each.occurred_at < window.end_at}
    return known | UsageEvent.objects.filter(occurred_at__in=beyond) if beyond else known


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


def draft(event: EventRecord, identities: dict[Identity, Identity], notes: Notes) -> EventDraft:
    """The columns of `event`; equal identities become one object, since there are few and many events."""
    identity = identify(
        event.user_email,
        service_account=event.service_account_id,
        service_name=event.service_account_name,
        number=event.user_id,
    )
    tokens = event.token_usage or NO_TOKENS
    charged, basis = cost_of(event)
    doubt_money(event, charged, notes)
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
    if event.is_free:
        # Answers of 2025 give such an event the model's cost, which nobody was charged.
        return Decimal(0), UsageEvent.CostBasis.UNKNOWN.value
    if event.token_usage and event.token_usage.total_cents is not None:
        return event.token_usage.total_cents, UsageEvent.CostBasis.MODEL_COST.value
    return Decimal(0), UsageEvent.CostBasis.UNKNOWN.value


def doubt_money(event: EventRecord, charged: Decimal, notes: Notes) -> None:
    """Note what is odd about an event's money; all of it counts."""
    at, kind = event.timestamp, event.kind
    if event.charged_cents is None and event.is_chargeable is not None and not event.is_free:
        text = "chargedCents is missing: the model's cost counts where it is given"
        notes.doubt(
            DoubtKind.FIGURE, text, subject="chargedCents", where="chargedCents", cents=charged, at=at
        )
    if not charged:
        return
    if charged < 0:
        notes.doubt(DoubtKind.NEGATIVE, "chargedCents is negative: counted as a credit", cents=charged, at=at)
    if event.is_free:
        text = f"the kind “{kind}” says that nothing was charged: chargedCents counts"
        notes.doubt(DoubtKind.UNKNOWN_KIND, text, subject=kind, where="kind", cents=charged, at=at)
    elif not is_known_kind(kind):
        text = f"the kind “{kind}” is not known: chargedCents counts"
        notes.doubt(DoubtKind.UNKNOWN_KIND, text, subject=kind, where="kind", cents=charged, at=at)


@lru_cache(1024)
def is_known_kind(kind: str) -> bool:
    """Whether the vendor is known to use `kind`, in any of its spellings."""
    plain = kind.lower().removeprefix("usage_event_kind_").replace("_", " ").replace("-", " ")
    return plain.startswith(KNOWN_KINDS)


def is_chargeable(event: EventRecord) -> bool:
    """Whether the event is billed; an answer without the flag goes by its kind."""
    if event.is_chargeable is not None:
        return event.is_chargeable
    return event.kind.lower() in CHARGEABLE_KINDS


def _quantized(value: Decimal | None, places: Decimal) -> Decimal | None:
    return None if value is None else value.quantize(places)

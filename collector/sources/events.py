"""Usage events: the base of every figure about money."""

import sys
from dataclasses import replace
from decimal import Decimal

from collector.base.cells import is_address
from collector.base.days import utc_day
from collector.base.garbage import rare_garbage_collection
from collector.base.notes import DoubtKind, Notes
from collector.base.upsert import writing
from collector.collecting import watermarks
from collector.collecting.known_hours import KnownHours, hour_number, stretches_beside
from collector.collecting.windows import MINUTE, Window
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, wrong_shape
from collector.cursor.events import PATH, EventPart, EventReader
from collector.cursor.kinds import is_billed_kind, is_known_kind
from collector.cursor.pages import ALL_UNREADABLE
from collector.cursor.records import EventRecord, TokenUsage
from collector.facts import cycles, rollups
from collector.facts.doubts import store_notes
from collector.facts.roster import Identity, Roster, identify
from collector.facts.surfaces import is_by_bugbot
from collector.models import Doubt, Source, UsageEvent

from .base import Progress, SyncResult, silent
from .event_rows import (
    TABLE,
    EventDraft,
    EventRows,
    EventValues,
    absurd_days,
    keep_costs,
    keep_known,
    number_twins,
    stored_rows,
    without_absurd,
)
from .owners import ROUNDING, settle_cut_instants, settle_owners

NO_TOKENS = TokenUsage()
PERCENT_PLACES = UNIT_PLACES = Decimal("0.0001")
NO_UNITS = Decimal(0)
CHARGED, MODEL_COST, UNKNOWN = (
    basis.value
    for basis in (UsageEvent.CostBasis.CHARGED, UsageEvent.CostBasis.MODEL_COST, UsageEvent.CostBasis.UNKNOWN)
)
ORIGIN = UsageEvent.Provenance.API.value


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the events of `window` part by part; each part, its totals and the watermark go in together."""
    result = SyncResult()
    hours = KnownHours.load(window)
    reader = EventReader(client, draft, _lacked_before(), hours)
    try:
        with rare_garbage_collection():
            for part in reader.parts_of(window):
                _check_costs(part)
                stored = _store(_without_absurd(part, hours), reader)
                result += stored
                progress(part.window, stored)
    except CursorApiError as error:
        if error.notes:
            with writing():
                store_notes(Source.EVENTS, error.notes, settles=False)
        raise
    return result


def _check_costs(part: EventPart[EventDraft]) -> None:
    """CursorApiError where all billed events lack a cost: once exports did, and it would be free usage.

    Answers of 2025 state requests of a request plan in units alone, which count as such. Nor does it concern
    an answer that is known in part, since that had costs, or none were to be had.
    """
    if part.known:
        return
    billed = [draft.columns for draft in part.events if draft.columns.is_chargeable]
    if len(billed) >= ALL_UNREADABLE and all(
        event.cost_basis == UNKNOWN and (event.is_token_based or not event.request_units) for event in billed
    ):
        error = wrong_shape(PATH, f"none of the {len(billed)} billed events has a cost")
        error.notes = part.notes
        raise error


def _without_absurd(part: EventPart[EventDraft], hours: KnownHours | None) -> EventPart[EventDraft]:
    """Without the largest events of a day that cost more than a team can spend, each of which is a doubt.

    CursorApiError where the others do, too: the amounts are in another unit, or not money.
    """
    kept, aside = without_absurd(part.events)
    for event in aside:
        part.notes.doubt(
            DoubtKind.TOO_MUCH,
            "the events of a day add up to more than a team can spend: its largest are not stored",
            subject=utc_day(event.occurred_at).isoformat(),
            where="chargedCents",
            cents=event.columns.charged_cents,
            at=event.occurred_at,
        )
        if hours:
            hours.noted.add(hour_number(event.occurred_at))
    if days := absurd_days(kept):
        error = wrong_shape(PATH, f"the events of {min(days)} add up to more than a team can spend")
        error.notes = part.notes
        raise error
    return replace(part, events=kept)


def _lacked_before() -> bool:
    """Whether the last reading lacked announced events too: then the vendor counts in another way."""
    lacking = Doubt.objects.still_open().filter(source=Source.EVENTS, scope=PATH, kind=DoubtKind.TOTAL)
    return lacking.exists()


def _store(part: EventPart[EventDraft], reader: EventReader[EventDraft]) -> SyncResult:
    window, hours = part.window, reader.hours
    with writing():
        roster = Roster.load()
        roster.admit({draft.identity for draft in part.events}, window.read_at)
        if part.known and hours and not hours.are_of(roster):
            part = reader.read_known(part)  # they may be somebody else's now
            roster.admit({draft.identity for draft in part.events}, window.read_at)
        rows = number_twins(part.events, roster)
        stored = _stored_events(part)
        moved = settle_cut_instants(rows, stored) + settle_owners(rows, stored, roster)
        keep_costs(rows, stored)
        keep_known(rows, stored)
        written = TABLE.bring(rows, stored, window.read_at)
        if hours:
            unlisted = {key.occurred_at for key in stored.keys() - rows.keys()}
            hours.remember(unlisted, roster, window.read_at)
        for day in cycles.reach_back_to(window.start_at):
            rollups.recompute_days(day, day, window.read_at)
        touched = {(key[0], utc_day(key[1])) for key in (*written.touched, *moved)}
        rollups.recompute(touched, window.read_at)
        store_notes(Source.EVENTS, part.notes, covers=window.span)
        watermarks.extend(Source.EVENTS, window)
    return SyncResult.of(len(part.events) + len(part.known), written, noted=part.notes.size)


def _stored_events(part: EventPart[EventDraft]) -> EventRows:
    """The stored events of the window but for those of known hours, also where a spreadsheet put them to the
    minute beside it, and of instants beyond it that the answer includes."""
    window = part.window
    beyond = {
        draft.occurred_at for draft in part.events if not window.start_at <= draft.occurred_at < window.end_at
    }
    stored = stored_rows(UsageEvent.objects.filter(occurred_at__in=beyond)) if beyond else {}
    for stretch in stretches_beside(
        {row.hour for row in part.known}, window.start_at - MINUTE, window.end_at + ROUNDING
    ):
        stored |= stored_rows(UsageEvent.objects.between(*stretch))
    return stored


def draft(event: EventRecord, notes: Notes) -> EventDraft:
    """Whom `event` names, and its columns."""
    identity = identify(
        event.user_email,
        service_account=event.service_account_id,
        service_name=event.service_account_name,
        number=event.user_id,
    )
    tokens = event.token_usage or NO_TOKENS
    charged, basis = cost_of(event)
    doubt_user(event, identity, notes)
    doubt_money(event, charged, notes)
    columns = EventValues(
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
        sys.intern(event.kind),
        charged,
        basis,
        tokens.total_cents,
        event.cursor_token_fee,
        _quantized(tokens.discount_percent_off, PERCENT_PLACES),
        is_chargeable(event),
        _quantized(event.requests_costs, UNIT_PLACES) or NO_UNITS,
        ORIGIN,
    )
    return EventDraft(identity, event.timestamp, sys.intern(event.model), columns)


def doubt_user(event: EventRecord, identity: Identity, notes: Notes) -> None:
    """Note a person's event that names neither an address nor an id, such as “(deleted)”."""
    user = event.user_email
    if user == identity.key and not is_address(user) and not event.service_account_id:
        text = f"“{user}” is not an e-mail address: counted under this name"
        notes.doubt(DoubtKind.IDENTITY, text, subject=user, where="userEmail", at=event.timestamp)


def cost_of(event: EventRecord) -> tuple[Decimal, str]:
    """What the event costs in cents, and what that rests on."""
    if event.charged_cents is not None:
        return event.charged_cents, CHARGED
    if event.is_free:
        # Answers of 2025 give such an event the model's cost, which nobody was charged.
        return Decimal(0), UNKNOWN
    if event.token_usage and event.token_usage.total_cents is not None:
        return event.token_usage.total_cents, MODEL_COST
    return Decimal(0), UNKNOWN


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


def is_chargeable(event: EventRecord) -> bool:
    """Whether the event is billed; an answer without the flag goes by its kind."""
    if event.is_chargeable is not None:
        return event.is_chargeable
    return is_billed_kind(event.kind)


def _quantized(value: Decimal | None, places: Decimal) -> Decimal | None:
    return None if value is None else value.quantize(places)

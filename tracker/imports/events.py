"""Events of cursor-usage-tracker. It stores its newest one again in every run; each is taken once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from collector.facts.roster import identify
from collector.imports.events import EventWriter, draft
from collector.models import UsageEvent
from collector.sources.events import CHARGEABLE_KINDS, UNIT_PLACES, EventDraft

from .database import ImportPart, TrackerDb, TrackerRow, amount, email, instant, number

COLUMNS = (
    "user_email",
    "timestamp",
    "model",
    "kind",
    "max_mode",
    "requests_cost_cents",
    "total_cents",
    "input_tokens",
    "output_tokens",
    "cache_read_tokens",
    "cache_write_tokens",
    "is_chargeable",
    "is_headless",
)
# Of rows alike the last one stored, since it has what the vendor settled later.
ONCE = (
    "WHERE rowid IN (SELECT MAX(rowid) FROM usage_events GROUP BY lower(user_email), timestamp, model) "
    "ORDER BY timestamp, rowid"
)


def import_events(db: TrackerDb, at: datetime) -> ImportPart:
    """Bring the file's events in, inside the caller's transaction; what the API has told stays."""
    part = ImportPart("usage events", read=sum(1 for _ in db.rows("usage_events", "model")))
    shared = _shared(db)
    writer = EventWriter(UsageEvent.Origin.TRACKER.value, at, lambda event: _spot(event) in shared)
    seen = 0
    for row in db.rows("usage_events", *COLUMNS, only=ONCE):
        seen += 1
        if event := _draft(row):
            writer.add(event)
        else:
            part.unusable += 1
    writer.finish()
    part.taken = writer.new + writer.changed
    part.known = writer.unchanged + writer.known_better + part.read - seen
    return part


def _spot(event: EventDraft) -> tuple[str, datetime]:
    return event.identity.key, event.occurred_at


def _shared(db: TrackerDb) -> set[tuple[str, datetime | None]]:
    """Members and instants with events of more than one model."""
    only = "GROUP BY lower(user_email), timestamp HAVING COUNT(DISTINCT model) > 1"
    rows = db.rows("usage_events", "user_email", "timestamp", only=only)
    return {(email(row["user_email"]), instant(row["timestamp"])) for row in rows}


def _draft(row: TrackerRow) -> EventDraft | None:
    occurred_at = instant(row["timestamp"])
    if occurred_at is None:
        return None
    kind, cost = str(row["kind"] or "")[:80], amount(row["total_cents"])
    return draft(
        identify(email(row["user_email"])),
        occurred_at,
        str(row["model"] or "")[:120],
        kind=kind,
        is_max_mode=bool(row["max_mode"]),
        is_headless=bool(row["is_headless"]),
        is_chargeable=_is_chargeable(row["is_chargeable"], kind),
        # The tracker keeps the model's cost only, not what was charged; and units under the name of cents.
        charged_cents=cost,
        model_cents=cost,
        cost_basis=UsageEvent.CostBasis.MODEL_COST.value,
        request_units=amount(row["requests_cost_cents"]).quantize(UNIT_PLACES),
        input_tokens=number(row["input_tokens"]),
        output_tokens=number(row["output_tokens"]),
        cache_read_tokens=number(row["cache_read_tokens"]),
        cache_write_tokens=number(row["cache_write_tokens"]),
        origin=UsageEvent.Origin.TRACKER.value,
    )


def _is_chargeable(flag: Any, kind: str) -> bool:
    return bool(flag) if flag is not None else kind.lower() in CHARGEABLE_KINDS

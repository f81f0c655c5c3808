"""Events of cursor-usage-tracker. It stores its newest one again in every run; each is taken once."""

from decimal import Decimal
from itertools import groupby
from operator import itemgetter

from collector.base.garbage import rare_garbage_collection
from collector.base.plausibility import MOST_CHARGE
from collector.cursor.kinds import is_billed_kind, is_free_kind
from collector.facts.surfaces import is_by_bugbot
from collector.imports.events import EventWriter
from collector.models import UsageEvent
from collector.sources.event_rows import EventDraft, EventValues

from .database import (
    Cell,
    ImportPart,
    OddValue,
    TrackerDb,
    TrackerRow,
    amount,
    email,
    label,
    some_count,
    units,
)
from .taking import Taking

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
ORIGIN, CostBasis = UsageEvent.Provenance.TRACKER.value, UsageEvent.CostBasis
# Rows of one instant side by side, the last one stored last: it has what the vendor settled later.
IN_ORDER = "ORDER BY timestamp, rowid"


def take_events(db: TrackerDb, taking: Taking) -> ImportPart:
    """Bring the file's events in; what the API has answered stays."""
    part = ImportPart("usage events")
    writer = EventWriter(ORIGIN, taking.at, is_dry_run=taking.is_dry_run, roster=taking.roster)
    rows = taking.watched(
        part.name, db.count("usage_events"), db.rows("usage_events", *COLUMNS, only=IN_ORDER)
    )
    with rare_garbage_collection():
        for _, of_instant in groupby(rows, key=itemgetter("timestamp")):
            last_stored: dict[tuple[str, Cell], TrackerRow] = {}
            for row in of_instant:
                part.read += 1
                last_stored[email(row["user_email"]), row["model"]] = row
            for row in last_stored.values():
                try:
                    writer.take_in(_draft(row, taking))
                except OddValue as exc:
                    part.reject(str(exc))
        writer.flush()
    for _ in range(writer.counts["absurd"]):
        part.reject("of a day on which all cost more than a team can spend")
    part.taken = writer.counts["new"] + writer.counts["changed"]
    taking.days_with_events = writer.days
    return part


def _draft(row: TrackerRow, taking: Taking) -> EventDraft:
    """The event of a row; OddValue if it is implausible. An event without a member is unattributed."""
    kind, model, cost = (
        label(row["kind"], 80),
        label(row["model"], 120),
        amount(row["total_cents"], MOST_CHARGE),
    )
    flag = row["is_chargeable"]
    charged = Decimal(0) if cost is None or is_free_kind(kind) else cost
    columns = EventValues(
        kind=kind,
        is_bugbot=is_by_bugbot(model=model, kind=kind),
        is_max_mode=bool(row["max_mode"]),
        is_headless=bool(row["is_headless"]),
        is_chargeable=is_billed_kind(kind) if flag is None else bool(flag),
        # The tracker keeps the model's cost only, not what was charged; and units under the name of cents.
        charged_cents=charged,
        model_cents=cost,
        cost_basis=CostBasis.UNKNOWN.value if cost is None else CostBasis.MODEL_COST.value,
        request_units=units(row["requests_cost_cents"]),
        input_tokens=some_count(row["input_tokens"]),
        output_tokens=some_count(row["output_tokens"]),
        cache_read_tokens=some_count(row["cache_read_tokens"]),
        cache_write_tokens=some_count(row["cache_write_tokens"]),
        origin=ORIGIN,
    )
    return EventDraft(taking.spender(row["user_email"]), taking.instant(row["timestamp"]), model, columns)

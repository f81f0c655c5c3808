"""Days that the vendor no longer answered for: unknown, not without usage."""

from datetime import datetime

from collector.base.notes import DoubtKind, Notes
from collector.facts.doubts import store_notes
from collector.models import Watermark


def note_gap(source: str, start_at: datetime, end_at: datetime, now: datetime) -> None:
    """Note that `[start_at, end_at)` of `source` was not read, and is not asked for again every hour."""
    notes = Notes(source, now)
    span = f"{start_at:%Y-%m-%d %H:%M} to {end_at:%Y-%m-%d %H:%M} UTC"
    text = f"{span} was refused: nothing is known of it. `backfill` asks for it again"
    notes.doubt(DoubtKind.ABSENCE, text, subject=start_at.isoformat())
    store_notes(source, notes, covers=(start_at, end_at), settles=False)


def settle_gaps(now: datetime) -> None:
    """Settle the notes of gaps that have been read since, by a longer window or a backfill."""
    for source, since in Watermark.objects.values_list("source", "complete_from_at"):
        if since:
            store_notes(source, Notes(source, now), covers=(since, now))

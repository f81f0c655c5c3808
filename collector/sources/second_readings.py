"""A second look at events whose window has passed: rows that could not be read, stretches with a doubt."""

from collections.abc import Iterator
from datetime import timedelta

from collector.base.days import utc_day
from collector.base.notes import DoubtKind, Notes
from collector.base.upsert import writing
from collector.collecting.windows import MINUTE, Window, closed_minute
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError
from collector.cursor.events import LONGEST_QUESTION, PATH
from collector.cursor.records import EventRecord
from collector.cursor.rows import read_rows
from collector.facts import rollups
from collector.facts.doubts import store_notes
from collector.facts.roster import Roster
from collector.models import Doubt, RejectedRow, Source, UsageEvent

from .base import SyncResult
from .event_rows import TABLE, EventDraft, number_twins, stored_rows
from .events import draft, sync

# Rows looked at again in one run; windows asked for again in one night, and nights in which one is.
MOST_ROWS, MOST_WINDOWS, MOST_NIGHTS = 500, 5, 7
# What a later answer may have right.
MAY_SETTLE = (DoubtKind.TOTAL, DoubtKind.PAGES, DoubtKind.FIGURE, DoubtKind.MORE)


def recover_rejected(window: Window) -> SyncResult:
    """Read rows from before `window` again as they were kept: a later version may know their form.

    An event that has come meanwhile stays as it is.
    """
    rejected = RejectedRow.objects.still_open().filter(
        source=Source.EVENTS, scope=PATH, end_at__lt=window.start_at
    )
    notes, drafts, recovered = Notes(PATH, window.read_at), list[EventDraft](), list[int]()
    for row in rejected.order_by("pk")[:MOST_ROWS]:
        for event, _ in read_rows(EventRecord, [row.raw], Notes(PATH, window.read_at)):
            drafts.append(draft(event, notes))
            recovered.append(row.pk)
    if not drafts:
        return SyncResult()
    with writing():
        roster = Roster.load()
        roster.admit({drafted.identity for drafted in drafts}, window.read_at)
        rows = number_twins(drafts, roster)
        instants = {key.occurred_at for key in rows}
        stored = stored_rows(UsageEvent.objects.filter(occurred_at__in=instants))
        written = TABLE.bring(rows | stored, stored, window.read_at)
        rollups.recompute({(key[0], utc_day(key[1])) for key in written.touched}, window.read_at)
        store_notes(Source.EVENTS, notes, settles=False)
        RejectedRow.objects.filter(pk__in=recovered).update(resolved_at=window.read_at)
    return SyncResult.of(len(drafts), written)


def ask_again(client: CursorClient, window: Window) -> SyncResult:
    """Read stretches from before `window` again about which something is open: a few, and not for ever."""
    result = SyncResult()
    for doubtful in _doubtful_windows(window):
        try:
            result += sync(client, doubtful)
        except CursorApiError:
            break  # what was asked for first is in; the next night asks again
    return result


def _doubtful_windows(window: Window) -> Iterator[Window]:
    """The newest first; a row's is the minute that it states."""
    open_notes = {"source": Source.EVENTS, "scope": PATH, "end_at__lte": window.start_at}
    spans: dict[tuple[object, object], Window] = {}
    for notes in (
        Doubt.objects.still_open().filter(kind__in=MAY_SETTLE, times__lte=MOST_NIGHTS, **open_notes),
        RejectedRow.objects.still_open().filter(times__lte=MOST_NIGHTS, **open_notes),
    ):
        for start_at, end_at in notes.order_by("-end_at").values_list("start_at", "end_at")[:MOST_WINDOWS]:
            first, last = closed_minute(start_at or end_at), closed_minute(end_at)
            last += MINUTE if last < end_at or first == last else timedelta(0)
            if last - first <= LONGEST_QUESTION and last <= window.start_at:
                spans[first, last] = Window(first, last, window.read_at)
    yield from sorted(spans.values(), key=lambda span: span.end_at, reverse=True)[:MOST_WINDOWS]

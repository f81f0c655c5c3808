"""Daily activity: lines, tabs and requests by member and day; no money."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any, NamedTuple

from collector.base.notes import DoubtKind, Notes
from collector.base.upsert import FactTable, Key, Values, columns_beside, filled, writing
from collector.collecting import watermarks
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.pages import Page, Reading, read_all
from collector.cursor.records import ActivityAnswer, ActivityRecord
from collector.cursor.rows import parse, read_rows
from collector.cursor.values import LARGEST_INTEGER
from collector.facts.doubts import store_notes
from collector.facts.roster import Identity, Roster, identify
from collector.models import DailyActivity, Member, Source

from .base import Progress, SyncResult, silent

PATH = "/teams/daily-usage-data"
# Counts users, not rows; no maximum is documented.
PAGE_SIZE = 1000
LONGEST_QUESTION = timedelta(days=30)  # documented; a longer one is answered 400

COLUMNS = columns_beside(DailyActivity, "member_id", "day", "unread")
NOTHING: Values = tuple(getattr(DailyActivity(), name) for name in COLUMNS)
TABLE = FactTable(DailyActivity, key=("member_id", "day"), values=(*COLUMNS, "unread"))


class ActivityDraft(NamedTuple):
    """A row on its way from answer to table."""

    identity: Identity
    day: date
    values: Values


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the days that `window` touches and update their rows to what the vendor counts now.

    Only rows with activity count as seen: the vendor lists every seat for every day.
    """
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        notes = Notes(PATH, part.read_at)
        stored = _store(part, _read(client, part, notes), notes)
        result += stored
        progress(part, stored)
    return result


def _read(client: CursorClient, part: Window, notes: Notes) -> list[ActivityDraft]:
    def ask(number: int) -> Page[ActivityDraft]:
        body = {"startDate": part.first_ms, "endDate": part.last_ms, "page": number, "pageSize": PAGE_SIZE}
        answer = parse(ActivityAnswer, client.post(PATH, body).payload, PATH, notes)
        records = read_rows(ActivityRecord, answer.rows, notes)
        rows = [_draft(record) for record, _ in records]
        return answer.page(rows, bool(answer.has_more(number)))  # without an envelope it is one answer

    reading = read_all(ask, notes, count=_people)
    return _without_repeats(list(reading.rows()), notes)


def _without_repeats(drafts: list[ActivityDraft], notes: Notes) -> list[ActivityDraft]:
    """One draft for each person's number and day: repeated rows count once, different ones are added up."""
    by_key: dict[tuple[Identity, date], ActivityDraft] = {}
    for draft in drafts:
        key = (draft.identity, draft.day)
        before = by_key.get(key)
        if before is None:
            by_key[key] = draft
        elif before.values == draft.values:
            if draft.values != NOTHING:
                notes.doubt(DoubtKind.REPEATED, "an identical day appeared again: counted once")
        else:
            notes.doubt(
                DoubtKind.REPEATED, "a day appeared in several rows: their counts are added up", subject="sum"
            )
            by_key[key] = draft._replace(values=_as_one(before.values, draft.values))
    return list(by_key.values())


def _as_one(one: Values, other: Values) -> Values:
    """Two rows of one day as one: counts added up, unknown where a part is, and of texts the first that is
    given."""
    return tuple(_together(a, b) for a, b in zip(one, other, strict=True))


def _together(one: Any, other: Any) -> object:
    if one is None or other is None:
        return None
    return one or other if isinstance(one, bool | str) else min(one + other, LARGEST_INTEGER)


def _draft(record: ActivityRecord) -> ActivityDraft:
    """What is kept of a row. Most are empty and share one tuple, since a large team's month has many rows."""
    identity = identify(record.email, number=record.user_id)
    values = tuple(getattr(record, name) for name in COLUMNS)
    return ActivityDraft(identity, record.on, NOTHING if values == NOTHING else values)


def _people(reading: Reading[ActivityDraft]) -> int:
    """The vendor counts its numbers: one may have two addresses, and an address two of them."""
    people = len({row.identity.numeric_id or row.identity.key for row in reading.rows()})
    # People whose rows were all rejected were in the answer too.
    return reading.total if reading.notes.rejections and reading.total and people < reading.total else people


def _store(part: Window, drafts: list[ActivityDraft], notes: Notes) -> SyncResult:
    with writing():
        roster = Roster.load()
        roster.admit({draft.identity for draft in drafts}, part.read_at)
        _learn_numbers({draft.identity for draft in drafts}, roster)
        stored = DailyActivity.objects.filter(day__in={draft.day for draft in drafts})
        in_table = TABLE.stored_values(stored)
        stored_values = {key: _known(values) for key, values in in_table.items()}
        rows = dict.fromkeys(_at_old_addresses(drafts, stored_values, roster), NOTHING)
        for identity, day, values in drafts:
            key = (roster.member_id(identity), day)
            # Days on which nothing happened are not kept, unless something was thought to have. Whoever left
            # and came back is listed twice, at nothing under the number that is not in use. A count that
            # cannot be read stays as it was, unread if it never could be: no failure is a zero.
            if values != NOTHING and rows.get(key, NOTHING) != NOTHING:
                rows[key] = _as_one(rows[key], values)  # two numbers of one person
            elif values != NOTHING or (key in stored_values and key not in rows):
                rows[key] = values
        rows = {key: _marked(filled(values, stored_values.get(key, values))) for key, values in rows.items()}
        rows = {key: row for key, row in rows.items() if row[:-1] != NOTHING or key in in_table}
        written = TABLE.bring(rows, in_table, part.read_at)
        store_notes(Source.ACTIVITY, notes, covers=part.span)
        watermarks.extend(Source.ACTIVITY, part)
    return SyncResult.of(sum(draft.values != NOTHING for draft in drafts), written, noted=notes.size)


def _known(in_table: Values) -> Values:
    """A row's values, with None for those that could not be read."""
    *values, unread = in_table
    if not unread:
        return tuple(values)
    return tuple(None if name in unread else value for name, value in zip(COLUMNS, values, strict=True))


def _marked(values: Values) -> Values:
    """The reverse: values as the table takes them, with the names of those that could not be read."""
    unread = [name for name, value in zip(COLUMNS, values, strict=True) if value is None]
    return (*filled(values, NOTHING), unread or None)


def _at_old_addresses(
    drafts: list[ActivityDraft], stored: dict[Key, Values], roster: Roster
) -> Iterator[Key]:
    """Known days of an address that are now reported under the new one: kept, they would count twice."""
    named = {roster.member_id(identity) for identity in {draft.identity for draft in drafts}}
    unnamed = Member.objects.filter(pk__in={key[0] for key in stored} - named).exclude(numeric_id="")
    old = dict(unnamed.values_list("numeric_id", "pk"))
    old_keys = {(old.get(identity.numeric_id), day) for identity, day, _ in drafts}
    yield from old_keys & stored.keys()


def _learn_numbers(identities: set[Identity], roster: Roster) -> None:
    """Keep the vendor's number of each person: rows without an e-mail carry nothing else."""
    numbers = {
        roster.member_id(identity): identity.numeric_id
        for identity in identities
        if identity.numeric_id and roster.by_number.get(identity.numeric_id) != roster.member_id(identity)
    }
    Member.objects.bulk_update(
        [Member(pk=pk, numeric_id=number) for pk, number in numbers.items()], ["numeric_id"], batch_size=300
    )

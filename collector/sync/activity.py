"""Daily activity: lines, tabs and requests by member and day; no money."""

from __future__ import annotations

from datetime import timedelta

from collector import watermarks
from collector.cursor.client import CursorClient
from collector.cursor.pages import Page, Reading, read_all
from collector.cursor.records import ActivityAnswer, ActivityRecord, parse
from collector.models import DailyActivity, Member, Source
from collector.roster import Identity, Roster, identify
from collector.upsert import Key, Table, Values, writing
from collector.windows import Window

from .base import Progress, SyncResult, silent

PATH = "/teams/daily-usage-data"
# Counts users, not rows; no maximum is documented.
PAGE_SIZE = 1000
LONGEST_QUESTION = timedelta(days=30)  # documented; a longer one is answered 400

# column: field of the answer
COLUMNS = {
    "is_active": "is_active",
    "lines_added": "total_lines_added",
    "lines_deleted": "total_lines_deleted",
    "accepted_lines_added": "accepted_lines_added",
    "accepted_lines_deleted": "accepted_lines_deleted",
    "applies": "total_applies",
    "accepts": "total_accepts",
    "rejects": "total_rejects",
    "tabs_shown": "total_tabs_shown",
    "tabs_accepted": "total_tabs_accepted",
    "composer_requests": "composer_requests",
    "chat_requests": "chat_requests",
    "agent_requests": "agent_requests",
    "cmdk_usages": "cmdk_usages",
    "included_requests": "subscription_included_reqs",
    "api_key_requests": "api_key_reqs",
    "usage_based_requests": "usage_based_reqs",
    "bugbot_usages": "bugbot_usages",
    "most_used_model": "most_used_model",
    "apply_extension": "apply_most_used_extension",
    "tab_extension": "tab_most_used_extension",
    "client_version": "client_version",
}
NOTHING: Values = tuple(getattr(DailyActivity(), name) for name in COLUMNS)
TABLE = Table(DailyActivity, key=("member_id", "day"), values=tuple(COLUMNS))


def sync(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read the days that `window` touches and bring their rows to what the vendor counts now.

    Rows seen are those that say something: the vendor lists every seat for every day.
    """
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        stored = _store(part, _read(client, part))
        result += stored
        progress(part, stored)
    return result


def _read(client: CursorClient, part: Window) -> list[ActivityRecord]:
    def ask(number: int) -> Page[ActivityRecord]:
        body = {"startDate": part.first_ms, "endDate": part.last_ms, "page": number, "pageSize": PAGE_SIZE}
        answer = parse(ActivityAnswer, client.post(PATH, body).payload, PATH)
        if answer.pagination is None:
            return Page(answer.data, None, has_more=False)
        paging = answer.pagination
        return Page(answer.data, paging.total_users, paging.has_more(number), paging.current_page)

    return list(read_all(PATH, ask, count=_users).rows())


def _users(reading: Reading[ActivityRecord]) -> int:
    return len({row.user_id or row.email for row in reading.rows()})


def _store(part: Window, records: list[ActivityRecord]) -> SyncResult:
    days = {record.day for record in records}
    with writing():
        roster = Roster.load()
        roster.admit({_identity(record) for record in records}, part.read_at)
        _learn_numbers(records, roster)
        stored = DailyActivity.objects.filter(day__in=days)
        known = set(stored.values_list("member_id", "day"))
        rows: dict[Key, Values] = {}
        for record in records:
            key, values = (roster.member_id(_identity(record)), record.day), _values(record)
            # Days on which nothing happened are not kept, unless something was thought to have.
            if values != NOTHING or key in known:
                rows[key] = values
        written = TABLE.upsert(rows, stored, part.read_at)
        watermarks.extend(Source.ACTIVITY, part.start_at, part.end_at)
    return SyncResult.of(sum(_values(record) != NOTHING for record in records), written)


def _identity(record: ActivityRecord) -> Identity:
    return identify(record.email, number=record.user_id)


def _values(record: ActivityRecord) -> Values:
    return tuple(getattr(record, name) for name in COLUMNS.values())


def _learn_numbers(records: list[ActivityRecord], roster: Roster) -> None:
    """Keep the vendor's number of each person: rows without an e-mail carry nothing else."""
    numbers = {
        roster.member_id(_identity(record)): record.user_id
        for record in records
        if record.email and record.user_id and record.user_id not in roster.by_number
    }
    Member.objects.bulk_update(
        [Member(pk=pk, numeric_id=number) for pk, number in numbers.items()], ["numeric_id"], batch_size=300
    )

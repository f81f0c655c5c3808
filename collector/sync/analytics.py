"""Analytics of the team and of its members: counts by day, no money."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta
from typing import Any

from collector import watermarks
from collector.cursor.analytics import (
    MEMBER_METRICS,
    TEAM_METRICS,
    Measured,
    MemberAnswer,
    TeamAnswer,
    measure,
)
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, Trouble
from collector.cursor.pages import Page, read_all
from collector.cursor.records import parse
from collector.days import utc_day
from collector.etags import ETags
from collector.models import MemberAnalyticsDay, Source, TeamAnalyticsDay
from collector.roster import Roster, identify
from collector.upsert import Key, Table, Upserted, Values, writing
from collector.windows import MINUTE, Window

from .base import Progress, SyncResult, silent

TEAM_PATH = "/analytics/team/"
MEMBER_PATH = "/analytics/by-user/"
MOST_USERS = 500  # the documented maximum of a page
LONGEST_QUESTION = timedelta(days=30)
TEAM = Table(TeamAnalyticsDay, key=("metric", "day", "name", "detail"), values=("count", "values"))
MEMBER = Table(MemberAnalyticsDay, key=("member_id", "metric", "day", "name", "detail"), values=("count",))

ByEmail = tuple[str, Measured]


def sync_team(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read every metric of the days that `window` touches. The first decides whether there are any."""
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        stored = sum((_team_metric(client, part, metric) for metric in TEAM_METRICS), SyncResult())
        watermarks.extend(Source.TEAM_ANALYTICS, part.start_at, part.end_at)
        result += stored
        progress(part, stored)
    return result


def sync_members(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read tools and commands by member, of the days that `window` touches."""
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        stored = sum((_member_metric(client, part, metric) for metric in MEMBER_METRICS), SyncResult())
        watermarks.extend(Source.MEMBER_ANALYTICS, part.start_at, part.end_at)
        result += stored
        progress(part, stored)
    return result


def dates(part: Window) -> dict[str, str | int]:
    """The days of `part` as plain dates, both included: only those meet the vendor's cache."""
    last = utc_day(part.end_at - MINUTE)
    return {"startDate": utc_day(part.start_at).isoformat(), "endDate": last.isoformat()}


def _team_metric(client: CursorClient, part: Window, metric: str) -> SyncResult:
    path, etags = TEAM_PATH + metric, ETags(client)

    def read(payload: Any) -> Page[Measured]:
        rows = measure(metric, parse(TeamAnswer, payload, path).data, path)
        return Page(list(rows), None, has_more=False)

    try:
        page = etags.ask(path, dates(part), read)
    except CursorApiError as error:
        # Newer metrics are not everywhere; the first one is, wherever there are analytics at all.
        if error.trouble is Trouble.REFUSED and metric != next(iter(TEAM_METRICS)):
            return SyncResult()
        raise
    rows: dict[Key, Values] = {(metric, *row[:3]): row[3:] for row in page.rows}
    with writing():
        days = {key[1] for key in rows}
        written = TEAM.upsert(
            rows, TeamAnalyticsDay.objects.filter(metric=metric, day__in=days), part.read_at
        )
        etags.remember(part.read_at)
    return SyncResult.of(len(page.rows), written)


def _member_metric(client: CursorClient, part: Window, metric: str) -> SyncResult:
    path, etags = MEMBER_PATH + metric, ETags(client)

    def ask(number: int) -> Page[tuple[str, list[Measured]]]:
        return etags.ask(path, {**dates(part), "page": number, "pageSize": MOST_USERS}, _read(number))

    def _read(number: int) -> Any:
        def read(payload: Any) -> Page[tuple[str, list[Measured]]]:
            answer = parse(MemberAnswer, payload, path)
            paging = answer.pagination
            rows = [(email, list(measure(metric, rows, path))) for email, rows in answer.data.items()]
            return Page(rows, paging.total_users, paging.has_more(number), paging.current_page)

        return read

    people = read_all(path, ask).rows()
    rows = [(email, row) for email, measured in people for row in measured]
    with writing():
        written = _store_members(metric, rows, part)
        etags.remember(part.read_at)
    return SyncResult.of(len(rows), written)


def _store_members(metric: str, rows: Iterable[ByEmail], part: Window) -> Upserted:
    rows = list(rows)
    roster = Roster.load()
    roster.admit({identify(email) for email, _ in rows}, part.read_at)
    by_key: dict[Key, Values] = {
        (roster.member_id(identify(email)), metric, row.day, row.name, row.detail): (row.counted,)
        for email, row in rows
    }
    days = {row.day for _, row in rows}
    stored = MemberAnalyticsDay.objects.filter(metric=metric, day__in=days)
    return MEMBER.upsert(by_key, stored, part.read_at)

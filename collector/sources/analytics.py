"""Analytics of the team and of its members: counts by day, no money."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from collector.base.days import utc_day
from collector.base.upsert import FactTable, Key, Values, writing
from collector.collecting import watermarks
from collector.collecting.etags import ETags
from collector.collecting.windows import MINUTE, Window
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
from collector.facts.roster import Roster, identify
from collector.models import MemberAnalyticsDay, Source, TeamAnalyticsDay

from .base import Progress, SyncResult, silent

TEAM_PATH = "/analytics/team/"
MEMBER_PATH = "/analytics/by-user/"
MOST_USERS = 500  # the documented maximum of a page
LONGEST_QUESTION = timedelta(days=30)
TEAM = FactTable(TeamAnalyticsDay, key=("metric", "day", "name", "detail"), values=("count", "values"))
MEMBER = FactTable(
    MemberAnalyticsDay, key=("member_id", "metric", "day", "name", "detail"), values=("count",)
)

Email = str


def sync_team(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read every metric of the days that `window` touches. The first decides whether there are any."""

    def read(part: Window, etags: ETags) -> SyncResult:
        return sum((_team_metric(etags, part, metric) for metric in TEAM_METRICS), SyncResult())

    return _by_parts(Source.TEAM_ANALYTICS, client, window, read, progress)


def sync_members(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read tools and commands by member, of the days that `window` touches."""

    def read(part: Window, etags: ETags) -> SyncResult:
        return sum((_member_metric(etags, part, metric) for metric in MEMBER_METRICS), SyncResult())

    return _by_parts(Source.MEMBER_ANALYTICS, client, window, read, progress)


def _by_parts(
    source: str,
    client: CursorClient,
    window: Window,
    read: Callable[[Window, ETags], SyncResult],
    progress: Progress,
) -> SyncResult:
    """Metrics are stored as they come; their ETags go in with the watermark, once all of the part is.

    A part that is not complete is read again, and 304 in place of rows would look like the end of history.
    """
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        etags = ETags(client)
        stored = read(part, etags)
        with writing():
            etags.remember(part.read_at)
            watermarks.extend(source, part.start_at, part.end_at)
        result += stored
        progress(part, stored)
    return result


def dates(part: Window) -> dict[str, str | int]:
    """The days of `part` as plain dates, both included: only those meet the vendor's cache."""
    last = utc_day(part.end_at - MINUTE)
    return {"startDate": utc_day(part.start_at).isoformat(), "endDate": last.isoformat()}


def _team_metric(etags: ETags, part: Window, metric: str) -> SyncResult:
    path = TEAM_PATH + metric

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
    return SyncResult.of(len(page.rows), written)


def _member_metric(etags: ETags, part: Window, metric: str) -> SyncResult:
    """Each page is stored as it comes, since a month of a large team is long."""
    path = MEMBER_PATH + metric
    result = SyncResult()

    def ask(number: int) -> Page[Email]:
        nonlocal result

        def read(payload: Any) -> Page[tuple[Email, list[Measured]]]:
            answer = parse(MemberAnswer, payload, path)
            paging = answer.pagination
            rows = [(email, list(measure(metric, rows, path))) for email, rows in answer.data.items()]
            return Page(rows, paging.total_users, paging.has_more(number), paging.current_page)

        page = etags.ask(path, {**dates(part), "page": number, "pageSize": MOST_USERS}, read)
        result += _store_members(metric, page.rows, part)
        return Page(
            [email for email, _ in page.rows], page.total, page.has_more, page.number, is_known=page.is_known
        )

    read_all(path, ask)
    return result


def _store_members(metric: str, people: list[tuple[Email, list[Measured]]], part: Window) -> SyncResult:
    with writing():
        roster = Roster.load()
        roster.admit({identify(email) for email, _ in people}, part.read_at)
        rows: dict[Key, Values] = {
            (roster.member_id(identify(email)), metric, row.day, row.name, row.detail): (row.counted,)
            for email, measured in people
            for row in measured
        }
        stored = MemberAnalyticsDay.objects.filter(
            metric=metric, day__in={key[2] for key in rows}, member__in={key[0] for key in rows}
        )
        written = MEMBER.upsert(rows, stored, part.read_at)
    return SyncResult.of(len(rows), written)

"""Analytics of the team and of its members: counts by day, no money."""

from collections import defaultdict
from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import NamedTuple

from collector.base.cells import is_address
from collector.base.days import utc_day
from collector.base.notes import DoubtKind, Notes
from collector.base.plausibility import MOST_COUNT, ImplausibleValue
from collector.base.upsert import FactTable, Key, Values, writing
from collector.collecting import watermarks
from collector.collecting.etags import ETags
from collector.collecting.windows import MINUTE, Window
from collector.cursor.analytics import (
    MEMBER_METRICS,
    TEAM_METRICS,
    Measured,
    MetricsByMember,
    TeamAnswer,
    measure,
    user_mappings,
)
from collector.cursor.client import CursorClient
from collector.cursor.errors import CursorApiError, Trouble
from collector.cursor.pages import Page, Reading, read_all
from collector.cursor.rows import parse
from collector.cursor.values import parse_address
from collector.facts.doubts import store_notes
from collector.facts.roster import Roster, identify
from collector.models import Member, MemberAnalyticsDay, Source, TeamAnalyticsDay

from .base import Progress, SyncResult, silent

TEAM_PATH = "/analytics/team/"
MEMBER_PATH = "/analytics/by-user/"
MOST_USERS = 500  # the documented maximum of a page
LONGEST_QUESTION = timedelta(days=30)
# What may be wrong with one metric alone, and how many may fail before the others are not asked for.
ABOUT_ONE_METRIC, MOST_ERRORS = {Trouble.WRONG_SHAPE, Trouble.REJECTED, Trouble.FOREIGN, Trouble.BUSY}, 3
MetricReader = Callable[[ETags, Window, str], SyncResult]
TEAM = FactTable(TeamAnalyticsDay, key=("metric", "day", "name", "detail"), values=("count", "values"))
MEMBER = FactTable(
    MemberAnalyticsDay, key=("member_id", "metric", "day", "name", "detail"), values=("count",)
)
# Counts of one metric by key and address: pages may overlap, and a person may have two addresses.
CountsByKey = defaultdict[Key, dict[str, int]]


def sync_team(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read every metric of the days that `window` touches. The first decides whether there are any."""
    return _by_parts(Source.TEAM_ANALYTICS, client, window, _team_metric, TEAM_METRICS, progress)


def sync_members(client: CursorClient, window: Window, progress: Progress = silent) -> SyncResult:
    """Read tools and commands by member, of the days that `window` touches."""
    return _by_parts(Source.MEMBER_ANALYTICS, client, window, _member_metric, MEMBER_METRICS, progress)


def _by_parts(
    source: str,
    client: CursorClient,
    window: Window,
    read: MetricReader,
    metrics: Iterable[str],
    progress: Progress,
) -> SyncResult:
    """Metrics are stored as they come; their ETags go in with the watermark, once all of the part is.

    A part that is not complete is read again, and 304 in place of rows would look like the end of history.
    """
    result = SyncResult()
    for part in window.cut(LONGEST_QUESTION):
        etags = ETags(client)
        stored = _read_each(read, etags, part, metrics)
        with writing():
            if not stored.noted:
                etags.remember(part.read_at)
            watermarks.extend(source, part)
        result += stored
        progress(part, stored)
    return result


def _read_each(read: MetricReader, etags: ETags, part: Window, metrics: Iterable[str]) -> SyncResult:
    """Read every metric; where some fail, the others are stored all the same, and the first error is raised.

    Newer metrics are not everywhere; the first one is, wherever there are analytics at all.
    """
    result, errors = SyncResult(), list[CursorApiError]()
    for number, metric in enumerate(metrics):
        try:
            result += read(etags, part, metric)
        except CursorApiError as error:
            if number and error.trouble is Trouble.REFUSED:
                continue
            errors.append(error)
            if error.trouble not in ABOUT_ONE_METRIC or len(errors) == MOST_ERRORS:
                break
    if errors:
        raise errors[0]
    return result


def dates(part: Window) -> dict[str, str | int]:
    """The days of `part` as plain dates, both included: only those meet the vendor's cache."""
    last = utc_day(part.end_at - MINUTE)
    return {"startDate": utc_day(part.start_at).isoformat(), "endDate": last.isoformat()}


def _team_metric(etags: ETags, part: Window, metric: str) -> SyncResult:
    path = TEAM_PATH + metric
    notes = Notes(path, part.read_at)

    def read(payload: object) -> Page[Measured]:
        answer = parse(TeamAnswer, payload, path)
        return Page(list(measure(metric, answer.data, notes)), None, has_more=False)

    page = etags.ask(path, dates(part), read)
    rows = _added_up(metric, page.rows, notes)
    with writing():
        days = {key[1] for key in rows}
        written = TEAM.upsert(
            rows, TeamAnalyticsDay.objects.filter(metric=metric, day__in=days), part.read_at
        )
        store_notes(Source.TEAM_ANALYTICS, notes, covers=part.span)
    return SyncResult.of(len(page.rows), written, noted=notes.size)


def _added_up(metric: str, measured: list[Measured], notes: Notes) -> dict[Key, Values]:
    """Rows by key: repeated rows count once, different ones are added up."""
    alike: dict[Key, list[Measured]] = defaultdict(list)
    for row in measured:
        rows = alike[metric, *row[:3]]
        if row in rows:
            notes.doubt(DoubtKind.REPEATED, "an identical row appeared again: counted once")
            continue
        if rows:
            text = "a key appeared in several rows: their counts are added up"
            notes.doubt(DoubtKind.REPEATED, text, subject="sum")
        rows.append(row)
    return {key: _sum(rows) for key, rows in alike.items()}


def _sum(rows: list[Measured]) -> Values:
    if len(rows) == 1:
        return rows[0][3:]
    names = {name: None for row in rows for name in row.values}
    values = {name: sum(row.values.get(name, 0) for row in rows) for name in names}
    return min(sum(row.counted for row in rows), MOST_COUNT), values


class MemberRows(NamedTuple):
    """One person's rows in an answer."""

    email: str
    measured: list[Measured]


def _member_metric(etags: ETags, part: Window, metric: str) -> SyncResult:
    """Each page is stored as it comes, since a month of a large team is long."""
    path = MEMBER_PATH + metric
    notes, counts, result = Notes(path, part.read_at), CountsByKey(dict), SyncResult()

    def ask(number: int) -> Page[str]:
        nonlocal result
        ids: dict[str, str] = {}

        def read(payload: object) -> Page[MemberRows]:
            answer = parse(MetricsByMember, payload, path, notes)
            ids.update(user_mappings(answer.params))
            rows = _people_of(metric, answer, notes)
            more = bool(answer.has_more(number))
            return Page(rows, answer.total, more, answer.number, came=len(answer.data) or int(more))

        page = etags.ask(path, {**dates(part), "page": number, "pageSize": MOST_USERS}, read)
        result += _store_members(metric, page.rows, ids, counts, part)
        emails = [row.email for row in page.rows]
        return Page(emails, page.total, page.has_more, page.number, is_known=page.is_known, came=page.came)

    reading = read_all(ask, notes, count=_people_who_can_be)
    with writing():
        if reading.is_whole or not notes.is_clean:
            store_notes(Source.MEMBER_ANALYTICS, notes, covers=part.span)
    return result + SyncResult(noted=notes.size)


def _people_who_can_be(reading: Reading[str]) -> int:
    """How many people came. Those without rows may be absent, and yet counted: the team explains that."""
    people = len({email for page in reading.pages for email in page})
    total = reading.total or 0
    return total if people < total <= max(Member.objects.people().count(), people) else people


def _people_of(metric: str, answer: MetricsByMember, notes: Notes) -> list[MemberRows]:
    rows = []
    for key, raws in answer.data.items():
        try:
            email = parse_address(key)
        except ImplausibleValue as problem:
            notes.reject({key: raws}, f"the address {problem}", where=metric)
            continue
        if email and not is_address(email) and identify(email).key == email:
            notes.reject({key: raws}, f"“{email[:40]}” is not an e-mail address", where=metric)
        elif email:
            rows.append(MemberRows(email, list(measure(metric, raws, notes))))
        else:
            notes.reject({key: raws}, "names nobody", where=metric)
    return rows


def _store_members(
    metric: str, people: list[MemberRows], ids: dict[str, str], counts: CountsByKey, part: Window
) -> SyncResult:
    with writing():
        roster = Roster.load()
        identities = {
            person.email: identify(person.email, cursor_id=ids.get(person.email, "")) for person in people
        }
        roster.admit(identities.values(), part.read_at)
        keys = set()
        for person in people:
            member_id = roster.member_id(identities[person.email])
            sums: dict[Key, dict[tuple, int]] = defaultdict(dict)
            for row in person.measured:
                key = (member_id, metric, row.day, row.name, row.detail)
                sums[key][tuple(row.values.items())] = row.counted
            for key, parts in sums.items():
                counts[key][person.email] = sum(parts.values())
                keys.add(key)
        rows: dict[Key, Values] = {key: (min(sum(counts[key].values()), MOST_COUNT),) for key in keys}
        stored = MemberAnalyticsDay.objects.filter(
            metric=metric, day__in={key[2] for key in rows}, member__in={key[0] for key in rows}
        )
        written = MEMBER.upsert(rows, stored, part.read_at)
    return SyncResult.of(len(rows), written)

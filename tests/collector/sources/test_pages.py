"""Pages as other versions of an API have them: however an answer says that more follow, all are read."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.cursor.errors import CursorApiError
from collector.models import (
    AiCodeCommit,
    CursorGroup,
    DailyActivity,
    Doubt,
    Member,
    SpendSnapshot,
    UsageEvent,
)
from collector.sources import activity, commits, events, groups, members, spend
from tests.collector.fake_api import event, member, ms, spend_row

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 16, tzinfo=UTC)
WINDOW = Window(NOW - timedelta(days=1), NOW, NOW)
ROWS, CAP = 5, 2  # rows of the whole list; rows that a page holds, whatever was asked for

PEOPLE = [f"p{n}@x.com" for n in range(ROWS)]
NOON = NOW - timedelta(hours=12)
COMMIT = {"totalLinesAdded": 1, "commitTs": NOON.isoformat(), "createdAt": NOON.isoformat()}
GROUP = {"currentMembers": [], "formerMembers": []}
SOURCES: dict[str, tuple[Any, str, str, list[dict], Any]] = {
    "members": (members, members.PATH, "teamMembers", [member(email) for email in PEOPLE], Member),
    "spend": (spend, spend.PATH, "teamMemberSpend", [spend_row(email) for email in PEOPLE], SpendSnapshot),
    "groups": (
        groups,
        groups.PATH,
        "groups",
        [{"id": f"group_{n}", "name": f"Team {n}", **GROUP} for n in range(ROWS)],
        CursorGroup,
    ),
    "events": (events, reading.PATH, "usageEvents", [event(NOON, email) for email in PEOPLE], UsageEvent),
    "activity": (
        activity,
        activity.PATH,
        "data",
        [{"email": email, "day": "2026-09-15", "totalLinesAdded": 1} for email in PEOPLE],
        DailyActivity,
    ),
    "commits": (
        commits,
        commits.PATH,
        "items",
        [{"commitHash": f"h{n}", "userEmail": email, **COMMIT} for n, email in enumerate(PEOPLE)],
        AiCodeCommit,
    ),
}
ENVELOPES = {
    "a flag": lambda page, more: {"pagination": {"hasNextPage": more}},
    "another flag": lambda page, more: {"pagination": {"hasMore": more, "page": page}},
    "a flag beside the rows": lambda page, more: {"hasNextPage": more},
    "pages beside the rows": lambda page, more: {"page": page, "totalPages": 3},
    "a cursor": lambda page, more: {"pagination": {"nextCursor": f"c{page}" if more else None}},
    "a cursor beside the rows": lambda page, more: {"nextPageToken": f"c{page}" if more else ""},
}


def tell(told, name: str, envelope, *, heeds_page: bool = True, rows: int = ROWS) -> None:
    _, path, key, all_rows, _ = SOURCES[name]

    def answer(body: dict) -> dict:
        page = int(body.get("page", 1)) if heeds_page else 1
        part = all_rows[:rows][(page - 1) * CAP : page * CAP]
        cycle = {"subscriptionCycleStart": ms(datetime(2026, 9, 1, tzinfo=UTC))}
        return {key: part, **cycle, **envelope(page, page * CAP < rows)}

    told.tell(path, answer)
    told.tell("/teams/directory-groups", (404, {}, {}))


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("name", SOURCES)
def test_all_pages_are_read_however_an_answer_announces_them(told, client, name, envelope):
    tell(told, name, ENVELOPES[envelope])
    result = SOURCES[name][0].sync(client, WINDOW)
    assert (SOURCES[name][4].objects.count(), result.noted) == (ROWS, 0)


@pytest.mark.parametrize("heeds_page", [True, False])
@pytest.mark.parametrize("name", ["events", "spend"])
def test_a_server_that_cuts_at_a_round_number_and_announces_nothing_is_asked_on(
    told, client, name, heeds_page, monkeypatch
):
    monkeypatch.setattr("collector.cursor.pages.ROUND", CAP)
    tell(told, name, lambda page, more: {}, heeds_page=heeds_page)
    result = SOURCES[name][0].sync(client, WINDOW)
    assert (SOURCES[name][4].objects.count(), result.noted) == (ROWS if heeds_page else CAP, 0)


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("name", ["events", "activity", "commits"])
def test_pages_are_read_whether_the_server_counts_them_from_0_or_only_says_so(told, client, name, first):
    """`first`: the page that a question for page 0 or 1 gets first."""
    module, path, key, rows, table = SOURCES[name]

    def answer(body: dict) -> dict:
        page = int(body["page"]) - first
        pagination = {"page": page, "totalPages": 3, "hasNextPage": page < 2, "hasPreviousPage": page > 0}
        pagination["totalCount"] = ROWS
        part = rows[page * CAP : (page + 1) * CAP]
        return {key: part, "totalUsageEventsCount": ROWS, "pagination": pagination}

    told.tell(path, answer)
    assert (module.sync(client, WINDOW).noted, table.objects.count()) == (0, ROWS)


@pytest.mark.parametrize("name", SOURCES)
def test_an_answer_within_another_one_is_read(told, client, name):
    module, path, key, rows, table = SOURCES[name]
    inner = {key: rows, "subscriptionCycleStart": ms(datetime(2026, 9, 1, tzinfo=UTC))}
    told.tell(path, {"success": True, "data": inner | {"totalUsageEventsCount": ROWS}})
    told.tell("/teams/directory-groups", (404, {}, {}))
    assert (module.sync(client, WINDOW).noted, table.objects.count()) == (0, ROWS)


@pytest.mark.parametrize("envelope", ENVELOPES)
@pytest.mark.parametrize("name", SOURCES)
def test_pages_announced_beside_an_answer_within_another_one_are_read(told, client, name, envelope):
    module, path, key, rows, table = SOURCES[name]

    def answer(body: dict) -> dict:
        page = int(body.get("page", 1))
        inner = {key: rows[(page - 1) * CAP : page * CAP]}
        inner["subscriptionCycleStart"] = ms(datetime(2026, 9, 1, tzinfo=UTC))
        return {"result": inner, **ENVELOPES[envelope](page, page * CAP < ROWS)}

    told.tell(path, answer)
    told.tell("/teams/directory-groups", (404, {}, {}))
    assert (module.sync(client, WINDOW).noted, table.objects.count()) == (0, ROWS)


@pytest.mark.parametrize("empty", [None, []])
@pytest.mark.parametrize(
    "names", [("usageEvents", "usageEventsDisplay"), ("usageEventsDisplay", "usageEvents")]
)
def test_of_two_lists_of_events_the_one_with_rows_counts(told, client, names, empty):
    rows = SOURCES["events"][3]
    told.tell(reading.PATH, {"totalUsageEventsCount": ROWS, names[0]: rows, names[1]: empty})
    assert (events.sync(client, WINDOW).noted, UsageEvent.objects.count()) == (0, ROWS)


def test_an_answer_that_names_an_error_beside_an_empty_list_is_no_hour_without_usage(told, client):
    told.tell(reading.PATH, {"error": "Internal", "totalUsageEventsCount": 0, "usageEvents": None})
    with pytest.raises(CursorApiError, match="answered 200 with an error: Internal"):
        events.sync(client, WINDOW)


def test_a_full_page_of_events_that_denies_what_its_total_promises_is_followed(told, client, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", CAP)
    tell(told, "events", lambda page, more: {"hasNextPage": False, "totalUsageEventsCount": ROWS})
    assert events.sync(client, WINDOW).noted == 0
    assert UsageEvent.objects.count() == ROWS


@pytest.mark.parametrize("name", SOURCES)
def test_pages_that_go_on_after_the_end_end(told, client, name, monkeypatch):
    monkeypatch.setattr("collector.cursor.pages.MOST_EMPTY", 3)
    total = {"totalUsageEventsCount": ROWS} if name == "events" else {}
    tell(told, name, lambda page, more: {"pagination": {"hasNextPage": True}, **total})
    result = SOURCES[name][0].sync(client, WINDOW)
    assert (SOURCES[name][4].objects.count(), result.noted) == (ROWS, 1)
    assert len(told.asked[SOURCES[name][1]]) <= 3 + 3


def test_a_cursor_that_leads_nowhere_is_no_reason_to_send_members_away(told, client):
    tell(told, "members", ENVELOPES["a flag"])
    members.sync(client, WINDOW)
    tell(told, "members", lambda page, more: {"nextCursor": "c"}, heeds_page=False)
    members.sync(client, WINDOW)
    assert Member.objects.on_team().count() == ROWS
    assert "repeats page 1" in Doubt.objects.get().reason


def test_a_list_that_is_shorter_than_announced_sends_nobody_away_for_a_day(told, client):
    tell(told, "members", ENVELOPES["a flag"])
    members.sync(client, WINDOW)
    tell(told, "members", lambda page, more: {"hasNextPage": more, "totalMembers": ROWS}, rows=4)
    for days, here in ((0, ROWS), (1, ROWS - 1)):
        at = NOW + timedelta(days=days)
        members.sync(client, Window(at, at, at))
        assert Member.objects.on_team().count() == here


def test_events_behind_a_cursor_that_leads_nowhere_fail_and_do_not_pass_for_all(told, client):
    tell(told, "events", lambda page, more: {"nextCursor": "c"}, heeds_page=False)
    with pytest.raises(CursorApiError, match="page 2 repeats page 1"):
        events.sync(client, WINDOW)


@pytest.mark.parametrize("name", ["events", "spend", "activity", "commits"])
def test_pages_that_are_refused_as_too_long_are_asked_for_shorter(told, client, name):
    module, path, key, rows, table = SOURCES[name]

    def answer(body: dict) -> object:
        size, page = int(body["pageSize"]), int(body["page"])
        if size > 100:
            return 400, {"error": "Bad Request", "message": "pageSize must be at most 100"}, {}
        part = rows[(page - 1) * CAP : page * CAP]
        cycle = {"subscriptionCycleStart": ms(datetime(2026, 9, 1, tzinfo=UTC))}
        return {key: part, **cycle, "pagination": {"page": page, "hasNextPage": page * CAP < ROWS}}

    told.tell(path, answer)
    result = module.sync(client, WINDOW)
    assert (table.objects.count(), result.noted) == (ROWS, 0)
    # The first question alone is asked twice.
    assert [int(body["pageSize"]) > 100 for body in told.asked[path]] == [True, False, False, False]


@pytest.mark.parametrize("name", SOURCES)
def test_the_payload_of_an_answer_is_read(told, client, name):
    module, path, key, rows, table = SOURCES[name]
    inner = {key: rows, "subscriptionCycleStart": ms(datetime(2026, 9, 1, tzinfo=UTC))}
    told.tell(path, {"payload": inner | {"totalUsageEventsCount": ROWS}})
    told.tell("/teams/directory-groups", (404, {}, {}))
    assert (module.sync(client, WINDOW).noted, table.objects.count()) == (0, ROWS)


@pytest.mark.parametrize("name", SOURCES)
def test_pages_that_all_say_they_are_the_first_are_read_with_a_doubt(told, client, name):
    tell(told, name, lambda page, more: {"pagination": {"currentPage": 1, "hasNextPage": more}})
    assert (SOURCES[name][0].sync(client, WINDOW).noted, SOURCES[name][4].objects.count()) == (1, ROWS)
    assert Doubt.objects.get().reason == "page 2 was requested, page 1 came"


@pytest.mark.parametrize("place", ["beside", "pagination", "meta"])
@pytest.mark.parametrize("total", ["total", "totalCount", "totalItems"])
@pytest.mark.parametrize("name", SOURCES)
def test_an_answer_that_is_shorter_than_its_total_is_not_taken_for_all(told, client, name, total, place):
    stated = {total: 40}
    announced = stated if place == "beside" else {place: stated}
    tell(told, name, lambda page, more: announced if page == 1 else {}, heeds_page=False)
    if name == "events":
        with pytest.raises(CursorApiError):
            events.sync(client, WINDOW)
    else:
        SOURCES[name][0].sync(client, WINDOW)
        assert Doubt.objects.exists()


@pytest.mark.parametrize("name", ["events", "commits"])
def test_shorter_pages_that_are_full_are_followed(told, client, name):
    """Where an answer denies it, or says nothing but its rows, as where pages are as long as is asked for."""
    module, path, key, _, table = SOURCES[name]
    rows = [
        event(NOON, f"p{n}@x.com")
        if name == "events"
        else {"commitHash": f"h{n}", "userEmail": "p@x.com"} | COMMIT
        for n in range(102)
    ]
    said = {"events": {"totalUsageEventsCount": 102, "pagination": {"hasNextPage": False}}, "commits": {}}

    def answer(body: dict) -> object:
        size, page = int(body["pageSize"]), int(body["page"])
        if size > 100:
            return 400, {"message": "pageSize must be at most 100"}, {}
        return {key: rows[(page - 1) * 100 : page * 100], **said[name]}

    told.tell(path, answer)
    module.sync(client, WINDOW)
    assert table.objects.count() == 102

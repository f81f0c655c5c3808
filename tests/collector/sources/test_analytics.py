from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from collector.collecting.windows import Window
from collector.cursor.analytics import TEAM_METRICS
from collector.cursor.errors import CursorApiError
from collector.models import (
    Doubt,
    Member,
    MemberAnalyticsDay,
    RejectedRow,
    StoredETag,
    TeamAnalyticsDay,
    Watermark,
)
from collector.sources import analytics

pytestmark = pytest.mark.django_db
END = datetime(2026, 9, 16, 15, 4, tzinfo=UTC)
WINDOW = Window(datetime(2026, 9, 15, tzinfo=UTC), END, END)
TEAM, MEMBERS = analytics.TEAM_PATH, analytics.MEMBER_PATH
DAY = date(2026, 9, 15)

ROWS: dict[str, list[dict[str, Any]]] = {
    "dau": [{"date": "2026-09-15", "dau": 40, "cli_dau": 3}],
    "models": [{"date": "2026-09-15", "model_breakdown": {"gpt-4o": {"messages": 9, "users": 2}}}],
    "mcp": [
        {"event_date": "2026-09-15", "tool_name": "read_file", "mcp_server_name": "filesystem", "usage": 12}
    ],
    "client-versions": [
        {"event_date": "2026-09-15", "client_version": "1.7.2", "user_count": 5, "percentage": 0.125}
    ],
}


def tell_team(told, **rows: Any) -> None:
    for metric in TEAM_METRICS:
        told.tell(TEAM + metric, {"data": rows.get(metric, ROWS.get(metric, [])), "params": {}})


def team() -> list[tuple]:
    rows = TeamAnalyticsDay.objects.order_by("metric", "name")
    return list(rows.values_list("metric", "day", "name", "detail", "count", "values"))


def test_every_metric_is_counted_by_day_and_name(told, client):
    for new in (4, 0):
        tell_team(told)
        result = analytics.sync_team(client, WINDOW)
        assert (result.seen, result.new, result.changed) == (4, new, 0)
        assert team() == [
            ("client-versions", DAY, "1.7.2", "", 5, {"user_count": 5, "percentage": 0.125}),
            ("dau", DAY, "", "", 40, {"dau": 40, "cli_dau": 3}),
            ("mcp", DAY, "read_file", "filesystem", 12, {"usage": 12}),
            ("models", DAY, "gpt-4o", "", 9, {"messages": 9, "users": 2}),
        ]


def test_a_day_counted_anew_replaces_the_old_count(told, client):
    tell_team(told)
    analytics.sync_team(client, WINDOW)
    tell_team(told, dau=[{"date": "2026-09-15", "dau": 38}])
    result = analytics.sync_team(client, WINDOW)
    assert (result.new, result.changed) == (0, 1)
    assert TeamAnalyticsDay.objects.get(metric="dau").count == 38


@pytest.mark.parametrize(
    ("metric", "row", "named"),
    [
        ("dau", {"date": "2026-09-15"}, "dau is not a count"),
        ("dau", {"dau": 4}, "event_date"),
        ("mcp", {"event_date": "2026-09-15", "usage": 1}, "tool_name is missing"),
        ("models", {"date": "2026-09-15", "model_breakdown": [1]}, "model_breakdown"),
    ],
)
def test_a_row_without_its_fields_is_rejected_and_not_taken_for_zero(told, client, metric, row, named):
    tell_team(told, **{metric: [row, *ROWS[metric]]})
    assert analytics.sync_team(client, WINDOW).noted == 1
    assert TeamAnalyticsDay.objects.filter(metric=metric).count() == 1
    assert named in RejectedRow.objects.get().reason


def test_rows_of_one_key_are_added_up_and_a_repeated_one_is_not(told, client):
    row = ROWS["mcp"][0]
    tell_team(told, mcp=[row, row | {"usage": 3}, row])
    analytics.sync_team(client, WINDOW)
    assert TeamAnalyticsDay.objects.get(metric="mcp").count == 15


def test_a_newer_metric_that_is_refused_does_not_cost_the_others(told, client):
    tell_team(told)
    told.tell(TEAM + "skills", (404, {"error": "Not Found"}, {}))
    assert analytics.sync_team(client, WINDOW).new == 4


@pytest.mark.parametrize("answer", [{"data": None}, (400, {"message": "no"}, {}), (503, "down", {})])
def test_a_metric_that_fails_is_reported_and_does_not_cost_the_others(told, client, answer):
    tell_team(told)
    told.tell(TEAM + "agent-edits", answer)
    with pytest.raises(CursorApiError, match="agent-edits"):
        analytics.sync_team(client, WINDOW)
    assert [row[0] for row in team()] == ["client-versions", "dau", "mcp", "models"]
    assert not Watermark.objects.exists()


def test_where_every_metric_fails_the_last_are_not_asked_for(told, client):
    for metric in TEAM_METRICS:
        told.tell(TEAM + metric, (400, {"message": "no"}, {}))
    with pytest.raises(CursorApiError, match="dau"):
        analytics.sync_team(client, WINDOW)
    assert client.requests_made == 3


def test_numbers_written_as_text_are_numbers(told, client):
    tell_team(told, dau=[{"date": "2026-09-15", "dau": "40", "cli_dau": "3"}])
    analytics.sync_team(client, WINDOW)
    assert team()[1][4:] == (40, {"dau": 40, "cli_dau": 3})


def test_the_first_metric_refused_means_no_analytics(told, client):
    told.tell(TEAM + "dau", (401, {"message": "Enterprise membership required"}, {}))
    with pytest.raises(CursorApiError, match="Enterprise membership required"):
        analytics.sync_team(client, WINDOW)
    assert client.requests_made == 1


def test_an_etag_is_sent_back_and_304_leaves_all_as_it_is(told, client):
    tell_team(told)
    told.tell(TEAM + "dau", (200, {"data": ROWS["dau"]}, {"ETag": '"a"'}), (304, "", {}))
    analytics.sync_team(client, WINDOW)
    assert StoredETag.objects.values_list("request", "etag").get() == (
        "/analytics/team/dau?startDate=2026-09-15&endDate=2026-09-16",
        '"a"',
    )
    result = analytics.sync_team(client, WINDOW)
    assert (result.new, result.changed, TeamAnalyticsDay.objects.filter(metric="dau").count()) == (0, 0, 1)


def test_a_part_that_was_cut_short_is_read_again_with_its_rows(told, client, monkeypatch):
    class Killed(BaseException):
        pass

    def kill(*args):
        raise Killed

    tell_team(told)
    told.tell(TEAM + "dau", (200, {"data": ROWS["dau"]}, {"ETag": '"a"'}))
    with monkeypatch.context() as patched, pytest.raises(Killed):
        patched.setattr("collector.collecting.watermarks.extend", kill)
        analytics.sync_team(client, WINDOW)
    assert (len(team()), StoredETag.objects.count(), Watermark.objects.count()) == (4, 0, 0)
    assert analytics.sync_team(client, WINDOW).seen == 4
    assert (StoredETag.objects.count(), Watermark.objects.count()) == (1, 1)


def test_an_empty_answer_is_asked_for_again(told, client):
    tell_team(told)
    told.tell(TEAM + "dau", (200, {"data": []}, {"ETag": '"a"'}), (200, {"data": ROWS["dau"]}, {}))
    analytics.sync_team(client, WINDOW)
    analytics.sync_team(client, WINDOW)
    assert TeamAnalyticsDay.objects.filter(metric="dau").count() == 1


def members_page(data: dict, *, users: int, number: int = 1, pages: int = 1) -> dict[str, Any]:
    paging = {"page": number, "totalUsers": users, "totalPages": pages, "hasNextPage": number < pages}
    return {"data": data, "pagination": paging}


USED = {"event_date": "2026-09-15", "command_name": "review", "usage": 3}


def test_members_tools_and_commands_are_stored_by_email(told, client):
    told.tell(MEMBERS + "mcp", members_page({}, users=0))
    told.tell(
        MEMBERS + "commands",
        (200, members_page({"Ana@x.com": [USED]}, users=2, pages=2), {"ETag": '"1"'}),
        (200, members_page({"bo@x.com": [USED]}, users=2, number=2, pages=2), {"ETag": '"2"'}),
        (304, "", {}),
    )
    result = analytics.sync_members(client, WINDOW)
    assert (result.seen, result.new) == (2, 2)
    rows = MemberAnalyticsDay.objects.order_by("member__email")
    assert list(rows.values_list("member__email", "metric", "day", "name", "count")) == [
        ("ana@x.com", "commands", DAY, "review", 3),
        ("bo@x.com", "commands", DAY, "review", 3),
    ]
    assert analytics.sync_members(client, WINDOW).seen == 0
    assert len(told.asked[MEMBERS + "commands"]) == 4


def test_members_without_rows_may_be_absent_though_the_total_counts_the_team(told, client):
    for name in ("ana", "bo", "cy"):
        Member.objects.create(email=f"{name}@x.com", first_seen_at=END, last_seen_at=END)
    told.tell(
        MEMBERS + "mcp", members_page({}, users=3, pages=2), members_page({}, users=3, number=2, pages=2)
    )
    told.tell(MEMBERS + "commands", members_page({"ana@x.com": [USED]}, users=3))
    result = analytics.sync_members(client, WINDOW)
    assert (result.new, result.noted) == (1, 0)


def test_more_people_announced_than_the_team_has_are_a_doubt_and_leave_no_etag(told, client):
    told.tell(MEMBERS + "mcp", members_page({}, users=0))
    told.tell(MEMBERS + "commands", (200, members_page({"a@x.com": [USED]}, users=9), {"ETag": '"1"'}))
    assert analytics.sync_members(client, WINDOW).noted == 1
    assert (MemberAnalyticsDay.objects.count(), StoredETag.objects.count()) == (1, 0)
    assert Doubt.objects.values_list("announced", "counted").get() == ("9", "1")


def test_a_person_is_known_by_the_id_that_the_answer_maps(told, client):
    Member.objects.create(email="ana@old.com", cursor_id="user_A", first_seen_at=END, last_seen_at=END)
    mapped = {"params": {"userMappings": [{"id": "user_A", "email": "ana@new.com"}, {"id": 7}, None]}}
    told.tell(MEMBERS + "mcp", members_page({}, users=0))
    told.tell(MEMBERS + "commands", members_page({"Ana@new.com": [USED]}, users=1) | mapped)
    analytics.sync_members(client, WINDOW)
    assert MemberAnalyticsDay.objects.get().member.email == "ana@old.com"


@pytest.mark.parametrize("key", ["Ann <ann@x.com>", "'ann@x.com'", "ANN@x.com."])
def test_an_address_in_another_dress_is_the_members(told, client, key):
    told.tell(MEMBERS + "mcp", members_page({}, users=0))
    told.tell(MEMBERS + "commands", members_page({key: [USED]}, users=1))
    analytics.sync_members(client, WINDOW)
    assert MemberAnalyticsDay.objects.get().member.email == "ann@x.com"


@pytest.mark.parametrize(("key", "email"), [("user_A", "ana@x.com"), ("12345", "user:12345")])
def test_an_id_in_place_of_an_address_is_its_members(told, client, key, email):
    Member.objects.create(email="ana@x.com", cursor_id="user_A", first_seen_at=END, last_seen_at=END)
    told.tell(MEMBERS + "mcp", members_page({}, users=0))
    told.tell(MEMBERS + "commands", members_page({key: [USED]}, users=1))
    analytics.sync_members(client, WINDOW)
    assert MemberAnalyticsDay.objects.get().member.email == email


@pytest.mark.parametrize(
    "data",
    [
        {"ann\nlee@x.com": [USED]},
        {"a@x.com": "many"},
        {"": [USED]},
        {"(none)": [USED]},
        {"data": [USED]},
        {"a@x.com": [7]},
    ],
)
def test_what_names_nobody_or_is_no_list_is_rejected_alone(told, client, data):
    told.tell(MEMBERS + "mcp", members_page({}, users=0))
    told.tell(MEMBERS + "commands", members_page(data | {"bo@x.com": [USED]}, users=2))
    analytics.sync_members(client, WINDOW)
    assert [row.member.email for row in MemberAnalyticsDay.objects.all()] == ["bo@x.com"]
    assert not Member.objects.exclude(email__contains="@").exists()
    assert RejectedRow.objects.count() == 1


def test_a_month_is_asked_for_in_windows_of_thirty_days(told, client):
    tell_team(told)
    start = datetime(2026, 8, 1, tzinfo=UTC)
    parts: list[Window] = []
    analytics.sync_team(client, Window(start, END, END), lambda part, result: parts.append(part))
    assert [(part.start_at, part.end_at) for part in parts] == [
        (start, start + timedelta(days=30)),
        (start + timedelta(days=30), END),
    ]
    assert analytics.dates(parts[0]) == {"startDate": "2026-08-01", "endDate": "2026-08-30"}

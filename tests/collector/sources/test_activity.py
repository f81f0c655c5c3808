from datetime import UTC, date, datetime
from typing import Any

import pytest

from collector.collecting.windows import Window
from collector.models import DailyActivity, Doubt, Member, RejectedRow
from collector.sources import activity
from tests.collector.fake_api import ms

pytestmark = pytest.mark.django_db
PATH = activity.PATH
START, END = datetime(2026, 9, 14, tzinfo=UTC), datetime(2026, 9, 16, 15, 4, tzinfo=UTC)
WINDOW = Window(START, END, END)


def row(email: str | None, day: str = "2026-09-14", user: int = 12345, **fields: Any) -> dict[str, Any]:
    values = {
        "userId": user,
        "day": day,
        "date": 1,
        "email": email,
        "mostUsedModel": None,
        "clientVersion": None,
    }
    return values | fields


def page(rows: list[dict], *, users: int, number: int = 1, pages: int = 1) -> dict[str, Any]:
    paging = {"page": number, "totalUsers": users, "totalPages": pages, "hasNextPage": number < pages}
    return {"data": rows, "pagination": paging}


def table() -> list[tuple]:
    rows = DailyActivity.objects.order_by("member__email", "day")
    return list(rows.values_list("member__email", "day", "agent_requests", "lines_added", "client_version"))


def test_a_day_is_stored_and_replaced_never_added(told, client):
    told.tell(PATH, page([row("Ana@x.com", agentRequests=14, totalLinesAdded=310, isActive=True)], users=1))
    activity.sync(client, WINDOW)
    assert table() == [("ana@x.com", date(2026, 9, 14), 14, 310, "")]
    told.tell(PATH, page([row("ana@x.com", agentRequests=9, clientVersion="1.7", isActive=True)], users=1))
    result = activity.sync(client, WINDOW)
    assert (result.new, result.changed) == (0, 1)
    assert table() == [("ana@x.com", date(2026, 9, 14), 9, 0, "1.7")]
    assert told.asked[PATH][0] == {
        "startDate": ms(START),
        "endDate": ms(END) - 1,
        "page": 1,
        "pageSize": 1000,
    }


def test_days_without_anything_take_no_row_but_can_empty_one(told, client):
    told.tell(PATH, page([row("ana@x.com", agentRequests=1), row("bo@x.com", user=2)], users=2))
    activity.sync(client, WINDOW)
    assert [each[0] for each in table()] == ["ana@x.com"]
    told.tell(PATH, page([row("ana@x.com"), row("bo@x.com", user=2)], users=2))
    activity.sync(client, WINDOW)
    assert table() == [("ana@x.com", date(2026, 9, 14), 0, 0, "")]


def test_a_row_whose_counts_have_other_names_is_rejected_and_empties_no_day(told, client):
    told.tell(PATH, page([row("ana@x.com", agentRequests=1)], users=1))
    activity.sync(client, WINDOW)
    renamed = {"day": "2026-09-14", "date": 1, "email": "ana@x.com", "user_id": 12345, "agent_count": 2}
    told.tell(PATH, {"data": [renamed]})
    activity.sync(client, WINDOW)
    assert table() == [("ana@x.com", date(2026, 9, 14), 1, 0, "")]
    assert RejectedRow.objects.get().reason == "states no count"


def test_a_row_without_an_email_is_known_by_its_number(told, client):
    told.tell(PATH, page([row("ana@x.com", agentRequests=1)], users=1))
    activity.sync(client, WINDOW)
    assert Member.objects.get().numeric_id == "12345"
    told.tell(PATH, page([row(None, day="2026-09-15", agentRequests=2)], users=1))
    activity.sync(client, WINDOW)
    assert [each[:3] for each in table()] == [
        ("ana@x.com", date(2026, 9, 14), 1),
        ("ana@x.com", date(2026, 9, 15), 2),
    ]


def test_pages_count_people_not_rows(told, client):
    ana = [row("ana@x.com", day=f"2026-09-{day}", agentRequests=1) for day in (14, 15)]
    told.tell(PATH, page(ana, users=2, pages=2), page([row("bo@x.com", user=2)], users=2, number=2, pages=2))
    assert activity.sync(client, WINDOW).seen == 2


@pytest.mark.parametrize("order", [1, -1])
def test_whoever_left_and_came_back_keeps_what_one_of_the_two_rows_says(told, client, order):
    told.tell(PATH, page([row("ana@x.com", agentRequests=14)], users=1))
    activity.sync(client, WINDOW)
    rows = [row("ana@x.com", agentRequests=15), row("ana@x.com", user=2)][::order]
    told.tell(PATH, page(rows, users=2))
    activity.sync(client, WINDOW)
    assert [each[:3] for each in table()] == [("ana@x.com", date(2026, 9, 14), 15)]


def test_a_new_address_of_a_known_number_is_the_same_member(told, client):
    days = ("2026-09-14", "2026-09-15")
    told.tell(PATH, page([row("ana@x.com", day=day, agentRequests=1) for day in days], users=1))
    activity.sync(client, WINDOW)
    told.tell(PATH, page([row("ann@x.com", day=days[1], agentRequests=3)], users=1))
    activity.sync(client, WINDOW)
    told.tell(PATH, page([row(None, day="2026-09-16", agentRequests=4)], users=1))
    activity.sync(client, WINDOW)
    assert [each[:3] for each in table()] == [
        ("ana@x.com", date(2026, 9, 14), 1),
        ("ana@x.com", date(2026, 9, 15), 3),
        ("ana@x.com", date(2026, 9, 16), 4),
    ]
    assert Member.objects.by_address("ann@x.com").email == "ana@x.com"


def test_a_number_of_nought_is_nobodys(told, client):
    rows = [row(f"{name}@x.com", day="2026-09-15", agentRequests=1) | {"userId": 0} for name in "abc"]
    for _ in range(2):
        told.tell(PATH, page(rows, users=1))
        activity.sync(client, WINDOW)
        assert [(each[0], each[2]) for each in table()] == [("a@x.com", 1), ("b@x.com", 1), ("c@x.com", 1)]


def test_a_person_with_a_new_address_in_the_middle_of_an_answer_is_one(told, client):
    days = [
        row("ana@x.com", agentRequests=1),
        row("ann@x.com", day="2026-09-15", agentRequests=2),
    ]
    told.tell(PATH, page(days, users=1))
    assert activity.sync(client, WINDOW).new == 2


def test_people_missing_from_the_pages_are_a_doubt(told, client):
    told.tell(PATH, page([row("ana@x.com", agentRequests=1)], users=3))
    assert activity.sync(client, WINDOW).noted == 1
    assert len(table()) == 1
    assert Doubt.objects.values_list("kind", "announced", "counted").get() == ("total", "3", "1")


@pytest.mark.parametrize(
    ("day", "at"),
    [
        ({}, 1789387200000),
        ({"day": None}, "1789387200000"),
        ({"day": "2026-09-14T00:00:00Z"}, None),
        ({"day": "someday"}, 1789387200000),
    ],
)
def test_the_day_is_taken_from_either_field(told, client, day, at):
    given = {name: value for name, value in row("ana@x.com", agentRequests=2).items() if name != "day"}
    told.tell(PATH, {"data": [given | {"date": at} | day], "period": {}})
    activity.sync(client, WINDOW)
    assert [each[1:3] for each in table()] == [(date(2026, 9, 14), 2)]


@pytest.mark.parametrize("fields", [{"day": None}, {"day": "0001-01-01"}, {"day": 7}, {"day": "9999-12-31"}])
def test_a_row_without_a_day_is_rejected_alone(told, client, fields):
    rows = [row("ana@x.com", agentRequests=1) | fields, row("bo@x.com", user=2, agentRequests=1)]
    told.tell(PATH, page(rows, users=2))
    activity.sync(client, WINDOW)
    assert [each[0] for each in table()] == ["bo@x.com"]
    assert RejectedRow.objects.count() == 1


@pytest.mark.parametrize("value", [-1, 1.5, 2**31, "many", [], True])
def test_one_odd_count_does_not_cost_the_day(told, client, value):
    told.tell(PATH, page([row("ana@x.com", agentRequests=3, totalLinesAdded=value)], users=1))
    activity.sync(client, WINDOW)
    stored = DailyActivity.objects.get()
    assert (stored.known("agent_requests"), stored.known("lines_added")) == (3, None)
    assert Doubt.objects.get().where == "totalLinesAdded"


def test_a_count_that_could_never_be_read_is_unknown_until_it_can_be(told, client):
    for value, known in (("many", None), (-1, None), (310, 310), (None, 310), (0, 0)):
        told.tell(PATH, page([row("ana@x.com", agentRequests=3, totalLinesAdded=value)], users=1))
        activity.sync(client, WINDOW)
        assert DailyActivity.objects.get().known("lines_added") == known
    assert DailyActivity.objects.get().unread is None
    assert activity.sync(client, WINDOW).changed == 0


@pytest.mark.parametrize("value", [-1, "many", None])
def test_a_count_that_cannot_be_read_stays_as_it_was(told, client, value):
    told.tell(PATH, page([row("ana@x.com", agentRequests=3, totalLinesAdded=310, isActive=True)], users=1))
    activity.sync(client, WINDOW)
    told.tell(PATH, page([row("ana@x.com", agentRequests=4, totalLinesAdded=value, isActive=value)], users=1))
    for _ in range(2):
        activity.sync(client, WINDOW)
        assert [each[2:4] for each in table()] == [(4, 310)]
        assert DailyActivity.objects.get().is_active


def test_of_two_rows_of_a_day_a_count_that_one_cannot_say_is_not_the_others_alone(told, client):
    told.tell(PATH, page([row("ana@x.com", agentRequests=7)], users=1))
    activity.sync(client, WINDOW)
    told.tell(PATH, page([row("ana@x.com", agentRequests=count) for count in (3, "many")], users=1))
    activity.sync(client, WINDOW)
    assert [each[2] for each in table()] == [7]


def test_an_idle_day_with_an_odd_count_takes_no_row(told, client):
    told.tell(PATH, page([row("ana@x.com", totalLinesAdded=-1)], users=1))
    activity.sync(client, WINDOW)
    assert (table(), Doubt.objects.count()) == ([], 1)


def test_a_day_in_two_rows_is_added_up_and_one_that_is_repeated_is_not(told, client):
    twice = row("bo@x.com", user=2, agentRequests=5)
    rows = [row("ana@x.com", agentRequests=count, isActive=True) for count in (3, 4)]
    told.tell(PATH, page([*rows, twice, twice], users=2))
    activity.sync(client, WINDOW)
    assert [each[2] for each in table()] == [7, 5]


def test_a_day_that_is_stated_in_seconds_is_read_with_a_doubt(told, client):
    told.tell(
        PATH, page([row("ana@x.com", day=None, agentRequests=1) | {"date": ms(START) // 1000}], users=1)
    )
    activity.sync(client, WINDOW)
    assert [each[1:3] for each in table()] == [(date(2026, 9, 14), 1)]
    assert Doubt.objects.get().where == "date"


def test_an_old_answer_without_pages_is_taken_whole(told, client):
    told.tell(PATH, {"data": [row("ana@x.com", agentRequests=1)]})
    assert activity.sync(client, WINDOW).new == 1

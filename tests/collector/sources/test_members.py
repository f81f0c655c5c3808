from datetime import UTC, datetime

import pytest

from collector.collecting.windows import Window
from collector.cursor.errors import CursorApiError
from collector.models import Member
from collector.sources import members
from tests.collector.fake_api import member

pytestmark = pytest.mark.django_db
PATH = members.PATH
MONDAY, TUESDAY, WEDNESDAY = (datetime(2026, 9, day, 9, tzinfo=UTC) for day in (14, 15, 16))


def sync(told, client, at: datetime, *rows: dict):
    told.tell(PATH, {"teamMembers": list(rows)})
    return members.sync(client, Window(at, at, at))


def table() -> list[tuple]:
    rows = Member.objects.order_by("email")
    return list(
        rows.values_list("email", "name", "role", "is_removed", "gone_at", "first_seen_at", "last_seen_at")
    )


def test_the_list_becomes_members_by_lower_case_email(told, client):
    result = sync(told, client, MONDAY, member("Ana@Example.com"), member("bo@example.com", isRemoved=True))
    assert (result.seen, result.new, result.changed) == (2, 2, 0)
    assert table() == [
        ("ana@example.com", "Ana", "member", False, None, MONDAY, MONDAY),
        ("bo@example.com", "Bo", "member", True, None, MONDAY, MONDAY),
    ]


def test_reading_again_only_notes_that_they_are_still_there(told, client):
    sync(told, client, MONDAY, member("ana@example.com"))
    result = sync(told, client, TUESDAY, member("ana@example.com"))
    assert (result.new, result.changed) == (0, 0)
    assert table() == [("ana@example.com", "Ana", "member", False, None, MONDAY, TUESDAY)]


def test_whoever_is_missing_is_gone_since_then_and_back_when_listed_again(told, client):
    sync(told, client, MONDAY, member("ana@example.com"), member("bo@example.com"))
    gone = sync(told, client, TUESDAY, member("ana@example.com"))
    assert (gone.new, gone.changed) == (0, 1)
    assert [(row[0], row[4]) for row in table()] == [("ana@example.com", None), ("bo@example.com", TUESDAY)]
    sync(told, client, WEDNESDAY, member("ana@example.com"))
    assert table()[1][4] == TUESDAY
    back = sync(told, client, WEDNESDAY, member("ana@example.com"), member("bo@example.com"))
    assert (back.new, back.changed) == (0, 1)
    assert table()[1][4] is None


def test_service_accounts_and_nobody_are_not_expected_in_the_list(told, client):
    for key, kind in (("service-account:1", "service_account"), ("unattributed", "unattributed")):
        Member.objects.create(email=key, kind=kind, first_seen_at=MONDAY, last_seen_at=MONDAY)
    sync(told, client, TUESDAY, member("ana@example.com"))
    assert not Member.objects.filter(gone_at__isnull=False).exists()


def test_somebody_listed_twice_counts_with_the_seat_in_use(told, client):
    sync(told, client, MONDAY, member("a@x.com", isRemoved=True, id="user_1"), member("A@x.com", id="user_2"))
    assert Member.objects.values_list("cursor_id", "is_removed").get() == ("user_2", False)


@pytest.mark.parametrize("answer", [{"teamMembers": []}, {"members": []}, [], {"teamMembers": "none"}])
def test_an_answer_without_a_list_sends_nobody_away(told, client, answer):
    sync(told, client, MONDAY, member("ana@example.com"))
    before = table()
    told.tell(PATH, answer)
    with pytest.raises(CursorApiError, match="^/teams/members: "):
        members.sync(client, Window(TUESDAY, TUESDAY, TUESDAY))
    assert table() == before

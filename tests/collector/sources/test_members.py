from datetime import UTC, datetime

import pytest

from collector.collecting.windows import Window
from collector.cursor.errors import CursorApiError
from collector.models import Doubt, Member, RejectedRow
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


@pytest.mark.parametrize("placeholder", [0, -1, "0", "null", "undefined", "none", "", None])
def test_what_stands_in_place_of_an_id_makes_nobody_the_same_person(told, client, placeholder):
    for _ in range(2):
        sync(told, client, MONDAY, *(member(f"{name}@x.com", id=placeholder) for name in "abc"))
    assert Member.objects.filter(cursor_id="", gone_at=None).count() == 3


@pytest.mark.parametrize("answer", [{"teamMembers": []}, {"members": []}, [], {"teamMembers": "none"}])
def test_an_answer_without_a_list_sends_nobody_away(told, client, answer):
    sync(told, client, MONDAY, member("ana@example.com"))
    before = table()
    told.tell(PATH, answer)
    with pytest.raises(CursorApiError, match="^/teams/members: "):
        members.sync(client, Window(TUESDAY, TUESDAY, TUESDAY))
    assert table() == before


def test_a_new_address_of_a_known_id_is_the_same_member_and_both_find_them(told, client):
    sync(told, client, MONDAY, member("ida@old.com", id="user_ida"))
    before = Member.objects.get()
    sync(told, client, TUESDAY, member("Ida@new.com", id="user_ida"))
    after = Member.objects.get()
    assert (after.pk, after.email, after.first_seen_at) == (before.pk, "ida@new.com", MONDAY)
    for address in ("ida@new.com", "IDA@old.com"):
        assert Member.objects.by_address(address) == after
    sync(told, client, WEDNESDAY, member("ida@old.com", id="user_ida"))
    assert Member.objects.get().email == "ida@old.com"


@pytest.mark.parametrize("is_at_once", [True, False])
def test_a_newcomer_who_gets_the_former_address_of_somebody_listed_is_a_member_of_their_own(
    told, client, is_at_once
):
    sync(told, client, MONDAY, member("ida@x.com", id="user_ida"))
    if not is_at_once:
        sync(told, client, TUESDAY, member("ida@new.com", id="user_ida"))
    sync(told, client, WEDNESDAY, member("ida@new.com", id="user_ida"), member("ida@x.com", id="user_2"))
    assert dict(Member.objects.values_list("cursor_id", "email")) == {
        "user_ida": "ida@new.com",
        "user_2": "ida@x.com",
    }
    assert Member.objects.by_address("ida@x.com").cursor_id == "user_2"


def test_two_members_may_swap_their_addresses(told, client):
    sync(told, client, MONDAY, member("a@x.com", id="user_1"), member("b@x.com", id="user_2"))
    sync(told, client, TUESDAY, member("b@x.com", id="user_1"), member("a@x.com", id="user_2"))
    addresses = dict(Member.objects.values_list("cursor_id", "email"))
    assert addresses == {"user_1": "b@x.com", "user_2": "a@x.com"}


@pytest.mark.parametrize("number", [2, 3, 5])
def test_of_members_who_each_take_the_next_ones_address_none_moves_onto_somebody(told, client, number):
    sync(told, client, MONDAY, *[member(f"{n}@x.com", id=f"user_{n}") for n in range(number + 1)])
    took = [member(f"{n + 1}@x.com", id=f"user_{n}") for n in range(number)]
    result = sync(told, client, TUESDAY, *took, member("new@x.com", id="user_new"))
    assert (result.noted, Member.objects.count()) == (number, number + 2)
    assert Member.objects.get(email="new@x.com").cursor_id == "user_new"


def test_an_address_that_somebody_else_has_is_a_doubt(told, client):
    sync(told, client, MONDAY, member("ida@old.com", id="user_ida"), member("ida@new.com", id="user_2"))
    sync(told, client, TUESDAY, member("ida@new.com", id="user_ida"))
    assert Member.objects.count() == 2
    assert Doubt.objects.values_list("kind", "where").get()[0] == "identity"


def test_a_list_that_lost_half_the_team_is_not_believed_for_a_day(told, client):
    people = [member(f"{name}@x.com") for name in "abcdef"]
    sync(told, client, MONDAY, *people)
    assert sync(told, client, TUESDAY, people[0]).noted == 1
    assert Member.objects.on_team().count() == 6
    sync(told, client, WEDNESDAY, people[0])
    assert Member.objects.on_team().count() == 1


def test_an_address_in_two_lines_is_rejected_and_nobody_is_gone(told, client):
    sync(told, client, MONDAY, *[member(f"{name}@x.com") for name in "abcde"])
    rows = [member("ann\nlee@x.com", id=None), *[member(f"{name}@x.com") for name in "bcde"]]
    sync(told, client, TUESDAY, *rows)
    assert Member.objects.on_team().count() == 5
    assert RejectedRow.objects.get().raw["email"] == "ann\nlee@x.com"


def test_one_id_with_two_addresses_in_one_list_is_one_member(told, client):
    rows = [member("ana@example.com", id="user_a"), member("ann@example.com", id="user_a")]
    for day in (MONDAY, TUESDAY):
        sync(told, client, day, *rows)
        assert Member.objects.get().gone_at is None

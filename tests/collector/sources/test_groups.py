from datetime import UTC, datetime
from typing import Any

import pytest

from collector.collecting.windows import Window
from collector.cursor.errors import CursorApiError
from collector.models import CursorGroup, CursorGroupMembership, Doubt, Member, RejectedRow
from collector.sources import groups

pytestmark = pytest.mark.django_db
MONDAY, TUESDAY = (datetime(2026, 9, day, 9, tzinfo=UTC) for day in (14, 15))


def person(email: str, joined: str = "2026-08-01T00:00:00.000Z", left: str | None = None) -> dict[str, Any]:
    return {
        "userId": f"user_{email}",
        "name": email,
        "email": email,
        "joinedAt": joined,
        "leftAt": left,
        "spendCents": 5,
    }


def group(number: int, *current: dict, former: tuple[dict, ...] = ()) -> dict[str, Any]:
    return {
        "id": f"group_{number}",
        "name": f"Group {number}",
        "type": "BILLING",
        "spendCents": 12.5,
        "currentMembers": list(current),
        "formerMembers": list(former),
    }


def sync(told, client, at: datetime, *rows: dict):
    told.tell(groups.PATH, {"groups": list(rows), "unassignedGroup": group(0)})
    return groups.sync(client, Window(at, at, at))


def stays() -> list[tuple]:
    rows = CursorGroupMembership.objects.order_by("member__email", "joined_at")
    return [(row.member.email, row.group.name, row.left_at) for row in rows.select_related("member", "group")]


def test_groups_and_stays_are_stored_once(told, client):
    for new in (3, 0):
        result = sync(told, client, MONDAY, group(1, person("ana@x.com"), person("bo@x.com")))
        assert (result.new, result.changed) == (new, 0)
        assert stays() == [("ana@x.com", "Group 1", None), ("bo@x.com", "Group 1", None)]


def test_a_move_ends_one_stay_and_begins_another(told, client):
    sync(told, client, MONDAY, group(1, person("ana@x.com")), group(2))
    moved = person("ana@x.com", joined="2026-09-14T20:00:00.000Z")
    left = person("ana@x.com", left="2026-09-14T20:00:00.000Z")
    sync(told, client, TUESDAY, group(1, former=(left,)), group(2, moved))
    assert stays() == [
        ("ana@x.com", "Group 1", datetime(2026, 9, 14, 20, tzinfo=UTC)),
        ("ana@x.com", "Group 2", None),
    ]


def test_whoever_is_no_longer_listed_left_when_that_was_seen(told, client):
    sync(told, client, MONDAY, group(1, person("ana@x.com")))
    sync(told, client, TUESDAY, group(1))
    assert stays() == [("ana@x.com", "Group 1", TUESDAY)]


def test_whoever_left_on_an_unknown_day_left_when_that_was_first_seen(told, client):
    for at in (MONDAY, TUESDAY):
        sync(told, client, at, group(1, former=(person("ana@x.com"),)))
        assert stays() == [("ana@x.com", "Group 1", MONDAY)]


def test_nobody_leaves_before_they_joined(told, client):
    sync(told, client, MONDAY, group(1, former=(person("ana@x.com", left="2026-07-01T00:00:00.000Z"),)))
    assert stays() == [("ana@x.com", "Group 1", datetime(2026, 8, 1, tzinfo=UTC))]


def test_nobody_is_in_two_groups_even_if_an_answer_says_so(told, client):
    later = person("ana@x.com", joined="2026-09-01T00:00:00.000Z")
    sync(told, client, MONDAY, group(1, person("ana@x.com")), group(2, later))
    assert stays() == [("ana@x.com", "Group 2", None)]


def test_a_group_that_is_missing_is_gone_not_deleted(told, client):
    sync(told, client, MONDAY, group(1), group(2))
    sync(told, client, TUESDAY, group(1))
    assert list(CursorGroup.objects.values_list("cursor_id", "gone_at")) == [
        ("group_1", None),
        ("group_2", TUESDAY),
    ]


@pytest.mark.parametrize("members", [{}, {"currentMembers": None}, {"currentMembers": "many"}])
def test_a_group_without_a_list_of_members_is_rejected_and_empties_nothing(told, client, members):
    sync(told, client, MONDAY, group(1, person("ana@x.com")))
    listless = {name: value for name, value in group(1).items() if name != "currentMembers"} | members
    result = sync(told, client, TUESDAY, listless, group(2, person("bo@x.com")))
    assert (result.noted, RejectedRow.objects.get().reason[:15]) == (2, "currentMembers:")
    assert stays() == [("ana@x.com", "Group 1", None), ("bo@x.com", "Group 2", None)]
    assert not CursorGroup.objects.filter(gone_at__isnull=False).exists()


def test_a_person_without_an_address_is_known_by_their_id_and_a_stranger_is_left_out(told, client):
    Member.objects.create(email="cem@x.com", cursor_id="user_cem", first_seen_at=MONDAY, last_seen_at=MONDAY)
    rows = [
        person("cem@x.com") | {"userId": "user_cem", "email": None},
        person("") | {"userId": "user_stranger"},
        person("") | {"userId": None},
    ]
    sync(told, client, MONDAY, group(1, *rows))
    assert stays() == [("cem@x.com", "Group 1", None)]
    assert Doubt.objects.filter(kind="identity").count() == 2
    assert Member.objects.count() == 1


def test_a_day_that_cannot_be_keeps_the_stay_that_is_known(told, client):
    sync(told, client, MONDAY, group(1, person("ana@x.com")))
    for joined in ("1970-01-01T00:00:00Z", None, "soon", 0):
        sync(told, client, TUESDAY, group(1, person("ana@x.com", joined=joined)))
        assert CursorGroupMembership.objects.values_list("joined_at", "left_at").get() == (
            datetime(2026, 8, 1, tzinfo=UTC),
            None,
        )


def test_an_answer_that_lacks_most_people_moves_nobody(told, client):
    people = [person(f"{name}@x.com") for name in "abcdef"]
    sync(told, client, MONDAY, group(1, *people))
    result = sync(told, client, TUESDAY, group(1, people[0]))
    assert result.noted == 1
    assert Doubt.objects.values_list("kind", "announced", "counted").get() == ("absence", "6", "1")
    assert [row[2] for row in stays()] == [None] * 6


def test_the_vendors_unassigned_group_is_no_group(told, client):
    sync(told, client, MONDAY, group(1, person("ana@x.com")) | {"name": "Unassigned"})
    assert (stays(), CursorGroup.objects.count()) == ([], 0)


def test_an_empty_answer_moves_nobody_unless_they_are_unassigned(told, client):
    sync(told, client, MONDAY, group(1, person("ana@x.com")))
    with pytest.raises(CursorApiError, match="no groups"):
        sync(told, client, TUESDAY)
    assert stays() == [("ana@x.com", "Group 1", None)]
    told.tell(groups.PATH, {"groups": [], "unassignedGroup": group(0, person("ana@x.com"))})
    groups.sync(client, Window(TUESDAY, TUESDAY, TUESDAY))
    assert stays() == [("ana@x.com", "Group 1", TUESDAY)]


def test_a_group_that_lists_its_people_as_members_has_them(told, client):
    row = group(1, person("ana@example.com"))
    row["members"] = row.pop("currentMembers")
    Member.objects.create(email="ana@example.com", first_seen_at=MONDAY, last_seen_at=MONDAY)
    assert sync(told, client, MONDAY, row).noted == 0
    assert CursorGroupMembership.objects.get().member.email == "ana@example.com"

"""Taking over the vendor's groups."""

from datetime import UTC, date, datetime

import pytest

from collector.models import CursorGroupMembership
from groups.cursor import adopt
from groups.models import Group
from tests.groups.factories import assign, make_cursor_group, make_group, make_member, make_stay, table

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)


def names() -> list[str]:
    return list(Group.objects.values_list("name", flat=True))


def test_members_are_in_the_vendors_group_from_the_day_they_joined():
    alice, bob = make_member("alice@example.com"), make_member("bob@example.com")
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    make_stay(alice, alpha, date(2026, 1, 5), date(2026, 2, 3))
    make_stay(alice, beta, date(2026, 2, 3))
    make_stay(bob, beta, date(2026, 1, 7), date(2026, 2, 20))
    expected = [
        ("alice@example.com", "2026-01-05", "Alpha", "cursor"),
        ("alice@example.com", "2026-02-03", "Beta", "cursor"),
        ("bob@example.com", "2026-01-07", "Beta", "cursor"),
        ("bob@example.com", "2026-02-20", None, "cursor"),
    ]

    report = adopt(NOW)
    assert table() == expected
    assert (report.groups_new, report.assignments_changed) == (2, 4)

    again = adopt(NOW)
    assert table() == expected
    assert (again.groups_new, again.groups_renamed, again.assignments_changed) == (0, 0, 0)


def test_a_move_told_before_the_old_stay_ended_leaves_nobody_out():
    alice = make_member("alice@example.com")
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    make_stay(alice, alpha, date(2026, 1, 5), date(2026, 2, 4))  # noticed a day late
    make_stay(alice, beta, date(2026, 2, 3))
    adopt(NOW)
    assert table()[1:] == [("alice@example.com", "2026-02-03", "Beta", "cursor")]


def test_a_second_move_on_one_day_replaces_the_first():
    alice = make_member("alice@example.com")
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    stay = CursorGroupMembership.objects.create(
        member=alice, group=alpha, joined_at=datetime(2026, 3, 10, 7, tzinfo=UTC)
    )
    adopt(NOW)
    stay.left_at = datetime(2026, 3, 10, 8, tzinfo=UTC)
    stay.save()
    CursorGroupMembership.objects.create(member=alice, group=beta, joined_at=stay.left_at)
    adopt(NOW)
    assert table() == [("alice@example.com", "2026-03-10", "Beta", "cursor")]


def test_what_was_set_here_wins_from_its_day_on():
    alice = make_member("alice@example.com")
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    assign(alice, make_group("Local > Team"), date(2026, 2, 1))
    make_stay(alice, alpha, date(2026, 1, 5), date(2026, 2, 10))
    make_stay(alice, beta, date(2026, 2, 10))
    report = adopt(NOW)
    assert table() == [
        ("alice@example.com", "2026-01-05", "Alpha", "cursor"),
        ("alice@example.com", "2026-02-01", "Local > Team", "manual"),
    ]
    assert report.members_kept == 1


def test_given_back_members_follow_the_vendor_again():
    alice = make_member("alice@example.com")
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    make_stay(alice, alpha, date(2026, 1, 5), date(2026, 3, 1))
    make_stay(alice, beta, date(2026, 3, 1))
    assign(alice, make_group("Local"), date(2026, 2, 1))
    assign(alice, make_group("Alpha"), date(2026, 2, 20), source="cursor")
    adopt(NOW)
    assert table()[-1] == ("alice@example.com", "2026-03-01", "Beta", "cursor")


def test_the_vendors_new_name_is_taken_unless_the_group_was_named_here():
    alpha, beta = make_cursor_group("Alpha"), make_cursor_group("Beta")
    adopt(NOW)
    Group.objects.filter(name="Beta").update(name="Mine", is_name_local=True)
    alpha.name, beta.name = "Alpha>Core", "Beta > Core"
    alpha.save()
    beta.save()
    report = adopt(NOW)
    assert names() == ["Alpha > Core", "Mine"]
    assert report.groups_renamed == 1


def test_a_group_made_here_under_the_same_name_becomes_the_vendors_too():
    make_group("alpha")
    theirs = make_cursor_group("Alpha")
    adopt(NOW)
    assert adopt(NOW).groups_renamed == 0
    assert [(group.name, group.cursor_group) for group in Group.objects.all()] == [("Alpha", theirs)]


@pytest.mark.parametrize(
    ("theirs", "ours"),
    [
        ("Unassigned", "Unassigned (2)"),
        ("unassigned > Core", "Core"),
        ("Unassigned > Unassigned", "Unassigned (2)"),
        (" > ", "Group"),
        ("A  >B>", "A > B"),
        ("line\nbreak", "line break"),
    ],
)
def test_names_that_cannot_be_used_get_the_nearest_one(theirs, ours):
    make_cursor_group(theirs)
    adopt(NOW)
    adopt(NOW)
    assert names() == [ours]


def test_two_of_the_vendors_groups_of_one_name_stay_two():
    make_cursor_group("Alpha")
    make_cursor_group("Alpha", cursor_id="group_2")
    adopt(NOW)
    assert adopt(NOW).groups_renamed == 0
    assert names() == ["Alpha", "Alpha (2)"]


def test_a_group_merged_here_sends_later_joiners_to_its_heir_and_keeps_the_past():
    alice, bob, carol = (make_member(f"{name}@example.com") for name in ("alice", "bob", "carol"))
    alpha = make_cursor_group("Alpha")
    make_stay(alice, alpha, date(2026, 1, 5))
    adopt(NOW)
    heir = make_group("Heir")
    Group.objects.filter(name="Alpha").update(closed_day=date(2026, 2, 1), merged_into=heir)
    make_stay(bob, alpha, date(2026, 1, 20))  # told late: was in it before the merge
    make_stay(carol, alpha, date(2026, 2, 1))
    adopt(NOW)
    adopt(NOW)
    assert table() == [
        ("alice@example.com", "2026-01-05", "Alpha", "cursor"),
        ("alice@example.com", "2026-02-01", "Heir", "cursor"),
        ("bob@example.com", "2026-01-20", "Alpha", "cursor"),
        ("bob@example.com", "2026-02-01", "Heir", "cursor"),
        ("carol@example.com", "2026-02-01", "Heir", "cursor"),
    ]


def test_a_group_deleted_here_stays_deleted():
    alice, alpha = make_member("alice@example.com"), make_cursor_group("Alpha")
    make_stay(alice, alpha, date(2026, 2, 5))
    make_group("Alpha", closed_day=date(2026, 2, 1), cursor_group=alpha)
    adopt(NOW)
    assert table() == []


def test_members_of_a_group_gone_at_the_vendor_are_unassigned_from_then_on():
    alice = make_member("alice@example.com")
    gone = make_cursor_group("Alpha", gone_at=datetime(2026, 3, 2, 5, tzinfo=UTC))
    make_stay(alice, gone, date(2026, 1, 5))
    adopt(NOW)
    assert table()[-1] == ("alice@example.com", "2026-03-02", None, "cursor")


def test_whoever_is_back_in_a_closed_group_goes_where_its_members_went():
    """As after separating two members who were merged before the group was."""
    ann, new = make_member("ann@x.io"), make_group("New")
    old = make_group("Old", closed_day=date(2026, 3, 5), merged_into=new)
    assign(ann, old, date(2026, 2, 1))
    expected = [("ann@x.io", "2026-02-01", "Old", "manual"), ("ann@x.io", "2026-03-05", "New", "manual")]
    assert [adopt(NOW).assignments_changed for _ in range(2)] == [1, 0]
    assert table() == expected

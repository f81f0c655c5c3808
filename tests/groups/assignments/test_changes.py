"""Groups made, renamed, merged and deleted, members moved."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db.models import Sum

from collector.models import Member, MemberModelDay
from groups.assignments import changes
from groups.assignments.changes import ChangeRefused
from groups.assignments.membership import current, limit_to
from groups.cursor import adopt
from groups.models import Group
from tests.groups.factories import make_cursor_group, make_day, make_group, make_member, make_stay, table

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
NEXT = NOW + timedelta(hours=1)
TODAY = date(2026, 3, 10)


@pytest.fixture
def alpha():
    """Cursor's Alpha with ann and bob in it since 1 Feb."""
    theirs = make_cursor_group("Alpha")
    for email in ("ann@x.io", "bob@x.io"):
        make_stay(make_member(email), theirs, date(2026, 2, 1))
    adopt(NOW)
    return Group.objects.get()


def ids(*emails):
    return list(Member.objects.filter(email__in=emails).values_list("pk", flat=True))


def test_a_rename_survives_the_next_collection_and_can_be_given_back(alpha):
    changes.rename(alpha, "Alpha  >Core", now=NOW)
    adopt(NEXT)
    alpha.refresh_from_db()
    assert (alpha.name, alpha.is_name_local) == ("Alpha > Core", True)
    changes.give_back_name(alpha, now=NEXT)
    adopt(NEXT)
    alpha.refresh_from_db()
    assert (alpha.name, alpha.is_name_local) == ("Alpha", False)
    assert [entry.name for entry in alpha.history.all()] == ["Alpha", "Alpha > Core", "Alpha > Core", "Alpha"]


def test_a_move_survives_the_next_collection_and_can_be_given_back(alpha):
    beta = changes.create("Beta", now=NOW)
    assert changes.move(ids("ann@x.io"), beta, TODAY, by="ada", now=NOW) == 1
    expected = [
        ("ann@x.io", "2026-02-01", "Alpha", "cursor"),
        ("ann@x.io", "2026-03-10", "Beta", "manual"),
        ("bob@x.io", "2026-02-01", "Alpha", "cursor"),
    ]
    adopt(NEXT)
    assert table() == expected
    changes.give_back(ids("ann@x.io"), by="ada", now=NEXT)
    adopt(NEXT)
    assert table()[1] == ("ann@x.io", "2026-03-10", "Alpha", "cursor")


def test_a_move_from_an_earlier_day_takes_the_later_days_along(alpha):
    beta, gamma = changes.create("Beta", now=NOW), changes.create("Gamma", now=NOW)
    changes.move(ids("ann@x.io"), beta, date(2026, 3, 1), by="ada", now=NOW)
    changes.move(ids("ann@x.io"), gamma, date(2026, 1, 20), by="ada", now=NOW)
    assert table()[:-1] == [("ann@x.io", "2026-01-20", "Gamma", "manual")]


def test_a_merge_moves_the_members_and_leaves_the_past(alpha):
    ann = alpha.assignments.first().member
    make_day(ann, date(2026, 3, 9), 100)
    make_day(ann, TODAY, 1_000)
    heir = changes.create("Heir", now=NOW)
    assert changes.merge(alpha, heir, by="ada", now=NOW) == 2
    make_stay(make_member("new@x.io"), alpha.cursor_group, TODAY)
    adopt(NEXT)
    assert {group.name for group in current(TODAY).values()} == {"Heir"}

    def cents(group):
        return limit_to(MemberModelDay.objects.all(), [group.pk]).aggregate(sum=Sum("total_cents"))["sum"]

    assert (cents(alpha), cents(heir)) == (100, 1_000)


def test_a_deleted_group_leaves_its_members_unassigned_and_comes_back_by_name(alpha):
    assert changes.delete(alpha, by="ada", now=NOW) == 2
    adopt(NEXT)
    assert set(current(TODAY).values()) == {None}
    assert current(date(2026, 3, 9))[ids("ann@x.io")[0]] == alpha
    assert changes.create("ALPHA", now=NEXT) == alpha
    assert Group.objects.get().closed_day is None


def test_what_cannot_be_done_is_refused_with_a_reason(alpha):
    closed = make_group("Closed", closed_day=TODAY)
    for refused, reason in (
        (lambda: changes.create("alpha", now=NOW), "already"),
        (lambda: changes.create("A > > B", now=NOW), "not a group name"),
        (lambda: changes.create("unassigned", now=NOW), "reserved for members"),
        (lambda: changes.create("unassigned > x", now=NOW), "“unassigned” is reserved for members"),
        (lambda: changes.create("x" * 241, now=NOW), "too long"),
        (lambda: changes.rename(alpha, "CLOSED", now=NOW), "deleted group"),
        (lambda: changes.merge(alpha, closed, by="ada", now=NOW), "cannot be merged"),
        (lambda: changes.merge(alpha, alpha, by="ada", now=NOW), "cannot be merged"),
        (lambda: changes.delete(closed, by="ada", now=NOW), "already been deleted"),
        (lambda: changes.move([], closed, TODAY, by="ada", now=NOW), "is deleted"),
        (lambda: changes.move([], alpha, date(2026, 3, 11), by="ada", now=NOW), "in the future"),
        (lambda: changes.give_back_name(closed, now=NOW), "created here"),
    ):
        with pytest.raises(ChangeRefused, match=reason):
            refused()


def test_a_change_of_case_is_a_rename(alpha):
    changes.rename(alpha, "ALPHA", now=NOW)
    assert Group.objects.get().name == "ALPHA"


def test_every_change_of_an_assignment_leaves_its_trace(alpha):
    beta = changes.create("Beta", now=NOW)
    changes.move(ids("ann@x.io"), beta, TODAY, by="ada", now=NOW)
    changes.move(ids("ann@x.io"), None, TODAY, by="bo", now=NEXT)
    row = alpha.assignments.first().member.assignments.last()
    assert [(entry.changed_by, entry.group_id) for entry in row.history.all()] == [
        ("bo", None),
        ("ada", beta.pk),
    ]

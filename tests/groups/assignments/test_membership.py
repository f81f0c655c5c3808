"""Which group a day's spend belongs to."""

from datetime import date

import pytest
from django.db.models import Sum

from collector.models import MemberModelDay
from groups.assignments import membership
from groups.assignments.membership import UNASSIGNED, current, limit_to, members_of
from groups.models import Group
from tests.groups.factories import assign, make_day, make_group, make_member

pytestmark = pytest.mark.django_db


@pytest.fixture
def moved():
    """Alice: in no group on 1 Feb, in Alpha from 2 Feb, in Beta from 4 Feb. Bob: nowhere, ever."""
    alice, bob = make_member("alice@example.com"), make_member("bob@example.com")
    alpha, beta, empty = make_group("Alpha"), make_group("Beta"), make_group("Empty")
    assign(alice, alpha, date(2026, 2, 2))
    assign(alice, beta, date(2026, 2, 4))
    for day, total_cents in ((1, 1), (2, 10), (3, 100), (4, 1_000)):
        make_day(alice, date(2026, 2, day), total_cents)
    make_day(bob, date(2026, 2, 3), 10_000)
    return {"alice": alice, "bob": bob, "alpha": alpha, "beta": beta, "empty": empty}


def cents(*group_ids):
    return limit_to(MemberModelDay.objects.all(), group_ids).aggregate(sum=Sum("total_cents"))["sum"] or 0


def test_spend_belongs_to_the_group_held_on_its_day(moved):
    assert cents(moved["alpha"].pk) == 110
    assert cents(moved["beta"].pk) == 1_000
    assert cents(moved["alpha"].pk, moved["beta"].pk) == 1_110


def test_unassigned_is_the_days_in_no_group(moved):
    assert cents(UNASSIGNED) == 10_001
    assert cents(UNASSIGNED, moved["beta"].pk) == 11_001


def test_an_empty_group_and_no_group_give_nothing(moved):
    assert cents(moved["empty"].pk) == 0
    assert cents() == 0


def test_leaving_for_no_group_is_unassigned_too(moved):
    assign(moved["alice"], None, date(2026, 2, 3))
    assert cents(UNASSIGNED) == 10_101


def test_limiting_costs_no_query_of_its_own(moved, django_assert_num_queries):
    with django_assert_num_queries(1):
        cents(moved["alpha"].pk)


def test_current_tells_every_members_group_on_a_day(moved, django_assert_num_queries):
    alice, bob = moved["alice"].pk, moved["bob"].pk
    assert current(date(2026, 2, 1)) == {alice: None, bob: None}
    assert current(date(2026, 2, 3)) == {alice: moved["alpha"], bob: None}
    with django_assert_num_queries(3):
        assert current(date(2026, 2, 4)) == {alice: moved["beta"], bob: None}


def test_members_of_a_group_on_a_day(moved):
    assert members_of({moved["alpha"].pk}, date(2026, 2, 4)) == set()
    assert members_of({moved["beta"].pk, UNASSIGNED}, date(2026, 2, 4)) == {
        moved["alice"].pk,
        moved["bob"].pk,
    }


def test_a_group_that_is_made_or_removed_while_they_are_read_is_no_fault(monkeypatch):
    """Several statements read it, and other processes write between them."""
    ann, bob, read = make_member("ann@example.com"), make_member("bob@example.com"), membership.held_groups
    assign(bob, make_group("Old"), date(2026, 2, 1))

    def meanwhile(day: date) -> dict[int, int | None]:
        assign(ann, make_group("New"), day)
        held = read(day)
        bob.assignments.all().delete()
        Group.objects.filter(name="Old").delete()
        return held

    monkeypatch.setattr(membership, "held_groups", meanwhile)
    assert {pk: str(group) for pk, group in current(date(2026, 2, 4)).items()} == {
        ann.pk: "New",
        bob.pk: "None",
    }

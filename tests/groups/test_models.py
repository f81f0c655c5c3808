"""What the database refuses."""

from datetime import date

import pytest
from django.db import IntegrityError

from tests.groups.factories import assign, make_group, make_member

pytestmark = pytest.mark.django_db


def test_nobody_is_put_into_two_groups_on_a_day():
    alice, alpha, beta = make_member("alice@example.com"), make_group("Alpha"), make_group("Beta")
    assign(alice, alpha, date(2026, 2, 1))
    with pytest.raises(IntegrityError):
        assign(alice, beta, date(2026, 2, 1), source="cursor")


def test_names_differ_in_more_than_case():
    make_group("Alpha > Core")
    with pytest.raises(IntegrityError):
        make_group("alpha > CORE")


def test_unassigned_is_not_a_name():
    with pytest.raises(IntegrityError):
        make_group("unassigned")


def test_only_a_closed_group_is_merged():
    heir = make_group("Heir")
    with pytest.raises(IntegrityError):
        make_group("Alpha", merged_into=heir)


def test_a_group_is_not_merged_into_itself():
    group = make_group("Alpha")
    group.closed_day, group.merged_into = date(2026, 2, 1), group
    with pytest.raises(IntegrityError):
        group.save()

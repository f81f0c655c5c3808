"""Groups as choices of a filter."""

import pytest

from groups.assignments.membership import UNASSIGNED
from groups.tree import GroupOption, group_options, option_for, options
from tests.groups.factories import make_group


def test_parents_cover_what_is_below_and_need_not_be_groups():
    assert group_options({1: "B", 2: "A > X > Deep", 3: "A > X", 4: "A plus"}) == [
        GroupOption("A", "A", 0, frozenset({2, 3})),
        GroupOption("A > X", "X", 1, frozenset({2, 3})),
        GroupOption("A > X > Deep", "Deep", 2, frozenset({2})),
        GroupOption("A plus", "A plus", 0, frozenset({4})),
        GroupOption("B", "B", 0, frozenset({1})),
        GroupOption("Unassigned", "Unassigned", 0, frozenset({UNASSIGNED})),
    ]


def test_parents_that_differ_only_in_case_are_one():
    assert [(option.path, option.group_ids) for option in group_options({1: "Sales > A", 2: "SALES > B"})][
        :1
    ] == [("Sales", frozenset({1, 2}))]


def test_a_path_is_found_whatever_the_case_and_an_unknown_one_covers_nothing():
    choices = group_options({1: "A > X"})
    assert option_for("a > x", choices).group_ids == {1}
    assert option_for("unassigned", choices).group_ids == {UNASSIGNED}
    assert option_for("A > Gone", choices).group_ids == frozenset()


@pytest.mark.django_db
def test_closed_groups_are_no_choice():
    make_group("Open")
    make_group("Closed", closed_day="2026-02-01")
    assert [option.path for option in options()] == ["Open", "Unassigned"]

"""What a page shows of a tree of groups."""

from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict

from groups.tree import GroupOption, group_options
from tracker.widgets.trees import FEW, LARGEST, Tree

NOW = datetime(2026, 3, 17, tzinfo=UTC)


@dataclass(frozen=True)
class Line:
    option: GroupOption
    cents: Decimal
    is_parent: bool = False


def lines(count: int) -> list[Line]:
    """A parent that spent nothing, its groups in the order of their names, the last with most spend."""
    names = {number: f"Engineering > Team {number:03}" for number in range(1, count)}
    return [Line(option, Decimal(number)) for number, option in enumerate(group_options(names)[:-1])]


def tree(key: str, lines: list[Line], query: QueryDict) -> Tree[Line]:
    tree: Tree[Line] = Tree(key, "By group", [], lines, link=lambda line: line.option.path)
    tree.read_address(query, NOW)
    return tree


def test_a_few_groups_are_all_shown():
    shown = tree("teams", lines(FEW), QueryDict())
    assert (shown.lines, shown.summary, shown.other_url) == (lines(FEW), f"{FEW} in all", "")


def test_of_many_the_largest_are_shown_below_their_parents_in_order():
    many = lines(300)
    shown = tree("teams", many, QueryDict("period=7d"))
    assert shown.lines == [many[0], *many[-LARGEST:]]
    assert shown.summary == f"The {LARGEST} with most spend and their parents, of 300"
    assert shown.other_url == "?period=7d&teams.rows=all"


def test_all_of_many_are_shown_when_asked_for_and_the_largest_are_a_link_away():
    shown = tree("teams", lines(300), QueryDict("period=7d&teams.rows=all"))
    assert (shown.lines, shown.summary, shown.other_url) == (lines(300), "300 in all", "?period=7d")


def test_a_search_shows_the_groups_that_it_names_below_their_parents_and_keeps_the_rest_of_the_address():
    many = lines(300)
    found = tree("teams", many, QueryDict("period=7d&teams.search=team 29"))
    assert [line.option.path for line in found.lines] == [
        "Engineering",
        *(f"Engineering > Team {n}" for n in range(290, 300)),
    ]
    assert found.summary == "Groups named “team 29” and their parents: 11 of 300"
    assert (found.other_label, found.other_url) == ("Show the largest", "?period=7d")
    assert list(found.kept_fields) == [("period", "7d")]


def test_a_search_that_names_no_group_shows_none():
    assert tree("teams", lines(300), QueryDict("teams.search=sales")).lines == []


def test_other_rows_are_refused():
    with pytest.raises(BadRequest):
        tree("teams", lines(300), QueryDict("teams.rows=7"))

import re
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from django.core.exceptions import BadRequest
from django.http import QueryDict
from django.template.loader import render_to_string

from tracker.widgets.tables import LONG_ROWS, Column, Table

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Person:
    name: str
    spend_cents: int | None


COLUMNS = [
    Column("name", "Name", lambda p: p.name, link=lambda p: f"/users/{p.name}"),
    Column("spend", "Spend", lambda p: p.spend_cents, "money"),
]
PEOPLE = [Person("bo", 1_250), Person("Al", None), Person("<i>Cy</i>", 99_900)]


def make_table(query="", people=PEOPLE, **options):
    table = Table("people", "People", COLUMNS, people, sort="-spend", **options)
    table.read_address(QueryDict(query), NOW)
    return table


def rendered(table):
    return render_to_string("components/table.jinja", {"table": table}, using="jinja2")


def names(table):
    return [person.name for person in table.sorted_rows()]


def test_the_largest_comes_first_and_unknown_last():
    assert names(make_table()) == ["<i>Cy</i>", "bo", "Al"]


def test_unknown_stays_last_when_the_order_is_turned():
    assert names(make_table("people.sort=spend")) == ["bo", "<i>Cy</i>", "Al"]


def test_names_sort_whatever_their_case():
    assert names(make_table("people.sort=name")) == ["<i>Cy</i>", "Al", "bo"]


def test_cells_are_escaped_and_figures_right_aligned():
    assert (
        '<th scope="row" class=""><a href="/users/&lt;i&gt;Cy&lt;/i&gt;">&lt;i&gt;Cy&lt;/i&gt;</a></th>\n'
        '<td class="number">$999.00</td>\n'
    ) in rendered(make_table())


def test_a_second_click_turns_the_order_and_keeps_the_filters():
    _, head = make_table("period=7d&people.page=1").heads
    assert (head.url, head.aria_sort) == ("?period=7d&people.sort=spend", "descending")


def test_fifty_rows_make_a_page():
    table = make_table("people.page=2", [Person(f"p{n:03}", n) for n in range(120)])
    assert (len(table.lines), table.said, table.pages) == (50, "51 to 100 of 120", 3)
    links = re.findall(r'<a class="button small" href="(.*?)"', rendered(table))
    assert links == ["?people.page=1", "?people.page=3"]


def test_a_long_table_has_as_many_rows_a_page_as_are_chosen():
    def long_table(query):
        people = [Person(f"p{n:03}", n) for n in range(120)]
        return make_table(query, people, row_choices=LONG_ROWS)

    assert (len(long_table("").lines), long_table("").pages) == (25, 5)
    table = long_table("people.rows=100&people.page=2")
    assert (len(table.lines), table.said) == (20, "101 to 120 of 120")
    sizes = re.findall(
        r'<a href="(\?people.rows[^"]*)"[^>]*?( aria-current="true")?>(\d+)</a>', rendered(table)
    )
    assert [(rows, bool(is_current)) for _, is_current, rows in sizes] == [
        ("25", False),
        ("50", False),
        ("100", True),
    ]
    assert sizes[0][0] == "?people.rows=25"
    assert "Rows a page" not in rendered(make_table())
    with pytest.raises(BadRequest, match="rows per page"):
        long_table("people.rows=7")


@pytest.mark.parametrize("sort", ["change", "-change"])
def test_a_column_that_went_with_a_filter_leaves_the_usual_order(sort):
    assert names(make_table(f"people.sort={sort}")) == names(make_table())


def test_a_page_past_the_end_is_the_last():
    assert make_table("people.page=99").page == 1


@pytest.mark.parametrize("query", ["people.sort=nothing", "people.page=0", "people.page=x", "people.page=-1"])
def test_an_impossible_order_or_page_is_refused_in_words(query):
    with pytest.raises(BadRequest, match="people"):
        make_table(query)


def test_the_csv_holds_all_rows_in_dollars():
    assert make_table().csv_rows == [
        ["Name", "Spend (USD)"],
        ["<i>Cy</i>", 999.0],
        ["bo", 12.5],
        ["Al", None],
    ]

"""Budgets in the CSV of groups: written where they are set, read back, and set by an import."""

import io
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from groups.imports import mapping
from groups.imports.apply import apply, upload
from groups.imports.undo import undo
from groups.models import CycleBudget, Group
from tests.groups.factories import assign, make_group, make_member

pytestmark = pytest.mark.django_db
NOW, TODAY = datetime(2026, 3, 10, 9, tzinfo=UTC), date(2026, 3, 10)


def export() -> str:
    file = io.StringIO(newline="")
    mapping.write_mapping(file, TODAY)
    return file.getvalue().replace("\r\n", "\n")


def take_in(text: str, emails=None):
    kept = upload("backup", io.BytesIO(text.encode()), name="g.csv", from_day=TODAY, by="ada", now=NOW)
    apply(kept, emails, by="ada", now=NOW)
    return kept


@pytest.fixture
def people():
    """Ann in Eng > Core, whose parent has a budget and no members; Bob in no group."""
    ann, bob = make_member("ann@x.io"), make_member("bob@x.io")
    parent, core = make_group("Eng"), make_group("Eng > Core")
    assign(ann, core, date(2026, 3, 1))
    CycleBudget.objects.create(group=parent, amount_dollars=900)
    CycleBudget.objects.create(group=core, amount_dollars=500)
    CycleBudget.objects.create(member=bob, amount_dollars="12.5")


WRITTEN = """email,name,group,budget,group_budget
ann@x.io,,Eng > Core,,500.00
bob@x.io,,,12.50,
,,Eng,,900.00
"""


def test_budgets_are_written_and_an_export_imported_again_gives_the_same(people):
    assert export() == WRITTEN
    CycleBudget.objects.all().delete()
    assert export() == "email,name,group\nann@x.io,,Eng > Core\nbob@x.io,,\n"
    kept = take_in(WRITTEN)
    assert export() == WRITTEN
    assert len(kept.plan["budgets"]) == 3
    assert take_in(WRITTEN).plan["budgets"] == []  # nothing left to change


def test_an_empty_cell_says_nothing_and_zero_removes_a_budget(people):
    take_in("email,group,budget,group_budget\nann@x.io,Eng > Core,70,\nbob@x.io,,0,\n")
    assert export().splitlines()[1:] == ["ann@x.io,,Eng > Core,70.00,500.00", "bob@x.io,,,,", ",,Eng,,900.00"]


@pytest.mark.parametrize(
    ("lines", "problem"),
    [
        (
            "ann@x.io,Eng > Core,,800\nbob@x.io,eng > core,,500\n",
            "Line 3: the budget of “eng > core” is 500.00 here and 800.00 on line 2. "
            "Write the same amount on both lines.",
        ),
        (
            ",Eng > Core,,800\nann@x.io,Eng > Core,,0\n",
            "Line 3: the budget of “Eng > Core” is 0.00 here and 800.00 on line 2. "
            "Write the same amount on both lines.",
        ),
        (
            "bob@x.io,,70,\nbob@x.io,,80,\n",
            "Line 3: bob@x.io has the budget 80.00 here and 70.00 on line 2. Keep one of the two lines.",
        ),
    ],
)
def test_of_two_amounts_for_one_budget_neither_is_taken(people, lines, problem):
    before = list(CycleBudget.objects.values())
    kept = take_in("email,group,budget,group_budget\n" + lines + "ann@x.io,Eng > Core,,\n")
    assert kept.plan["problems"] == [problem]
    assert kept.plan["budgets"] == [] and kept.plan["not_members"] == []
    assert list(CycleBudget.objects.values()) == before


def test_a_group_spelled_in_two_ways_has_one_budget(people):
    kept = take_in("email,group,group_budget\nann@x.io,Eng > Core,800\nbob@x.io,ENG > core,800\n")
    assert [(budget["current"], budget["new"]) for budget in kept.plan["budgets"]] == [("500.00", "800.00")]


def test_with_chosen_members_only_their_own_budgets_change(people):
    take_in("email,group,budget,group_budget\nann@x.io,Eng > Core,70,1\nbob@x.io,,5,\n", ["ann@x.io"])
    assert export().splitlines()[1:] == [
        "ann@x.io,,Eng > Core,70.00,500.00",
        "bob@x.io,,,12.50,",
        ",,Eng,,900.00",
    ]


@pytest.mark.parametrize(
    ("separator", "cell", "amount"),
    [
        (",", '"$1,250.00"', 1250),
        (";", "1.250,50", "1250.50"),
        (";", "70,5", "70.50"),
        (",", "1 250.5", "1250.50"),
    ],
)
def test_an_amount_as_a_spreadsheet_writes_it_is_read(people, separator, cell, amount):
    header, line = (
        "email,group,budget".replace(",", separator),
        separator.join(["ann@x.io", "Eng > Core", cell]),
    )
    take_in(f"{header}\n{line}\n")
    assert CycleBudget.objects.get(member__email="ann@x.io").amount_dollars == Decimal(amount)


@pytest.mark.parametrize(
    "cell", ["much", "-1", "Infinity", "99999999999", "1.250", "Included", "free", "(50)"]
)
def test_an_amount_that_makes_no_sense_is_noted_with_its_line(people, cell):
    kept = take_in(f"email,group,budget\nann@x.io,Eng > Core,{cell}\n")
    assert kept.plan["problems"] == [f"Line 2: the budget “{cell}” is not an amount in dollars, such as 250."]
    assert CycleBudget.objects.count() == 3


@pytest.mark.parametrize(("set_since", "left"), [(Decimal(450), ["New"]), (None, [])])
def test_undoing_an_import_keeps_a_group_that_it_made_only_with_a_budget_set_since(people, set_since, left):
    kept = take_in("email,group,group_budget\nbob@x.io,New,300\n")
    if set_since:
        CycleBudget.objects.filter(group__name="New").update(amount_dollars=set_since)
    undo(kept, by="ada", now=NOW)
    assert list(Group.objects.filter(name="New").values_list("name", flat=True)) == left
    assert CycleBudget.objects.filter(group__name="New").exists() == bool(left)

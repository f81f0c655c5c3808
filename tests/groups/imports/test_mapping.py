"""Export and import of the mapping."""

import io
from datetime import UTC, date, datetime

import pytest

from collector.base.csv_files import FileError, Problems
from groups.imports import mapping
from groups.imports.apply import apply, upload
from groups.models import Assignment, Group
from tests.groups.factories import assign, make_group, make_member

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
TODAY = date(2026, 3, 10)


def export() -> str:
    file = io.StringIO(newline="")
    mapping.write_mapping(file, TODAY)
    return file.getvalue()


@pytest.fixture
def nasty():
    """Members and groups with everything in their names that a CSV or a spreadsheet could trip over."""
    for email, name, group in (
        ("ann@x.io", 'O"Brien, Pat', 'a, "b" > c'),
        ("bob@x.io", "=1+1", "=cmd|' /C calc'!A0"),
        ("cy@x.io", "@cy", "'quoted"),
        ("dan@x.io", "Zoë\nDan", "Größe > Über; uns"),
    ):
        assign(make_member(email, name=name), make_group(group), date(2026, 3, 1))
    make_member("eve@x.io", name="-eve")
    make_member("gone@x.io", gone_at=NOW)
    assign(make_member("left@x.io", gone_at=NOW), make_group("''x"), date(2026, 3, 1))


def test_everyone_on_the_team_or_in_a_group_is_written_and_no_cell_is_a_formula(nasty):
    assert export() == (
        "email,name,group\r\n"
        'ann@x.io,"O""Brien, Pat","a, ""b"" > c"\r\n'
        "bob@x.io,'=1+1,'=cmd|' /C calc'!A0\r\n"
        "cy@x.io,'@cy,'quoted\r\n"
        'dan@x.io,"Zoë\nDan",Größe > Über; uns\r\n'
        "eve@x.io,'-eve,\r\n"
        "left@x.io,,'''x\r\n"
    )


def test_an_export_imported_into_an_empty_copy_gives_the_same_mapping(nasty):
    written = export()
    Assignment.objects.all().delete()
    Group.objects.all().delete()
    kept = upload("backup", io.BytesIO(written.encode()), name="g.csv", from_day=TODAY, by="ada", now=NOW)
    apply(kept, None, by="ada", now=NOW)
    assert export() == written


@pytest.mark.parametrize("header", ["Email Address,Group Name", "User Email,Billing Group"])
def test_a_mapping_of_other_headers_and_addresses_in_another_dress_is_read(header):
    text = f"{header}\nAnn <ann@x.io>,Eng > Web\nmailto:bob@x.io,Ops\n"
    targets = mapping.read_mapping(io.BytesIO(text.encode()), Problems())
    assert [(target.email, target.path) for target in targets] == [
        ("ann@x.io", "Eng > Web"),
        ("bob@x.io", "Ops"),
    ]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("email,group\n,A\n", "Line 2: the e-mail is missing"),
        ("email,group\na@x.io,A\na@x.io,B\n", "Line 3: a@x.io is here in “B” and on line 2 in “A”"),
        ("email,group\na@x.io, > \n", "Line 2: “>” is not a group name"),
        ("email,name\na@x.io,A\n", "no column Group"),
    ],
)
def test_a_mapping_that_cannot_be_used_is_refused_with_its_line(text, says):
    problems = Problems()
    with pytest.raises(FileError, match=says):
        mapping.read_mapping(io.BytesIO(text.encode()), problems)
        problems.raise_if_any()

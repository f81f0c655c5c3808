"""A file's way from upload to undo."""

import io
import time
from datetime import UTC, date, datetime, timedelta

import pytest

from collector.base.csv_files import FileError
from groups.assignments.changes import ChangeRefused, delete, merge, move
from groups.assignments.membership import current
from groups.cursor import adopt
from groups.imports.apply import apply, refresh, upload
from groups.imports.undo import undo
from groups.models import Assignment, Group, GroupImport
from tests.groups.factories import assign, make_cursor_group, make_group, make_member, make_stay, table

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
TODAY = date(2026, 3, 10)
HEADER = "Email,Display name,Job title,Department,Group,Team\n"


def preview(text: str, kind: str = "hibob", now: datetime = NOW, from_day: date = TODAY) -> GroupImport:
    return upload(kind, io.BytesIO(text.encode()), name="people.csv", from_day=from_day, by="ada", now=now)


def lines(group: str, team: str, *emails: str) -> str:
    return "".join(f'{email},,,,"{group}","{team}"\n' for email in emails)


@pytest.fixture
def team():
    """Five on the team: ann to dan in Cursor's Alpha since 1 Feb, eve in no group."""
    alpha = make_cursor_group("Alpha")
    members = {
        name: make_member(f"{name}@x.io", name=name.title()) for name in ("ann", "bob", "cy", "dan", "eve")
    }
    for name in ("ann", "bob", "cy", "dan"):
        make_stay(members[name], alpha, date(2026, 2, 1))
    adopt(NOW)
    return members


THREE_MOVE = HEADER + lines("Eng", "Web, EMEA", "ann@x.io", "BOB@x.io", "cy@x.io")


def test_the_preview_says_who_moves_and_who_stays_and_changes_nothing(team):
    before = table()
    make_member("left@x.io", gone_at=NOW)
    text = (
        THREE_MOVE
        + lines("Eng", "Web", "left@x.io")
        + "dan@x.io,,,,,\nghost@x.io,,,,Eng,Web\n,Nobody,,,Eng,\n"
    )
    plan = preview(text).plan
    assert [(move["email"], move["current"], move["new"]) for move in plan["moves"]] == [
        ("ann@x.io", "Alpha", "Eng > Web, EMEA"),
        ("bob@x.io", "Alpha", "Eng > Web, EMEA"),
        ("cy@x.io", "Alpha", "Eng > Web, EMEA"),
    ]
    assert plan["undecided"] == ["dan@x.io"]
    assert plan["not_members"] == ["left@x.io", "ghost@x.io", "line 8, which has no e-mail"]
    assert plan["not_in_file"] == ["eve@x.io"]
    assert plan["new_groups"] == [{"name": "Eng > Web, EMEA", "people": 3}]
    assert table() == before
    assert Group.objects.count() == 1


def test_merges_are_shown_with_their_reason(team):
    plan = preview(THREE_MOVE + lines("Eng", "Tiny", "dan@x.io")).plan
    assert plan["moves"][3]["new"] == "Eng > Web, EMEA"
    assert plan["moves"][3]["why"] == "Eng > Tiny merged"
    assert [(merge["path"], merge["into"]) for merge in plan["merges"]] == [("Eng > Tiny", "Eng > Web, EMEA")]


def test_applying_moves_from_the_day_on_and_collections_leave_it_alone(team):
    kept = preview(THREE_MOVE)
    applied = apply(kept, None, by="ada", now=NOW)
    assert (applied.facts_changed, applied.moved, applied.groups_made) == (False, 3, 1)
    after = table()
    assert after == [
        ("ann@x.io", "2026-02-01", "Alpha", "cursor"),
        ("ann@x.io", "2026-03-10", "Eng > Web, EMEA", "hibob"),
        ("bob@x.io", "2026-02-01", "Alpha", "cursor"),
        ("bob@x.io", "2026-03-10", "Eng > Web, EMEA", "hibob"),
        ("cy@x.io", "2026-02-01", "Alpha", "cursor"),
        ("cy@x.io", "2026-03-10", "Eng > Web, EMEA", "hibob"),
        ("dan@x.io", "2026-02-01", "Alpha", "cursor"),
    ]
    adopt(NOW + timedelta(hours=1))
    assert table() == after


def test_only_the_chosen_move(team):
    applied = apply(preview(THREE_MOVE), ["BOB@x.io"], by="ada", now=NOW)
    assert applied.moved == 1
    assert current(TODAY)[team["bob"].pk].name == "Eng > Web, EMEA"
    assert current(TODAY)[team["ann"].pk].name == "Alpha"


def test_a_second_apply_is_refused(team):
    kept = preview(THREE_MOVE)
    apply(kept, None, by="ada", now=NOW)
    with pytest.raises(ChangeRefused, match="already been applied"):
        apply(kept, None, by="ada", now=NOW)


def test_nothing_is_applied_when_the_facts_changed_and_the_new_plan_is_kept(team):
    kept = preview(THREE_MOVE)
    move([team["ann"].pk], make_group("Elsewhere"), TODAY, by="bo", now=NOW)
    before = table()
    assert apply(kept, None, by="ada", now=NOW).facts_changed
    assert table() == before
    kept.refresh_from_db()
    assert kept.status == "previewed"
    assert kept.plan["moves"][0]["current"] == "Elsewhere"
    assert apply(kept, None, by="ada", now=NOW).moved == 3


def test_the_same_facts_give_the_same_plan(team):
    kept = GroupImport.objects.get(pk=preview(THREE_MOVE + lines("Eng", "Tiny", "dan@x.io")).pk)
    assert not refresh(kept, TODAY)


def test_undo_restores_everything_and_collections_leave_it_alone(team):
    make_group("Eng > Web, EMEA", closed_day=date(2026, 3, 1))
    before = table()
    authors = list(Assignment.objects.values_list("changed_by", "changed_at"))
    kept = preview(THREE_MOVE + lines("Sales", "", "dan@x.io", "eve@x.io"), from_day=date(2026, 1, 15))
    assert apply(kept, None, by="ada", now=NOW).moved == 5
    assert current(date(2026, 2, 2))[team["ann"].pk].name == "Eng > Web, EMEA"

    undone = undo(kept, by="ada", now=NOW)
    assert (undone.restored, undone.left_alone) == (5, 0)
    assert table() == before
    assert list(Assignment.objects.values_list("changed_by", "changed_at")) == authors
    assert [(group.name, str(group.closed_day)) for group in Group.objects.all()] == [
        ("Alpha", "None"),
        ("Eng > Web, EMEA", "2026-03-01"),
    ]
    adopt(NOW + timedelta(hours=1))
    assert table() == before
    with pytest.raises(ChangeRefused):
        undo(kept, by="ada", now=NOW)


def test_undo_restores_who_was_put_where_an_earlier_import_had_put_them_the_same_day(team):
    apply(preview(THREE_MOVE), None, by="ada", now=NOW)
    later = NOW + timedelta(days=1)
    move([team["bob"].pk], make_group("Elsewhere"), date(2026, 3, 11), by="bo", now=later)
    before = table()
    again = preview(THREE_MOVE, now=later)
    assert apply(again, None, by="ada", now=later).moved == 1
    assert current(date(2026, 3, 11))[team["bob"].pk].name == "Eng > Web, EMEA"
    undone = undo(again, by="ada", now=later)
    assert (undone.restored, undone.left_alone) == (1, 0)
    assert table() == before


def test_undo_leaves_alone_who_was_moved_since(team):
    kept = preview(THREE_MOVE)
    apply(kept, None, by="ada", now=NOW)
    later = NOW + timedelta(days=1)
    move([team["bob"].pk], make_group("Elsewhere"), date(2026, 3, 11), by="bo", now=later)
    undone = undo(kept, by="ada", now=later)
    assert (undone.restored, undone.left_alone) == (2, 1)
    assert current(date(2026, 3, 11))[team["bob"].pk].name == "Elsewhere"
    assert Group.objects.filter(name="Eng > Web, EMEA").exists()


@pytest.mark.parametrize("into", [None, "Beta"])
def test_undo_puts_nobody_back_into_a_group_that_was_closed_since(team, into):
    kept = preview(THREE_MOVE)
    apply(kept, None, by="ada", now=NOW)
    alpha, later = Group.objects.get(name="Alpha"), NOW + timedelta(days=1)
    if into:
        merge(alpha, make_group(into), by="bo", now=later)
    else:
        delete(alpha, by="bo", now=later)
    undo(kept, by="ada", now=NOW + timedelta(days=2))
    for name in ("ann", "bob", "cy", "dan"):
        pk = team[name].pk
        assert current(TODAY)[pk] == alpha  # the days before it was closed are its own
        assert str(current(date(2026, 3, 11))[pk]) == str(Group.objects.filter(name=into or "").first())


def test_a_day_ahead_is_refused(team):
    with pytest.raises(ChangeRefused, match="in the future"):
        preview(THREE_MOVE, from_day=date(2026, 3, 11))


def test_a_mapping_moves_into_groups_and_out_of_them(team):
    assign(team["eve"], make_group("Old"), date(2026, 3, 1))
    text = "email,name,group\nann@x.io,,\neve@x.io,,'=cmd|' /C calc'!A0\n"
    kept = preview(text, "backup")
    assert kept.plan["merges"] == []
    apply(kept, None, by="ada", now=NOW)
    assert current(TODAY)[team["ann"].pk] is None
    assert current(TODAY)[team["eve"].pk].name == "=cmd|' /C calc'!A0"


def test_a_deleted_group_opens_again_when_a_file_needs_it(team):
    delete(Group.objects.get(name="Alpha"), by="bo", now=NOW)
    apply(preview("email,group\nann@x.io,ALPHA\n", "backup"), None, by="ada", now=NOW)
    assert Group.objects.get().closed_day is None


@pytest.mark.parametrize(
    "text", ["", "PK\x03\x04", "Name,Team\na,b\n", HEADER + "ann@x.io,,,,A,B\nann@x.io,,,,A,C\n"]
)
def test_a_file_that_cannot_be_used_leaves_no_trace(team, text):
    before = table()
    with pytest.raises(FileError):
        preview(text)
    assert table() == before
    assert not GroupImport.objects.exists()


def test_twenty_thousand_lines_are_previewed_in_five_seconds_of_processor_time(team):
    text = HEADER + lines("Eng", "Web", "ann@x.io")
    text += "".join(f'p{n}@x.io,"P, {n}",Eng,,Group {n % 40},Team {n % 900}\n' for n in range(20_000))
    started = time.process_time()
    plan = preview(text).plan
    assert time.process_time() - started < 5
    assert len(plan["not_members"]) == 20_000


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("Email,Name\nann@x.io,Ann\n", "The file assigns nobody to a group"),
        (
            "Email,Group,Team\nann@x.io,-,N/A\n",
            "The file assigns nobody to a group",
        ),
        ("Email,Group\n", "no people below them"),
        (
            "Email,Group\nann@x.io,>\n",
            "Line 2: “>” is not a group name|Line 2: “> > General” is not a group name",
        ),
    ],
)
def test_a_file_that_places_nobody_is_an_error(team, text, says):
    with pytest.raises(FileError, match=says):
        preview(text)
    assert not GroupImport.objects.exists()


def test_lines_that_are_not_taken_are_kept_with_the_preview_and_hinder_no_apply(team):
    text = THREE_MOVE + lines("Eng", "Web", "dan@x.io") + lines("Ops", "", "dan@x.io")
    kept = preview(text)
    assert kept.plan["problems"][0].startswith("Line 6: dan@x.io is here in “Ops > General”")
    assert apply(kept, None, by="ada", now=NOW).moved == 3
    assert current(TODAY)[team["dan"].pk].name == "Alpha"


@pytest.mark.parametrize("nothing", ["Unassigned", "-", "N/A", ""])
def test_a_mapping_knows_every_spelling_of_no_group(team, nothing):
    kept = preview(f"email,group\nann@x.io,{nothing}\nbob@x.io,Eng\n", kind="backup")
    assert [move["new"] for move in kept.plan["moves"]] == ["", "Eng"]


def test_a_file_of_strangers_is_refused(team):
    with pytest.raises(FileError, match="Nobody in the file is a member"):
        preview("Email,Group\nghost@x.io,Eng\n")
    assert not GroupImport.objects.exists()

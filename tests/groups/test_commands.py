"""The commands of groups."""

import io
import os
import subprocess
import sys
from datetime import date

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from groups.imports import command
from groups.imports.apply import upload
from groups.models import GroupImport
from tests.groups.factories import assign, make_group, make_member, table

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

HIBOB = "Email,Group,Team\nann@x.io,Eng,\nbob@x.io,Eng,\ncy@x.io,Eng,\nghost@x.io,Eng,\n"


@pytest.fixture
def clock(time_machine):
    time_machine.move_to("2026-03-10T09:00Z")


@pytest.fixture
def file(tmp_path):
    for name in ("ann", "bob", "cy"):
        make_member(f"{name}@x.io")
    path = tmp_path / "people.csv"
    path.write_text(HIBOB)
    return path


def run(*arguments) -> str:
    out = io.StringIO()
    call_command(*map(str, arguments), stdout=out)
    return out.getvalue()


def test_import_hibob_shows_and_changes_nothing(file):
    printed = run("import_hibob", file)
    assert "ann@x.io: Unassigned → Eng > General\n" in printed
    assert "in the file, not a member: ghost@x.io\n" in printed
    assert printed.endswith("Nothing was changed. Use --apply to make these changes.\n")
    assert table() == []
    assert not GroupImport.objects.exists()


def test_import_hibob_shows_only_whom_it_is_asked_about(file):
    printed = run("import_hibob", file, "--only", "Ann@x.io", "ghost@x.io", "typo@x.io")
    assert printed.splitlines() == [
        "named by --only, not in the file: typo@x.io",
        "ann@x.io: Unassigned → Eng > General",
        "new group: Eng > General, 1 people",
        "in the file, not a member: ghost@x.io",
        "1 would move, 0 are already in the right group, 1 have no seat",
        "Nothing was changed. Use --apply to make these changes.",
    ]
    assert "not in the file: typo@x.io" in run("import_hibob", file, "--apply", "--only", "typo@x.io")
    assert table() == []


def test_import_hibob_applies_what_it_is_told(file):
    run("import_hibob", file, "--apply", "--only", "ann@x.io", "bob@x.io", "--from", "2026-03-02")
    assert table() == [
        ("ann@x.io", "2026-03-02", "Eng > General", "hibob"),
        ("bob@x.io", "2026-03-02", "Eng > General", "hibob"),
    ]


def test_import_hibob_says_that_somebody_else_came_first(file, monkeypatch):
    def upload_while_a_group_is_made(*arguments, **options):
        uploaded = upload(*arguments, **options)
        make_group("Eng > General")
        return uploaded

    monkeypatch.setattr(command, "upload", upload_while_a_group_is_made)
    with pytest.raises(CommandError, match="members or groups were changed meanwhile"):
        run("import_hibob", file, "--apply")
    assert table() == []


def test_export_and_import_of_the_mapping(file, tmp_path):
    assign(make_member("dan@x.io"), make_group("=Sales"), date(2026, 3, 1))
    copy = tmp_path / "groups.csv"
    assert run("export_groups", copy) == f"4 members written to {copy}\n"
    assert copy.read_text().splitlines()[-1] == "dan@x.io,,'=Sales"
    assert run("export_groups") == copy.read_bytes().decode()
    copy.write_text("email,group\ndan@x.io,Other\n")
    assert "1 member moved from 2026-03-10 on, 1 group made" in run("import_groups", copy, "--apply")
    assert table()[-1] == ("dan@x.io", "2026-03-10", "Other", "backup")


@pytest.mark.parametrize("command", ["import_hibob", "import_groups"])
def test_a_file_that_cannot_be_used_is_one_clear_error(command, tmp_path):
    path = tmp_path / "people.zip"
    path.write_bytes(b"PK\x03\x04")
    with pytest.raises(CommandError, match="Line 1: this is a ZIP archive"):
        run(command, path, "--apply")
    with pytest.raises(CommandError, match="No such file"):
        run(command, tmp_path / "none.csv")


class Closed(io.StringIO):
    """What `head` leaves behind once it has read enough."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


@pytest.mark.parametrize("command", ["export_groups", "export_days", "export_focus"])
def test_an_export_of_which_no_more_is_read_is_no_error_of_the_command(command):
    days = [] if command == "export_groups" else ["--from=2026-03-01", "--to=2026-03-02"]
    with pytest.raises(BrokenPipeError):  # with which manage.py ends in silence
        call_command(command, *days, stdout=Closed())


def test_a_command_whose_output_nobody_reads_ends_in_silence(migrated_sqlite, tmp_path):
    reader, writer = os.pipe()
    os.close(reader)
    done = subprocess.run(
        [sys.executable, "manage.py", "export_groups"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": f"sqlite:///{migrated_sqlite}", "VAR_DIR": str(tmp_path)},
        stdout=writer,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writer)
    assert (done.returncode, done.stderr) == (1, "")

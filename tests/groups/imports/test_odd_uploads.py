"""Files as people upload them: each is shown as a preview, or refused with a sentence beside the field."""

import codecs
import io
import unicodedata

import pytest
from django.core.management import CommandError, call_command

from groups.models import GroupImport
from tests.groups.factories import make_member

pytestmark = pytest.mark.django_db

ADD = "/admin/groups/groupimport/add/"
PEOPLE = "Email,Display name,Group,Team\nann@x.io,Ann,Eng,Web\nbob@x.io,Bob,Zürich,Süd\n"
MAPPING = "email,name,group\nann@x.io,Ann,Eng\nbob@x.io,Bob,Zürich\n"
TEXTS = {"hibob": PEOPLE, "backup": MAPPING}
KINDS = pytest.mark.parametrize("kind", TEXTS)
PLACES = {
    "hibob": {"ann@x.io": "Eng > Web", "bob@x.io": "Zürich > Süd"},
    "backup": {"ann@x.io": "Eng", "bob@x.io": "Zürich"},
}


@pytest.fixture(autouse=True)
def team():
    for name in ("ann", "bob"):
        make_member(f"{name}@x.io", name=name.title())


def upload(admin_client, kind: str, data: bytes):
    return admin_client.post(
        ADD, {"kind": kind, "since": "today", "file": io.BytesIO(data)}, format="multipart"
    )


READ = {
    "UTF-16 with its mark": lambda text: text.encode("utf-16"),
    "UTF-16 without a mark": lambda text: text.encode("utf-16-le"),
    "UTF-8 with its mark": lambda text: codecs.BOM_UTF8 + text.encode(),
    "Windows-1252": lambda text: text.encode("cp1252"),
    "sep= above it": lambda text: b"sep=,\r\n" + text.encode(),
    "semicolons below sep=;": lambda text: b"sep=;\r\n" + text.replace(",", ";").encode(),
    "tabs": lambda text: text.replace(",", "\t").encode(),
    "a title and a blank line above it": lambda text: b"People of Acme\r\n\r\n" + text.encode(),
    "names in NFD": lambda text: unicodedata.normalize("NFD", text).encode(),
    "old line ends of a Mac": lambda text: text.replace("\n", "\r").encode(),
    "a line break in a header": lambda text: (
        "\n".join(line + ",2025" for line in text.splitlines()).replace(",2025", ',"Start\ndate"', 1).encode()
    ),
    "columns that nobody needs": lambda text: "\n".join(
        line + "".join(f",extra {n}" for n in range(200)) for line in text.splitlines()
    ).encode(),
    "the same column twice": lambda text: "\n".join(
        f"{line},{line.split(',')[0]}" for line in text.splitlines()
    ).encode(),
    "blank lines and no line end": lambda text: text.replace("\n", "\n\n").rstrip().encode(),
    "everything in quotes": lambda text: "\n".join(
        ",".join(f'"{cell}"' for cell in line.split(",")) for line in text.splitlines()
    ).encode(),
    "people twice, alike": lambda text: (text + text.split("\n", 1)[1]).encode(),
}


@KINDS
@pytest.mark.parametrize("way", READ)
def test_a_file_is_read_however_it_was_saved(admin_client, kind, way):
    answer = upload(admin_client, kind, READ[way](TEXTS[kind]))
    assert answer.status_code == 302, answer.context["form"].errors
    kept = GroupImport.objects.get()
    assert {target["email"]: target["path"] for target in kept.targets} == PLACES[kind]
    guessed = any("was guessed" in problem for problem in kept.plan["problems"])
    assert guessed == (way in ("UTF-16 without a mark", "Windows-1252"))


REFUSED = {
    "nothing at all": (b"", "empty"),
    "blanks": (b" \n\n", "the file is empty"),
    "a picture": (b"\x89PNG\r\n\x1a\n" + bytes(500), "a picture"),
    "a workbook": (b"PK\x03\x04" + bytes(500), "Excel workbook"),
    "a web page": (b"<!DOCTYPE html><html>sign in</html>", "web page"),
    "NUL at the beginning": (b"\0" + PEOPLE.encode(), "not a text file"),
    "a line of ten megabytes": (b"email,group\nann@x.io," + b"x" * 10_000_000, "in one line"),
    "only column names": (b"email,group\n", "no people below them"),
    "other columns": (b"name,team\nAnn,Web\n", "no column"),
    "people who are no members": (b"email,group\nzoe@y.io,Eng\nyan@y.io,Eng\n", "Nobody in the file"),
    "only words for nobody": (b"email,group\nN/A,Eng\n-,Eng\n", ""),
    "names in place of addresses": (b"email,group\nYou,Eng\nAnn Lee,Eng\n", "Nobody in the file"),
}


@KINDS
@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_places_nobody_is_refused_by_form_and_command(admin_client, tmp_path, kind, what):
    data, reason = REFUSED[what]
    answer = upload(admin_client, kind, data)
    assert answer.status_code == 200
    assert reason in " ".join(answer.context["form"].errors["file"])
    assert not GroupImport.objects.exists()
    file = tmp_path / "people.csv"
    file.write_bytes(data)
    command = {"hibob": "import_hibob", "backup": "import_groups"}[kind]
    for more in ([], ["--apply"]):
        with pytest.raises(CommandError):
            call_command(command, str(file), *more)
    assert not GroupImport.objects.exists()

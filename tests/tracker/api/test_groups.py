import pytest
import time_machine

from groups.imports import apply as imports
from groups.imports.apply import upload
from groups.models import Group
from tests.tracker.api import company
from tracker.models import AccessSettings, AuditEntry

pytestmark = pytest.mark.django_db

CSV = """\
Email,Display name,Department,Group,Team,Job title
ann@company.com,Ann,R&D,Eng,Core,Engineer
bob@company.com,Bob,"Sales, EMEA",Sales,West,Rep
cat@company.com,Cat,Sales,Sales,West,Rep
dan@company.com,Dan,Sales,Sales,West,Rep
zoe@company.com,Zoe,Sales,Sales,West,Rep
"""


@pytest.fixture(autouse=True)
def people():
    with time_machine.travel(company.NOW, tick=False):
        people = company.build()
        people["Dan"] = company.make_member("Dan")
        yield people


def pk(name):
    return Group.objects.get(name=name).pk


def names(call):
    return {row["name"]: row["emails"] for row in call("get", "/api/groups").json()}


def test_groups_with_their_members_and_spend(script):
    assert script("viewer")("get", "/api/groups").json() == [
        {
            "id": pk("Eng > Core"),
            "name": "Eng > Core",
            "member_count": 1,
            "spend_cents": 4250,
            "emails": ["ann@company.com"],
            "members": [{"email": "ann@company.com", "name": "Ann"}],
        },
        {
            "id": pk("Eng > Web"),
            "name": "Eng > Web",
            "member_count": 1,
            "spend_cents": 750,
            "emails": ["bob@company.com"],
            "members": [{"email": "bob@company.com", "name": "Bob"}],
        },
    ]


def test_a_viewer_in_privacy_sees_the_own_group(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    client = sign_in("viewer", "bob@company.com")
    assert [row["name"] for row in client.get("/api/groups").json()] == ["Eng > Web"]


def test_a_group_is_made_renamed_and_filled(script):
    call = script("admin")
    made = call("patch", "/api/groups", {"action": "create", "name": "Eng>Data"}).json()
    assert made == {"ok": True, "id": pk("Eng > Data"), "name": "Eng > Data"}
    quoted = str(made["id"])
    call("patch", "/api/groups", {"action": "rename", "groupId": quoted, "name": "Data > Core"})
    body = {"action": "assign", "email": "CAT@company.com", "targetGroupId": quoted}
    assert call("patch", "/api/groups", body).json()["name"] == "Data > Core"
    assert names(call)["Data > Core"] == ["cat@company.com"]
    call("patch", "/api/groups", body | {"targetGroupId": 0})
    assert names(call)["Data > Core"] == []
    assert [entry.detail for entry in AuditEntry.objects.order_by("pk")] == [
        "added the group “Eng > Data”",
        "changed the name of a group to “Data > Core”",
        "changed the group of CAT@company.com to “Data > Core”",
        "changed the group of CAT@company.com to “Unassigned”",
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"action": "assign", "email": "ghost@nowhere.test", "targetGroupId": "core"}, 404),
        ({"action": "assign", "email": "ann@company.com", "targetGroupId": 999_999}, 404),
        ({"action": "assign", "email": "ann@company.com"}, 400),
        ({"action": "rename", "groupId": 999_999, "name": "X"}, 404),
        ({"action": "rename", "groupId": "core", "name": "Eng > Web"}, 409),
        ({"action": "rename", "groupId": "core", "name": " > "}, 409),
        ({"action": "rename", "groupId": "no-such-group", "name": "X"}, 400),
        ({"action": "create", "name": "eng > core"}, 409),
        ({"action": "create", "name": "Unassigned"}, 409),
        ({"action": "create", "name": "a\x00b"}, 400),
        ({"action": "create"}, 400),
        ({"action": "destroy", "name": "X"}, 400),
        ({"name": "X"}, 400),
    ],
)
def test_a_change_that_cannot_be_made_is_refused_and_changes_nothing(script, body, status):
    call = script("admin")
    before = names(call)
    body = {name: pk("Eng > Core") if value == "core" else value for name, value in body.items()}
    answer = call("patch", "/api/groups", body)
    assert (answer.status_code, names(call)) == (status, before)
    assert answer.json()["message"]


def test_a_preview_says_what_would_change_and_changes_nothing(script):
    call = script("admin")
    before = names(call)
    body = call("post", "/api/groups/import", {"csv": CSV}).json()
    counts = {
        name: body[name] for name in ("totalMembers", "matched", "moves", "keeps", "noMatch", "applied")
    }
    assert counts == {
        "totalMembers": 4,
        "matched": 4,
        "moves": 4,
        "keeps": 0,
        "noMatch": 0,
        "applied": None,
    }
    assert body["changes"][1] == {
        "email": "bob@company.com",
        "name": "Bob",
        "department": "Sales, EMEA",
        "title": "Rep",
        "currentGroup": "Eng > Web",
        "newGroup": "Sales > West",
    }
    assert {"name": "Sales > West", "memberCount": 3} in body["groups"]
    assert body["notMembers"] == ["zoe@company.com"]
    assert names(call) == before


def test_members_whom_the_file_lacks_stay_and_are_named(script):
    lines = CSV.splitlines()[:1] + CSV.splitlines()[2:]
    body = script("admin")("post", "/api/groups/import", {"csv": "\n".join(lines)}).json()
    assert body["noMatch"] == 1
    assert body["noMatchMembers"] == [
        {"email": "ann@company.com", "name": "Ann", "currentGroup": "Eng > Core"}
    ]


def test_an_import_applies_to_the_selected_alone(script):
    call = script("admin")
    chosen = {"csv": CSV, "apply": True, "selectedEmails": ["cat@company.com"]}
    assert call("post", "/api/groups/import", chosen).json()["applied"] == 1
    assert names(call)["Sales > West"] == ["cat@company.com"]
    assert names(call)["Eng > Web"] == ["bob@company.com"]
    assert call("post", "/api/groups/import", {"csv": CSV, "apply": True}).json()["applied"] == 3
    assert len(names(call)["Sales > West"]) == 3
    assert call("post", "/api/groups/import", {"csv": CSV, "apply": True}).json()["applied"] == 0


def test_an_import_beside_another_change_says_that_nothing_was_applied(script, monkeypatch):
    def upload_while_a_group_is_made(*arguments, **options):
        uploaded = upload(*arguments, **options)
        Group.objects.create(name="Sales > West", created_at=company.NOW)
        return uploaded

    monkeypatch.setattr(imports, "upload", upload_while_a_group_is_made)
    answer = script("admin")("post", "/api/groups/import", {"csv": CSV, "apply": True})
    assert answer.status_code == 409
    assert "members or groups were changed meanwhile" in answer.json()["message"]


@pytest.mark.parametrize("csv", ["", "a,b\n1,2\n", "\x00", 5, None])
def test_a_file_that_is_none_is_refused(script, csv):
    answer = script("admin")("post", "/api/groups/import", {"csv": csv})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["csv"])


def test_a_file_is_missing(script):
    assert script("admin")("post", "/api/groups/import", {"apply": True}).status_code == 400

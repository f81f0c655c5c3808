"""The audit log in sentences, from what was really done, and from rows that older versions wrote."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import timezone

from detection.models import DetectionSettings
from tests.incidents.factories import make_incident, make_member
from tests.tracker.conftest import make_person
from tracker.access.sentences import sentence
from tracker.models import AccessSettings, ApiToken, AuditEntry

pytestmark = pytest.mark.django_db
LOCAL = "django.contrib.auth.backends.ModelBackend"
NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture
def ada(client) -> Client:
    user = User.objects.create_superuser("ada", "ada@x.io", "a-long-password", first_name="Ada")
    client.force_login(user, backend=LOCAL)
    AuditEntry.objects.all().delete()
    return client


def sentences() -> list[str]:
    return [sentence(entry) for entry in AuditEntry.objects.order_by("pk")]


def settings_form(client: Client, **changed: object) -> dict[str, object]:
    form = client.get("/admin/detection/detectionsettings/").context["adminform"].form
    values = {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
    shown = {form.add_initial_prefix(name): value for name, value in values.items()}
    sent = {**values, **shown, **changed}
    return {name: value for name, value in sent.items() if value is not None and value is not False}


def test_a_change_of_settings_names_old_and_new_values_with_their_units(ada):
    form = settings_form(ada, floor_dollars=80, price_changes=False, continuation_hours=12)
    assert ada.post("/admin/detection/detectionsettings/", form).status_code == 302
    assert sentences() == [
        "Ada changed the continuation window from 24 h to 12 h; "
        "changed the spend floor from $50 to $80; "
        "changed the report models whose price rose for everybody from on to off"
    ]


def test_saving_without_a_change_is_still_an_entry_that_can_be_read(ada):
    ada.post("/admin/detection/detectionsettings/", settings_form(ada))
    assert sentences() == ["Ada changed detection settings"]


def test_sign_ins_and_refusals_are_sentences_and_no_changes(db):
    User.objects.create_superuser("ada", "ada@x.io", "a-long-password", first_name="Ada")
    client = Client(REMOTE_ADDR="10.0.0.1")
    client.post("/admin/login/", {"username": "eve", "password": "guess"})
    client.post("/admin/login/", {"username": "", "password": ""})
    client.post("/admin/login/", {"username": "ada", "password": "a-long-password"})
    client.post("/accounts/logout/")
    assert sentences() == [
        "Eve at 10.0.0.1 was refused: the name or the password was wrong",
        "Ada signed in",
        "Ada signed out",
    ]


def test_a_stray_answer_of_a_provider_is_a_refusal_and_no_change(auth_on, client):
    client.post("/accounts/google/login/callback/", {"state": "x"}, REMOTE_ADDR="10.0.0.1")
    client.post("/accounts/oidc/login/callback/", {"state": "x"}, REMOTE_ADDR="10.0.0.1")
    assert not AuditEntry.objects.filter(action="change").exists()
    assert sentences() == [
        "Somebody at 10.0.0.1 was refused: the provider's answer did not match the sign-in"
    ]


def test_what_has_no_history_is_named_by_the_admins_own_log(ada):
    vera = make_person("viewer", "vera@x.io")
    ada.post("/admin/tracker/apitoken/add/", {"name": "weekly", "scope": "viewer"})
    token = ApiToken.objects.get()
    ada.post("/admin/tracker/apitoken/", {"action": "revoke", "_selected_action": [str(token.pk)]})
    ada.post(f"/admin/auth/user/{vera.pk}/delete/", {"post": "yes"})
    assert sentences() == [
        "Ada added the API token “weekly”",
        "Ada revoked “weekly”",
        "Ada deleted the person “vera@x.io”",
    ]


def test_an_import_of_groups_is_told_as_one_and_a_test_of_settings_not_at_all(ada):
    for name in ("ann", "bob", "cyd"):
        make_member(f"{name}@x.io")
    rows = b"Email,Group,Team\nann@x.io,Eng,Web\nbob@x.io,Eng,Web\ncyd@x.io,Eng,Web\n"
    sent = {"kind": "hibob", "file": SimpleUploadedFile("people.csv", rows), "since": "today"}
    url = ada.post("/admin/groups/groupimport/add/", sent)["Location"]
    for button in ({"apply": "all"}, {"undo": "yes"}, {"undo": "yes"}):  # the last one finds nothing to undo
        assert ada.post(url, button).status_code == 302
    trial = ada.post("/admin/detection/detectionsettings/preview/", settings_form(ada, floor_dollars=20))
    assert trial.status_code == 302
    assert sentences() == [
        "Ada uploaded “people.csv” for a preview",
        "Ada applied the import of “people.csv”: 3 members moved, 1 group made",
        "Ada undid the import of “people.csv”: 3 members put back",
    ]


def test_a_secret_target_of_a_channel_stays_out_of_the_log(ada):
    form = {
        "name": "ops",
        "kind": "webhook",
        "target": "https://hooks.example.com/secret",
        "is_enabled": "on",
    }
    more = {"least_severity": "warning", "audience": "everybody", "timezone": "UTC", "sends_alerts": "on"}
    assert ada.post("/admin/incidents/channel/add/", {**form, **more}).status_code == 302
    assert sentences() == ["Ada added the channel “ops”"]
    assert not AuditEntry.objects.filter(detail__contains="secret").exists()


def test_what_a_command_changes_is_nobodys_request(db):
    DetectionSettings.get_solo().save()
    AccessSettings.get_solo().save()
    assert sentences() == []


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        (
            {"target": "POST /admin/tracker/accesssettings/", "actor_name": "ann@x.io"},
            "ann@x.io changed access",
        ),
        (
            {"target": "POST /admin/groups/group/add/", "actor_name": "ann@x.io"},
            "ann@x.io added to billing groups",
        ),
        ({"target": "POST /admin/tracker/gone/7/change/"}, "Somebody changed /admin/tracker/gone/7/change/"),
        (
            {"target": "PUT /api/settings", "actor_name": "token weekly", "detail": "floorCents=80"},
            "Token weekly changed the detection settings: floorCents=80",
        ),
        ({"target": "POST /api/cron", "actor_name": "cron secret"}, "Cron secret ran the pipeline"),
        (
            {"target": "PATCH /api/incidents/3", "actor_name": "token weekly", "detail": "acknowledge"},
            "Token weekly acknowledged incident #3",
        ),
        (
            {"target": "POST /api/groups/import", "actor_name": "token weekly", "detail": "7 moved"},
            "Token weekly imported groups: 7 moved",
        ),
        (
            {"target": "PATCH /api/groups", "actor_name": "token weekly", "detail": "create Eng"},
            "Token weekly changed groups: create Eng",
        ),
        (
            {"target": "DELETE /api/groups/3", "actor_name": "cron secret"},
            "Cron secret deleted /api/groups/3",
        ),
        ({"action": "export", "target": "GET /users.csv"}, "Somebody exported /users.csv"),
        ({"action": "export", "target": "GET /"}, "Somebody exported overview"),
        (
            {"action": "export", "target": "GET /users/ana@example.com"},
            "Somebody exported member ana@example.com",
        ),
        ({"action": "export", "target": "GET /admin/groups/group/"}, "Somebody exported billing groups"),
        ({"action": "refused", "address": "10.0.0.1"}, "Somebody at 10.0.0.1 was refused"),
        ({"target": ""}, "Somebody changed something"),
    ],
)
def test_rows_of_older_versions_can_be_read(fields, words):
    entry = AuditEntry(**{"at": NOW, "action": "change", "actor_name": "visitor", **fields})
    assert sentence(entry) == words


def test_the_list_shows_the_sentences(ada):
    AuditEntry.objects.create(
        at=NOW, action="change", actor_name="bob@x.io", detail="changed the <b>floor</b>"
    )
    page = ada.get("/admin/tracker/auditentry/").content.decode()
    assert "bob@x.io changed the &lt;b&gt;floor&lt;/b&gt;" in page


def test_what_was_done_to_an_incident_is_named_with_what_it_left(ada):
    incident = make_incident(make_member("carl@x.io"))
    ada.post(f"/incidents/{incident.pk}/acknowledge")
    for verdict in ("expected", "planned"):
        until = f"{timezone.now() + timedelta(days=30):%Y-%m-%d}"
        ada.post(f"/incidents/{incident.pk}/verdict", {"verdict": verdict, "until": until})
    first, *_, last = sentences()
    assert first == f"Ada acknowledged incident #{incident.pk}"
    assert last.startswith(f"Ada gave a verdict on incident #{incident.pk}: changed “revoked” of")
    assert re.search(r"from nothing to \d+ \w{3} \d{4}, \d\d:\d\d UTC;", last)

"""People in the admin: one role each as a choice, who else has a say, and nothing of permissions."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth.models import Group, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from tests.tracker.conftest import ALLAUTH, make_person
from tracker.access.roles import Role, role_of
from tracker.models import AccessSettings, AuditEntry

pytestmark = pytest.mark.django_db
LOCAL = "django.contrib.auth.backends.ModelBackend"
PASSWORD = "a-long-password-7"


@pytest.fixture
def boss(client) -> Client:
    """A local administrator's client, sign-in being off."""
    client.force_login(
        User.objects.create_superuser("boss", "boss@x.io", "x", first_name="Ada"), backend=LOCAL
    )
    return client


def form_of(user: User, role: str) -> dict[str, str]:
    names = {"first_name": user.first_name, "last_name": user.last_name}
    return {"username": user.username, "email": user.email, "is_active": "on", "role": role, **names}


def test_the_list_shows_the_address_since_a_provider_makes_up_the_username(boss):
    User.objects.create(username="adam2", email="adam@x.io", first_name="Adam")
    assert "adam@x.io" in boss.get("/admin/auth/user/").content.decode()


def save_role(client: Client, user: User, role: str):
    return client.post(f"/admin/auth/user/{user.pk}/change/", form_of(user, role))


@pytest.mark.parametrize(
    ("role", "in_effect"),
    [
        ("viewer", Role.VIEWER),
        ("responder", Role.RESPONDER),
        ("admin", Role.ADMIN),
        ("", Role.RESPONDER),
    ],
)
def test_the_role_that_is_chosen_is_the_one_in_effect(boss, role, in_effect):
    vera = make_person("admin" if role != "admin" else "viewer", "vera@x.io")
    assert save_role(boss, vera, role).status_code == 302
    vera = User.objects.get(pk=vera.pk)
    assert [group.name for group in vera.groups.all()] == ([role] if role else [])
    assert role_of(vera, AccessSettings.get_solo()) is in_effect
    assert (vera.is_staff, vera.is_superuser) == ((True, True) if role == "admin" else (False, False))


def test_groups_that_are_no_roles_stay(boss):
    vera = make_person("viewer", "vera@x.io")
    vera.groups.add(Group.objects.create(name="choir"))
    save_role(boss, vera, "responder")
    assert {group.name for group in vera.groups.all()} == {"choir", "responder"}


def test_the_list_and_the_front_page_cost_the_same_however_many_people_there_are(boss):
    def queries() -> list[int]:
        counts = []
        for read in (lambda: boss.get("/admin/auth/user/"), lambda: boss.get("/admin/")):
            with CaptureQueriesContext(connection) as asked:
                read()
            counts.append(len(asked))
        return counts

    make_person("viewer", "vera@x.io")
    queries()  # what one process reads once
    few = queries()
    for number in range(10):
        make_person(("viewer", "responder", "admin")[number % 3], f"p{number}@x.io")
    assert queries() == few


def test_the_form_offers_three_roles_in_words_and_no_permissions(boss):
    vera = make_person("responder", "vera@x.io")
    for path in (f"{vera.pk}/change/", "add/"):
        page = boss.get(f"/admin/auth/user/{path}").content.decode()
        assert page.count('type="radio" name="role"') == 4
        assert "Responder: can also acknowledge" in page and "Default (responder)" in page
        assert 'name="is_superuser"' not in page and 'name="groups"' not in page and "permission" not in page
    page = boss.get(f"/admin/auth/user/{vera.pk}/change/").content.decode()
    assert 'value="responder" id="id_role_2" checked' in page


def test_nobody_takes_the_administrators_role_from_themselves(boss):
    me = User.objects.get(username="boss")
    answer = save_role(boss, me, "viewer")
    assert "your own administrator role" in answer.content.decode()
    assert User.objects.get().is_superuser


def test_nobody_locks_themselves_out(boss):
    me = User.objects.get(username="boss")
    answer = boss.post(f"/admin/auth/user/{me.pk}/change/", {"username": "boss", "role": "admin"})
    assert "You cannot disable yourself" in answer.content.decode()
    assert boss.post(f"/admin/auth/user/{me.pk}/delete/", {"post": "yes"}).status_code == 403
    several = {"action": "delete_selected", "_selected_action": [me.pk], "post": "yes"}
    boss.post("/admin/auth/user/", several)
    assert User.objects.get().is_active


def test_a_local_administrator_is_added_and_enters(boss):
    form = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD}
    assert boss.post("/admin/auth/user/add/", {**form, "role": "admin"}).status_code == 302
    bob = Client()
    assert bob.post("/admin/login/", {"username": "bob", "password": PASSWORD}).status_code == 302
    assert bob.get("/admin/").status_code == 200


def test_with_sign_in_on_a_person_is_added_by_address_and_needs_no_password(auth_on, client):
    client.force_login(make_person("admin"), backend=ALLAUTH)
    page = client.get("/admin/auth/user/add/").content.decode()
    assert 'type="password"' not in page and "AUTH_ADMIN_EMAILS" in page
    form = {"email": "Cy@Company.com", "role": "responder"}
    assert client.post("/admin/auth/user/add/", form).status_code == 302
    cy = User.objects.get(email="cy@company.com")
    assert (cy.username, cy.has_usable_password()) == ("cy@company.com", False)
    assert role_of(cy, AccessSettings.get_solo()) is Role.RESPONDER
    assert "already exists" in client.post("/admin/auth/user/add/", form).content.decode()


def test_with_sign_in_on_the_form_says_that_the_providers_claim_replaces_the_role(auth_on, client):
    auth_on.AUTH_OIDC_ISSUER, auth_on.AUTH_OIDC_NAME = "https://id.company.com", "Company login"
    auth_on.AUTH_OIDC_ROLE_CLAIM = "groups"
    client.force_login(make_person("admin"), backend=ALLAUTH)
    page = client.get(f"/admin/auth/user/{make_person('viewer').pk}/change/").content.decode()
    assert "claim “groups”" in page and "replaces the role" in page


def test_the_list_shows_the_role_in_effect_and_narrows_by_the_chosen_one(boss):
    AccessSettings.objects.update_or_create(pk=1, defaults={"admin_list": "vera@x.io"})
    make_person("viewer", "vera@x.io")
    make_person("responder", "rob@x.io")
    page = boss.get("/admin/auth/user/?role=viewer").content.decode()
    assert "vera@x.io" in page and "rob@x.io" not in page
    assert re.findall(r'<td[^>]* class="field-role_now">([^<]*)</td>', page) == ["Administrator"]


def test_the_audit_log_says_whose_role_was_changed(boss):
    vera = make_person("viewer", "vera@x.io")
    save_role(boss, vera, "responder")
    boss.post(f"/admin/auth/user/{vera.pk}/change/", form_of(vera, "") | {"first_name": "V"})
    assert list(
        AuditEntry.objects.filter(action="change").order_by("pk").values_list("detail", flat=True)
    ) == [
        "changed the role of “vera@x.io” from viewer to responder",
        "changed First name and role of the person “vera@x.io”",
    ]

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import OperationalError
from django.db.models import QuerySet
from django.test import Client

from tests.tracker.conftest import make_person
from tracker.access import tokens
from tracker.models import ApiToken

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)


def make_token(**fields):
    token = ApiToken(name=fields.pop("name", "report"), **fields)
    return token, tokens.issue(token)


def test_a_token_is_found_by_its_secret_and_kept_only_as_a_hash():
    token, secret = make_token()
    assert tokens.token_for(secret, NOW) == token
    assert tokens.token_for(secret + "x", NOW) is None
    stored = ApiToken.objects.values().get()
    assert not any(secret in str(value) for value in stored.values())
    assert stored["hint"] == secret[:8]


def test_two_tokens_have_nothing_in_common():
    assert make_token(name="a")[1] != make_token(name="b")[1]


def test_a_revoked_or_expired_token_is_not_found():
    assert tokens.token_for(make_token(name="a", revoked_at=NOW)[1], NOW) is None
    _, secret = make_token(name="b", expires_at=NOW)
    assert tokens.token_for(secret, NOW - timedelta(seconds=1))
    assert tokens.token_for(secret, NOW) is None


def test_use_is_remembered_to_the_minute():
    token, secret = make_token()
    for seconds in (0, 59, 60):
        tokens.token_for(secret, NOW + timedelta(seconds=seconds))
        token.refresh_from_db()
        assert token.last_used_at == NOW + timedelta(seconds=seconds if seconds == 60 else 0)


def test_a_token_can_be_revoked_in_the_admin_but_neither_changed_nor_deleted(sign_in):
    token, secret = make_token()
    admin = sign_in("admin")
    url = f"/admin/tracker/apitoken/{token.pk}/"
    admin.post(f"{url}change/", {"name": "other", "scope": "admin"})
    token.refresh_from_db()
    assert (token.name, token.scope) == ("report", "viewer")
    assert admin.post(f"{url}delete/", {"post": "yes"}).status_code == 403
    admin.post("/admin/tracker/apitoken/", {"action": "revoke", "_selected_action": token.pk})
    assert tokens.token_for(secret, NOW) is None


def test_who_may_only_look_at_tokens_revokes_none():
    _, secret = make_token()
    looker, client = User.objects.create_user("lena", is_staff=True), Client()
    looker.user_permissions.add(Permission.objects.get(codename="view_apitoken"))
    client.force_login(looker, backend="django.contrib.auth.backends.ModelBackend")
    token = ApiToken.objects.get()
    client.post("/admin/tracker/apitoken/", {"action": "revoke", "_selected_action": token.pk})
    assert tokens.token_for(secret, NOW) == token


class TestMaker:
    """A token never does more than whoever made it may do now."""

    @pytest.fixture
    def boss(self, auth_on):
        return make_person("admin", "boss@company.com")

    def status(self, secret: str) -> int:
        headers = {"Authorization": f"Bearer {secret}"}
        return Client(headers=headers).put("/api/settings", {}, content_type="application/json").status_code

    def test_of_an_admin_it_changes_settings_until_the_admin_is_switched_off(self, boss):
        _, secret = make_token(scope="admin", created_by=boss)
        assert self.status(secret) == 200
        boss.is_active = False
        boss.save()
        assert self.status(secret) == 403

    def test_it_ends_with_the_role_with_the_admission_and_with_the_login(self, boss, auth_on):
        other = make_person("admin", "ines@company.com")
        _, secret = make_token(scope="admin", created_by=other)
        assert self.status(secret) == 200
        other.groups.clear()
        assert self.status(secret) == 403
        other.groups.set(boss.groups.all())
        auth_on.AUTH_ALLOWED_DOMAIN = "elsewhere.com"
        assert self.status(secret) == 403
        auth_on.AUTH_ALLOWED_DOMAIN = "company.com"
        assert self.status(secret) == 200
        other.delete()
        assert self.status(secret) == 401


def test_reading_goes_on_while_the_last_use_cannot_be_written(monkeypatch):
    def locked(*_: object, **__: object) -> None:
        raise OperationalError("database is locked")

    _, secret = make_token()
    monkeypatch.setattr(QuerySet, "update", locked)
    assert tokens.token_for(secret, NOW) is not None


def test_a_request_within_the_minute_writes_nothing(django_assert_num_queries):
    token, secret = make_token()
    tokens.token_for(secret, NOW)
    with django_assert_num_queries(1) as queries:
        assert tokens.token_for(secret, NOW + timedelta(seconds=59)) == token
    assert queries.captured_queries[0]["sql"].startswith("SELECT")

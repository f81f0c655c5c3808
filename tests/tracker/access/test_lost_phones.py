"""An administrator removes the one-time code of somebody who lost the phone; nobody their own."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator
from django.contrib.auth.models import User
from django.core.cache import cache

from tests.tracker.access.one_time_codes import PASSWORD, give_password
from tracker.access.sentences import sentence
from tracker.models import AuditEntry


@pytest.fixture(autouse=True)
def fresh_limits(db):
    """Attempts are counted in the cache, which outlives a test on Redis."""
    cache.clear()


def test_another_administrator_removes_the_code_of_somebody_who_lost_the_phone(client, enrolled, ada):
    boss = User.objects.create_superuser("boss", "boss@company.com", PASSWORD)
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    chosen = {"action": "remove_code", "_selected_action": [ada.pk, boss.pk]}
    page = client.post("/admin/auth/user/", chosen, follow=True).content.decode()
    assert "ada: the password alone is enough now." in page
    assert "Turn off your own one-time code on its page" in page
    assert not Authenticator.objects.filter(user=ada).exists()
    assert "deleted the one-time code of “ada”" in sentence(
        AuditEntry.objects.filter(action="change").latest("pk")
    )
    again = client.post("/admin/auth/user/", chosen | {"_selected_action": [ada.pk]}, follow=True)
    assert "None of them has a one-time code." in again.content.decode()
    client.logout()
    assert give_password(client)["Location"] == "/insights"


def test_nobody_removes_their_own_code_without_the_password(client, enrolled, ada):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    client.post("/admin/auth/user/", {"action": "remove_code", "_selected_action": [ada.pk]})
    assert Authenticator.objects.filter(user=ada, type="totp").exists()


def test_the_list_of_people_shows_who_has_a_code(client, enrolled, ada, request):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    page = client.get("/admin/auth/user/").content.decode()
    assert "One-time code" in page and "Remove the one-time code" in page
    request.getfixturevalue("auth_on")
    assert "Remove the one-time code" not in client.get("/admin/auth/user/").content.decode()

"""One-time codes of local administrators: set up, asked for, limited, never readable, required, and reset."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from urllib.parse import unquote

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from axes.models import AccessAttempt
from django.contrib import admin
from django.contrib.auth.models import User
from django.core.cache import cache
from django.core.management import CommandError, call_command
from django.test import Client

from tests.tracker.access.one_time_codes import PASSWORD, code_for, give_password, set_up
from tests.tracker.pages.test_looks_in_a_browser import RULES
from tracker.access.sentences import sentence
from tracker.access.tokens import issue
from tracker.models import AccessSettings, ApiToken, AuditEntry
from tracker.views.slack import PressRefused, find_actor


@pytest.fixture(autouse=True)
def fresh_limits(db):
    """Attempts and used codes are counted in the cache, which outlives a test on Redis."""
    cache.clear()


def wrong_code(secret: str) -> str:
    return f"{(int(code_for(secret)) + 1) % 10**6:06}"


def is_signed_in(client: Client) -> bool:
    return "_auth_user_id" in client.session


def test_without_a_code_the_password_lets_in_and_leads_back(client, ada):
    assert give_password(client)["Location"] == "/insights"
    assert is_signed_in(client)


def test_nobody_is_sent_to_another_site_after_signing_in(client, ada):
    assert give_password(client, next_url="https://elsewhere.example/")["Location"] == "/admin/"


def test_with_a_code_the_password_alone_opens_nothing(client, enrolled):
    assert give_password(client)["Location"] == "/accounts/code/enter/"
    assert not is_signed_in(client)
    assert client.get("/admin/").status_code == 302
    assert client.get("/accounts/code/")["Location"].startswith("/accounts/login/")
    assert give_password(client, "guess").status_code == 200


def test_the_right_code_lets_in_and_leads_back(client, enrolled):
    give_password(client)
    answer = client.post("/accounts/code/enter/", {"code": code_for(enrolled[0])})
    assert answer["Location"] == "/insights"
    assert client.get("/admin/").status_code == 200


def test_a_code_that_was_used_lets_nobody_in_again(client, enrolled):
    other = Client()
    with time_machine.travel(
        datetime.now(UTC), tick=False
    ):  # on a slow machine a code would run out meanwhile
        code = code_for(enrolled[0])
        for browser in (client, other):
            give_password(browser)
            browser.post("/accounts/code/enter/", {"code": code})
    assert is_signed_in(client) and not is_signed_in(other)


def test_the_code_that_turned_it_on_lets_nobody_in(client, ada):
    with time_machine.travel(datetime.now(UTC), tick=False):
        secret, _ = set_up(client, ada)
        client.logout()
        give_password(client)
        client.post("/accounts/code/enter/", {"code": code_for(secret)})
        assert not is_signed_in(client)


def test_each_recovery_code_lets_in_once(client, enrolled):
    codes = enrolled[1]
    assert len(set(codes)) == 10
    for attempt, expected in enumerate([True, False]):
        browser = Client()
        give_password(browser)
        browser.post("/accounts/code/enter/", {"code": codes[0]})
        assert is_signed_in(browser) is expected, attempt


def test_a_wrong_code_counts_like_a_wrong_password_until_the_name_is_locked(client, enrolled):
    give_password(client)
    wrong = wrong_code(enrolled[0])
    for _ in range(10):
        cache.clear()  # beside the limit of allauth, which this test is not about
        answer = client.post("/accounts/code/enter/", {"code": wrong})
    assert answer.status_code == 429
    assert "Too many attempts" in answer.content.decode()
    cache.clear()
    assert (
        "Try again in an hour"
        in client.post("/accounts/code/enter/", {"code": code_for(enrolled[0])}).content.decode()
    )
    assert give_password(Client()).status_code == 429
    assert not is_signed_in(client)


def test_right_passwords_in_between_do_not_start_the_count_of_wrong_codes_again(client, enrolled):
    for _ in range(3):
        give_password(client)
        client.post("/accounts/code/enter/", {"code": wrong_code(enrolled[0])})
    assert AccessAttempt.objects.get().failures_since_start == 3


def test_after_five_wrong_codes_from_anywhere_nobody_may_try_for_five_minutes(client, enrolled):
    for number in range(5):
        browser = Client(REMOTE_ADDR=f"127.0.0.{number + 2}")
        give_password(browser)
        browser.post("/accounts/code/enter/", {"code": wrong_code(enrolled[0])})
    give_password(client)
    page = client.post("/accounts/code/enter/", {"code": code_for(enrolled[0])}).content.decode()
    assert "Too many failed login attempts" in page
    assert not is_signed_in(client)


def test_no_secret_is_readable_in_the_database_nor_listed_in_the_admin(client, enrolled):
    secret, codes = enrolled
    kept = str(list(Authenticator.objects.values_list("data", flat=True)))
    assert secret not in kept
    assert not any(code in kept for code in codes)
    assert Authenticator not in admin.site._registry


@pytest.mark.django_db(transaction=True)
def test_turning_it_on_ends_the_sessions_that_the_password_alone_opened(client, ada):
    elsewhere, nobody, bob = Client(), Client(), Client()
    give_password(elsewhere)
    bob.force_login(User.objects.create_superuser("bob"), backend="django.contrib.auth.backends.ModelBackend")
    nobody.get("/admin/login/")
    set_up(client, ada)
    assert elsewhere.get("/admin/").status_code == 302
    assert [browser.get("/admin/").status_code for browser in (client, bob)] == [200, 200]


def test_recovery_codes_are_shown_once(client, ada):
    codes = set_up(client, ada)[1]
    again = client.get("/accounts/code/recovery/").content.decode()
    assert "10 codes are unused" in again
    assert not any(code in again for code in codes)


def test_new_recovery_codes_replace_the_old_ones(client, ada):
    old = set_up(client, ada)[1]
    page = client.post("/accounts/code/recovery/new/", follow=True).content.decode()
    new = re.findall(r"<code>(\d{8})</code>", page)
    assert len(new) == 10 and not set(new) & set(old)


@pytest.mark.django_db(transaction=True)
def test_turning_it_off_takes_the_password_and_leaves_nothing(client, enrolled, ada):
    client.force_login(ada, backend="django.contrib.auth.backends.ModelBackend")
    asked = client.post("/accounts/code/off/")
    assert unquote(asked["Location"]) == "/accounts/password/?next=/accounts/code/off/"
    assert Authenticator.objects.exists()
    client.post(asked["Location"], {"password": PASSWORD, "next": "/accounts/code/off/"})
    assert not Authenticator.objects.exists()
    deleted = "deleted a one-time code for their login; deleted the recovery codes of their login"
    assert sentence(AuditEntry.objects.latest("pk")) == f"ada@company.com {deleted}"


@pytest.mark.django_db(transaction=True)  # allauth reports what was committed
def test_the_audit_log_tells_it_in_sentences_without_any_code(client, ada):
    secret, codes = set_up(client, ada)
    client.post("/accounts/code/recovery/new/")
    client.logout()
    give_password(client)
    client.post("/accounts/code/enter/", {"code": wrong_code(secret)})
    told = [sentence(entry) for entry in AuditEntry.objects.order_by("pk")]
    assert told == [
        "ada@company.com signed in",
        "ada@company.com added a one-time code for their login; added the recovery codes of their login",
        "ada@company.com changed the recovery codes of their login",
        "ada@company.com signed out",
        "Ada at 127.0.0.1 was refused: the one-time code was wrong",
    ]
    assert not any(word in "".join(told) for word in [secret, *codes])


def test_where_codes_are_required_an_administrator_without_one_can_only_set_it_up(client, ada, settings):
    settings.AUTH_REQUIRE_TOTP = True
    AccessSettings.objects.create(default_role="viewer")
    assert give_password(client, next_url="/admin/")["Location"] == "/admin/"
    assert client.get("/admin/")["Location"].startswith("/admin/login/")
    assert client.get("/admin/login/?next=/admin/")["Location"] == "/accounts/code/set-up/"
    assert client.put("/api/settings", {}, content_type="application/json").status_code == 403
    set_up(client, ada)
    assert client.get("/admin/").status_code == 200
    client.post("/accounts/code/off/")
    assert Authenticator.objects.filter(type="totp").exists()


def test_where_codes_are_required_a_token_and_slack_give_no_more_to_who_lacks_one(client, ada, settings):
    settings.AUTH_REQUIRE_TOTP = True
    AccessSettings.objects.create(default_role="viewer")
    secret = issue(ApiToken(name="ci", scope="admin", created_by=ada))
    bearer = {"Authorization": f"Bearer {secret}"}
    assert Client(headers=bearer).put("/api/settings", {}, "application/json").status_code == 403
    with pytest.raises(PressRefused, match="Your role"):
        find_actor("ada@company.com")
    set_up(client, ada)
    assert Client(headers=bearer).put("/api/settings", {}, "application/json").status_code == 200
    assert find_actor("ada@company.com").user == ada


def test_where_a_provider_signs_people_in_codes_are_neither_asked_for_nor_set_up(client, enrolled, request):
    request.getfixturevalue("auth_on")
    assert client.get("/accounts/code/set-up/")["Location"] == "/accounts/login/"
    assert client.post("/accounts/code/enter/", {"code": "1"})["Location"] == "/accounts/login/"


def test_an_operator_removes_the_code_of_somebody_who_lost_everything(client, enrolled, capsys):
    call_command("reset_totp", "ada")
    assert "ada signs in with the password alone" in capsys.readouterr().out
    assert give_password(client)["Location"] == "/insights"
    assert "deleted the one-time code of “ada”" in sentence(
        AuditEntry.objects.filter(action="change").latest("pk")
    )
    for name, problem in (("ada", "has no one-time code"), ("bob", "no login is called 'bob'")):
        with pytest.raises(CommandError, match=problem):
            call_command("reset_totp", name)


def test_after_a_change_of_the_secret_key_the_page_names_the_command(client, enrolled, settings):
    settings.SECRET_KEY = "another-key"
    give_password(client)
    answer = client.post("/accounts/code/enter/", {"code": "123456"})
    assert answer.status_code == 403
    assert "manage.py reset_totp NAME" in answer.content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_from_the_bar_to_a_code_and_in_with_it(page, live_server, ada):
    """Set up, sign out, sign in with a code: under the strict policy, and with nothing for axe to find."""
    complaints: list[str] = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.set_viewport_size({"width": 390, "height": 844})

    def look() -> None:
        found = Axe().run(page, options=RULES).response["violations"]
        complaints.extend(f"{page.url} {v['id']}: {n['html']}" for v in found for n in v["nodes"])
        assert page.evaluate("document.documentElement.scrollWidth") <= 390

    def sign_in() -> None:
        page.goto(f"{live_server.url}/accounts/login/?next=/settings")
        look()
        page.get_by_label("Username").fill("ada")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Sign in").click()

    sign_in()
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="ada").click()
    look()
    page.get_by_role("link", name="Set it up").click()
    look()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Continue").click()
    look()
    assert page.locator("img.qr").evaluate("image => image.complete && image.naturalWidth > 0")
    secret = page.locator("p code").inner_text()
    page.get_by_label("Authenticator code").fill(code_for(secret))
    page.get_by_role("button", name="Turn on").click()
    look()
    assert page.locator(".recovery-codes li").count() == 10
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("button", name="Sign out").click()
    cache.clear()
    sign_in()
    look()
    page.get_by_label("Code").fill(code_for(secret))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/settings")
    assert complaints == []

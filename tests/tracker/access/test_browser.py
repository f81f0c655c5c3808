"""The sign-in in Chromium, from the page asked for and back to it, and the admin under the strict policy."""

import pytest
from django.contrib.auth.models import User

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

ANN = {
    "sub": "1001",
    "email": "ann@company.com",
    "name": "Ann Lee",
    "given_name": "Ann",
    "family_name": "Lee",
    "picture": "https://lh3.googleusercontent.com/a/ann",
}
BOSS = {"sub": "1002", "email": "boss@company.com", "name": "Bo Ss"}


@pytest.fixture
def violations(page):
    """What the browser refused because of the Content-Security-Policy."""
    found = []
    page.on("console", lambda m: found.append(m.text) if "Content Security Policy" in m.text else None)
    return found


@pytest.fixture
def site(live_server, google, settings):
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    here = {
        "form-action": [*policy["form-action"], google.url],
        "img-src": [*policy["img-src"], "https://*.googleusercontent.com"],
    }
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | here}
    return live_server.url


def sign_in(page, google, person):
    google.person = person
    page.get_by_role("button", name="Sign in with Google").click()
    page.get_by_role("link", name=f"Continue as {person['name']}").click()


def test_the_whole_way_to_google_and_back_and_out(page, site, google, violations):
    page.goto(f"{site}/?period=7d")
    assert "/accounts/login/" in page.url
    assert page.get_by_role("link", name="Insights").count() == 0
    sign_in(page, google, ANN)
    assert page.url == f"{site}/?period=7d"
    assert page.get_by_text("Ann Lee").is_visible()
    assert page.locator("header img").get_attribute("src") == ANN["picture"]
    assert "Successfully" not in page.content()
    page.get_by_role("button", name="Sign out").click()
    assert page.get_by_role("button", name="Sign in with Google").is_visible()
    page.go_back()
    assert not page.get_by_text("Ann Lee").is_visible()
    assert violations == []


def test_a_stranger_is_told_why(page, site, google):
    page.goto(site)
    sign_in(page, google, {**ANN, "email": "ann@elsewhere.com"})
    assert page.get_by_role("alert").inner_text().startswith("That account is not on the list")


ADMIN_PAGES = (
    "",
    "auth/user/",
    "auth/user/add/",
    "tracker/accesssettings/",
    "tracker/apitoken/add/",
    "tracker/auditentry/",
)


def test_the_admin_and_the_api_page_work_under_the_policy(page, site, google, violations):
    page.goto(f"{site}/admin/")
    sign_in(page, google, BOSS)
    assert page.url == f"{site}/admin/"
    for path in ADMIN_PAGES:
        assert page.goto(f"{site}/admin/{path}").status == 200
    page.goto(f"{site}/api/docs")
    page.get_by_text("Cursor Cost Monitor").first.wait_for()
    assert violations == []
    assert User.objects.get().is_staff


def test_a_token_is_shown_once(page, site, google):
    page.goto(f"{site}/admin/tracker/apitoken/add/")
    sign_in(page, google, BOSS)
    page.get_by_label("Name").fill("weekly report")
    page.get_by_role("button", name="Save", exact=True).click()
    said = page.locator(".messages").inner_text()
    secret = said.partition("ccm_")[2].split()[0]
    assert len(secret) == 43
    page.goto(f"{site}/admin/tracker/apitoken/")
    assert f"ccm_{secret}" not in page.content()

"""Who gets in: tokens by scope, sessions by role, and no form of a foreign site."""

import json
from datetime import UTC, datetime

import pytest
from django.test import Client

from tests.tracker.api.conftest import make_token
from tests.tracker.conftest import ALLAUTH, make_person

pytestmark = pytest.mark.django_db

CHANGE = json.dumps({"cooldownHours": 1})
CURL_DEFAULT = "application/x-www-form-urlencoded"
ORIGIN = {"Origin": "https://evil.example"}


@pytest.fixture
def browser(auth_on):
    """An administrator's browser, which does what a browser must about CSRF."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_person("admin"), backend=ALLAUTH)
    return client


def put(client, kind="application/json", **headers):
    return client.put("/api/settings", CHANGE, content_type=kind, headers=headers)


@pytest.mark.parametrize("scope", ["viewer", "responder"])
def test_a_token_of_a_lower_scope_is_told_what_it_lacks(script, scope):
    answer = script(scope)("put", "/api/settings", {"cooldownHours": 1})
    assert answer.status_code == 403
    assert answer.json() == {
        "error": "forbidden",
        "message": "This needs the role or token scope “admin”.",
    }


@pytest.mark.parametrize(
    "header", ["Bearer ccm_wrong", "Bearer", "Basic YTpi", "ccm_wrong", "Bearer \x00", "bearer  "]
)
def test_a_token_that_is_none_is_refused_even_where_visitors_are_let_in(client, header):
    assert client.get("/api/settings").status_code == 200
    answer = client.get("/api/settings", headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_a_revoked_token_is_refused(client):
    secret = make_token("admin", revoked_at=datetime(2026, 1, 1, tzinfo=UTC))
    assert client.get("/api/settings", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_a_token_opens_no_page(client, auth_on):
    headers = {"Authorization": f"Bearer {make_token('admin')}"}
    assert client.get("/", headers=headers).status_code == 302
    assert client.get("/admin/", headers=headers).status_code == 302


def test_with_sign_in_on_nobody_unknown_gets_in(client, auth_on):
    answer = client.get("/api/settings")
    assert (answer.status_code, answer.json()["error"]) == (401, "unauthorized")


def test_without_sign_in_a_visitor_reads_but_changes_nothing(client):
    assert client.get("/api/settings").status_code == 200
    assert put(client).status_code == 401


def test_a_page_of_this_site_may_change_with_its_csrf_token(browser):
    browser.get("/admin/")  # sets the cookie
    browser.get("/admin/tracker/apitoken/add/")
    token = browser.cookies["csrftoken"].value
    assert put(browser, **{"X-CSRFToken": token}).status_code == 200


def test_a_session_without_the_csrf_token_changes_nothing(browser):
    assert put(browser).status_code == 403
    assert put(browser, **{"X-CSRFToken": "x" * 32}).status_code == 403


@pytest.mark.parametrize("kind", ["text/plain", CURL_DEFAULT, "multipart/form-data", ""])
def test_a_form_of_a_foreign_site_changes_nothing(browser, client, kind):
    for sender in (browser, client):
        answer = put(sender, kind, **ORIGIN)
        assert answer.status_code in (403, 415)


def test_json_of_a_foreign_site_changes_nothing_even_with_the_token(browser):
    browser.get("/admin/tracker/apitoken/add/")
    headers = {"X-CSRFToken": browser.cookies["csrftoken"].value, **ORIGIN}
    assert put(browser, **headers).status_code == 403


def test_a_script_may_leave_the_content_type_to_curl(script, client):
    headers = {"Authorization": f"Bearer {make_token('admin')}"}
    answer = client.put("/api/settings", CHANGE, content_type=CURL_DEFAULT, headers=headers)
    assert answer.status_code == 200


def test_a_method_that_an_address_does_not_know_is_said_to_be_so(script):
    answer = script("admin")("delete", "/api/settings")
    assert (answer.status_code, answer.json()["error"]) == (405, "method_not_allowed")
    assert set(answer["Allow"].split(", ")) == {"GET", "PUT"}


@pytest.mark.parametrize("url", ["/api/nowhere", "/api/%", "/api/users/%", "/api/%2e%2e/admin/"])
def test_an_address_that_is_none_is_said_to_be_so(script, url):
    assert script("admin")("get", url).json()["error"] == "not_found"


def test_a_body_that_is_too_large_is_refused(script, settings):
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    answer = script("admin")("put", "/api/settings", {"teamBudgetCents": 1, "x": "y" * 100})
    assert (answer.status_code, answer.json()["error"]) == (413, "too_large")


def test_the_description_is_for_those_who_may_use_it(client, auth_on, sign_in):
    assert client.get("/api/openapi.json").status_code == 302
    assert sign_in("viewer").get("/api/openapi.json").json()["info"]["title"] == "Cursor Cost Monitor"
    assert "cdn" not in client.get("/api/docs").content.decode()

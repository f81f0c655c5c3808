"""Headers of each kind of answer: page, refusal, redirect, file, JSON, error, static file."""

import pytest
from django.conf import settings as production
from django.core.management import call_command
from django.test import Client
from django.urls import path

from config.urls import urlpatterns as real_patterns

pytestmark = pytest.mark.django_db


def crash(request):
    raise RuntimeError("on purpose")


crash.needs_role = 0
urlpatterns = [*real_patterns, path("crash/", crash), path("api/crash", crash)]

ANSWERS = {
    "/": 200,
    "/accounts/login/": 302,
    "/admin/": 302,
    "/admin/login/": 200,
    "/nowhere/": 404,
    "/crash/": 500,
    "/api/openapi.json": 200,
    "/api/docs": 200,
    "/api/nowhere": 404,
    "/api/crash": 500,
    "/static/tracker/css/tokens.css": 200,
}


@pytest.fixture(autouse=True)
def calm(client, settings):
    client.raise_request_exception = False
    settings.ROOT_URLCONF = __name__


@pytest.mark.parametrize(("url", "status"), ANSWERS.items())
def test_every_answer_carries_the_security_headers(client, url, status):
    response = client.get(url)
    assert response.status_code == status
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    if url.startswith("/static/"):
        return
    policy = response["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert response["X-Frame-Options"] == "DENY"
    assert "Server" not in response
    assert "X-Powered-By" not in response


@pytest.mark.parametrize("url", ["/", "/api/openapi.json", "/nowhere/", "/admin/login/"])
def test_nothing_about_people_stays_in_caches(client, url):
    assert "no-store" in client.get(url)["Cache-Control"]


@pytest.mark.parametrize(
    ("url", "error"), [("/api/nowhere", "not_found"), ("/api/crash", "internal_server_error")]
)
def test_errors_below_api_are_json(client, url, error):
    response = client.get(url)
    assert response.json()["error"] == error
    assert response.json()["message"]


def test_a_host_that_is_not_ours_is_refused(client):
    assert client.get("/", headers={"host": "evil.example"}).status_code == 400
    assert client.get("/api/openapi.json", headers={"host": "evil.example"}).json()["error"] == "bad_request"


def test_a_body_that_is_too_large_is_refused_unread(client, settings):
    settings.MAX_BODY_BYTES = 10
    response = client.post("/admin/login/", {"username": "a-long-name"})
    assert response.status_code == 413
    response = client.generic("POST", "/admin/login/", b"x", CONTENT_LENGTH="9" * 19)
    assert response.status_code == 413


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "BREW"])
@pytest.mark.parametrize(
    ("url", "takes"),
    [
        ("/", "GET, HEAD"),
        ("/api/docs", "GET, HEAD"),
        ("/api/settings", "GET, PUT"),
        ("/settings", "GET, HEAD"),
        ("/admin/login/", "GET, HEAD, POST"),
        ("/admin/incidents/channel/", "GET, HEAD, POST"),
        ("/answers/x", "GET, HEAD, POST"),
        ("/healthz", "GET, HEAD"),
    ],
)
def test_a_method_that_an_address_does_not_take_gets_no_page_and_is_answered_with_those_it_does(
    client, method, url, takes
):
    if method in takes:
        return
    response = client.generic(method, url)
    assert (response.status_code, ", ".join(sorted(response["Allow"].split(", ")))) == (405, takes)
    assert b"<main" not in response.content


@pytest.mark.parametrize(
    "url", ["/admin/incidents/channel/test/", "/accounts/logout/", "/slack/actions", "/favicon.ico"]
)
@pytest.mark.parametrize("method", ["OPTIONS", "TRACE", "PUT", "BREW"])
def test_a_method_that_no_page_takes_is_refused_where_a_page_takes_fewer_than_others(client, method, url):
    assert client.generic(method, url).status_code == 405


def test_a_method_at_an_address_that_is_none_is_not_found(client):
    assert client.options("/nowhere").status_code == 404


@pytest.mark.parametrize("url", ["/users/%00", "/%00", "/api/users/%00", "/admin/auth/user/%00/"])
def test_an_address_with_a_nul_in_it_is_refused(client, url):
    assert client.get(url).status_code == 400


def test_behind_a_proxy_cookies_and_redirects_are_for_https_alone(client, settings):
    settings.SECURE_SSL_REDIRECT = settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = True
    settings.SECURE_HSTS_SECONDS = 31_536_000
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client.get("/")["Location"] == "https://testserver/"
    response = client.get("/admin/login/", headers={"x-forwarded-proto": "https"})
    assert response["Strict-Transport-Security"].startswith("max-age=31536000")
    assert response.cookies["csrftoken"]["secure"]
    assert response.cookies["csrftoken"]["samesite"] == "Lax"


def test_a_proxy_is_not_believed_unless_told_so(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/", headers={"x-forwarded-proto": "https"}).status_code == 301
    assert client.get("/", headers={"x-forwarded-host": "evil.example"})["Location"] == "https://testserver/"


def test_the_session_cookie_is_out_of_reach_of_scripts(client, google):
    cookie = client.post("/accounts/login/").cookies["sessionid"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_open_mode_is_warned_of_when_others_can_reach_it(settings, capsys):
    settings.ALLOWED_HOSTS = ["costs.company.com", "127.0.0.1"]
    call_command("check")
    assert "access.W001" in capsys.readouterr().err
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]"]
    call_command("check")
    assert "access.W001" not in capsys.readouterr().err


@pytest.mark.parametrize(
    ("changes", "warning"),
    [
        ({"AUTH_ALLOWED_DOMAIN": "", "AUTH_ALLOWED_EMAILS": []}, "access.W002"),
        ({"AUTH_ADMIN_EMAILS": ["root@elsewhere.com"]}, "access.W003"),
        ({"CRON_SECRET": "short"}, "access.W004"),
    ],
)
def test_what_leaves_more_open_than_meant_is_warned_of(auth_on, capsys, changes, warning):
    call_command("check")
    assert warning not in capsys.readouterr().err
    for name, value in changes.items():
        setattr(auth_on, name, value)
    call_command("check")
    assert warning in capsys.readouterr().err


def test_no_policy_allows_inline_scripts_or_styles():
    assert "unsafe" not in str(production.CONTENT_SECURITY_POLICY)


@pytest.mark.parametrize(
    ("host", "caller", "is_exposed"),
    [
        ("localhost:8000", "127.0.0.1", False),
        ("[::1]:8000", "::1", False),
        ("127.0.0.1", "", False),  # over a Unix socket
        ("localhost", "192.168.1.7", True),
        ("costs.company.com", "127.0.0.1", True),
    ],
)
def test_open_pages_say_so_and_loudly_where_others_get_here(client, settings, host, caller, is_exposed):
    settings.ALLOWED_HOSTS = ["localhost", "127.0.0.1", "[::1]", "costs.company.com"]
    body = client.get("/", headers={"host": host}, REMOTE_ADDR=caller).content.decode()
    assert "No sign-in is set up" in body
    assert ("Open to everybody." in body) == is_exposed


def test_with_sign_in_on_nothing_is_said_to_be_open(sign_in):
    body = sign_in("viewer").get("/").content.decode()
    assert "Open to everybody." not in body
    assert "No sign-in is set up" not in body


@pytest.mark.parametrize(
    "referer", ["http://[", "http://testserver//evil.example/x", "https://evil.example/x"]
)
def test_a_form_that_expired_leads_back_to_this_site_alone(referer):
    sent = Client(enforce_csrf_checks=True).post("/incidents/bulk", headers={"referer": referer})
    assert sent.status_code == 403
    assert "evil.example" not in sent.text

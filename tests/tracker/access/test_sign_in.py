from urllib.parse import parse_qs, urlsplit

import pytest
from axes.models import AccessAttempt
from django.contrib.auth.models import User
from django.test import Client

from tests.tracker.access.fake_google import OTHER_KEY
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db

ANN = {
    "sub": "1001",
    "email": "Ann@company.com",
    "given_name": "Ann",
    "family_name": "Lee",
    "name": "Ann Lee",
}
BOSS = {"sub": "1002", "email": "boss@company.com", "given_name": "Bo", "family_name": "Ss", "name": "Bo Ss"}


def dance(client, google, person=ANN, next_url="/", **overrides):
    """The whole sign-in as a browser would do it; the answer is the callback's."""
    google.person, google.overrides = person, overrides
    return client.get(google.answer(begin(client, next_url)))


def begin(client, next_url="/"):
    return client.post("/accounts/login/", {"next": next_url})["Location"]


def is_signed_in(client):
    return "_auth_user_id" in client.session


def problem_of(response):
    return parse_qs(urlsplit(response["Location"]).query).get("problem", [None])[0]


def test_a_person_of_the_domain_comes_in_with_name_and_picture(client, google):
    response = dance(client, google, {**ANN, "picture": "https://lh3.googleusercontent.com/a/x"})
    assert (response.status_code, response["Location"]) == (302, "/")
    user = User.objects.get()
    assert (user.email, user.get_full_name()) == ("ann@company.com", "Ann Lee")
    assert (user.is_staff, user.has_usable_password()) == (False, False)
    assert client.session["picture"] == "https://lh3.googleusercontent.com/a/x"
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.actor, entry.actor_name) == ("sign-in", user, "ann@company.com")


def test_signing_in_again_finds_the_same_person(client, google):
    dance(client, google)
    client.post("/accounts/logout/")
    dance(client, google, {**ANN, "family_name": "Lee-Park"})
    assert User.objects.get().last_name == "Lee-Park"


def test_a_picture_that_is_no_https_address_is_dropped(client, google):
    dance(client, google, {**ANN, "picture": "javascript:alert(1)"})
    assert client.session["picture"] == ""


def test_the_way_to_google_asks_for_pkce_state_and_nonce(client, google):
    query = parse_qs(urlsplit(begin(client)).query)
    assert query["code_challenge_method"] == ["S256"]
    assert set(query["scope"][0].split()) == {"openid", "profile", "email"}
    assert len(query["state"][0]) >= 16
    assert len(query["nonce"][0]) >= 32


@pytest.mark.parametrize(
    ("email", "problem"),
    [
        ("user@elsewhere.com", "not-admitted"),
        ("user@evil.com@company.com", "not-admitted"),
        ("user@company.com.evil.com", "not-admitted"),
        ("user@cоmpany.com", "not-admitted"),  # Cyrillic o
        ("", "not-admitted"),
    ],
)
def test_an_address_that_no_list_names_is_refused(client, google, email, problem):
    response = dance(client, google, {**ANN, "email": email})
    assert problem_of(response) == problem
    assert not is_signed_in(client)
    assert not User.objects.exists()
    assert AuditEntry.objects.get().action == "refused"


def test_an_address_on_the_list_of_addresses_is_admitted(client, google):
    dance(client, google, {**ANN, "email": "GUEST@partner.example"})
    assert is_signed_in(client)


def test_with_both_lists_empty_any_verified_address_is_admitted(client, google, settings):
    settings.AUTH_ALLOWED_DOMAIN, settings.AUTH_ALLOWED_EMAILS = "", []
    dance(client, google, {**ANN, "email": "someone@elsewhere.com"})
    assert is_signed_in(client)


@pytest.mark.parametrize("claim", [False, None, "false", "true"])
def test_an_unverified_address_is_refused(client, google, claim):
    assert problem_of(dance(client, google, email_verified=claim)) == "unverified"
    assert not is_signed_in(client)


def test_a_person_switched_off_here_is_refused(client, google):
    dance(client, google)
    client.post("/accounts/logout/")
    User.objects.update(is_active=False)
    assert problem_of(dance(client, google)) == "inactive"
    assert not is_signed_in(client)


def test_a_state_used_before_is_refused(client, google):
    google.person = ANN
    callback = google.answer(begin(client))
    client.get(callback)
    client.post("/accounts/logout/")
    assert problem_of(client.get(callback)) == "failed"
    assert not is_signed_in(client)


def test_a_state_of_another_browser_is_refused(client, google):
    google.person = ANN
    callback = google.answer(begin(client))
    client.cookies.clear()
    assert problem_of(client.get(callback)) == "failed"
    assert not is_signed_in(client)


def test_a_nonce_of_another_attempt_is_refused(client, google):
    earlier = parse_qs(urlsplit(begin(client)).query)["nonce"][0]
    assert problem_of(dance(client, google, nonce=earlier)) == "failed"
    assert not is_signed_in(client)


@pytest.mark.parametrize(
    "overrides",
    [{"nonce": ""}, {"aud": "another-client"}, {"iss": "https://evil.example"}, {"exp": 1_700_000_000}],
)
def test_an_id_not_meant_for_this_attempt_is_refused(client, google, overrides):
    assert problem_of(dance(client, google, **overrides)) == "failed"
    assert not is_signed_in(client)


def test_an_id_signed_by_somebody_else_is_refused(client, google):
    google.signing_key = OTHER_KEY
    assert problem_of(dance(client, google)) == "failed"
    assert not is_signed_in(client)


def test_cancelling_at_google_leads_back(client, google):
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    response = client.get("/accounts/google/login/callback/", {"error": "access_denied", "state": state})
    assert problem_of(response) == "cancelled"


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/",
        "/\\evil.example",
        "javascript:alert(1)",
        "https:evil.example",
    ],
)
def test_next_leads_nowhere_but_this_site(client, google, target):
    assert dance(client, google, next_url=target)["Location"] == "/"


def test_next_leads_back_to_the_page_asked_for(client, google):
    assert dance(client, google, next_url="/insights?days=7")["Location"] == "/insights?days=7"


def test_the_callback_is_under_the_public_address(client, google, settings):
    settings.SIGN_IN_URL = "https://costs.company.com"
    query = parse_qs(urlsplit(begin(client)).query)
    assert query["redirect_uri"] == ["https://costs.company.com/accounts/google/login/callback/"]


def test_a_session_that_was_signed_out_is_worth_nothing(client, google):
    dance(client, google)
    stolen = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    client.cookies["sessionid"] = stolen
    assert not is_signed_in(client)


def test_a_form_without_its_csrf_token_is_refused_in_words(google):
    browser = Client(enforce_csrf_checks=True)
    answer = browser.post("/accounts/login/", {"next": "/"})
    assert answer.status_code == 403
    assert "Reload it" in answer.content.decode()
    assert "have access" not in answer.content.decode()


def test_whoever_was_signed_out_meanwhile_learns_that_nothing_was_saved_and_comes_back_to_the_form(
    auth_on, client
):
    sent = {"headers": {"referer": "http://testserver/incidents/1?a=b"}, "follow": True}
    answer = client.post("/incidents/1/acknowledge", **sent)
    assert answer.redirect_chain == [("/accounts/login/?next=/incidents/1%3Fa%3Db", 302)]
    assert "nothing was saved" in answer.text
    sent["headers"] = {"referer": "https://elsewhere.example/incidents/1"}
    assert client.post("/incidents/1/acknowledge", **sent).redirect_chain[0][0] == "/accounts/login/?next=/"


def test_a_look_at_the_sign_out_address_signs_nobody_out(client, google):
    dance(client, google)
    assert client.get("/accounts/logout/").status_code == 405
    assert is_signed_in(client)


def test_a_person_taken_off_the_list_is_out_at_the_next_request(client, google, settings):
    dance(client, google)
    settings.AUTH_ALLOWED_DOMAIN = "elsewhere.com"
    response = client.get("/admin/")
    assert response["Location"].startswith("/admin/login/")
    assert not is_signed_in(client)
    assert AuditEntry.objects.filter(action="refused", detail="no longer admitted").count() == 1


def test_a_person_switched_off_is_out_at_the_next_request(client, google):
    dance(client, google, BOSS)
    User.objects.update(is_active=False)
    assert client.get("/admin/").status_code == 302


def test_an_admin_address_makes_staff_and_taking_it_off_ends_it(client, google, settings):
    dance(client, google, BOSS)
    assert client.get("/admin/").status_code == 200
    assert User.objects.get().is_staff
    settings.AUTH_ADMIN_EMAILS = []
    assert client.get("/admin/").status_code == 302
    user = User.objects.get()
    assert (user.is_staff, user.is_superuser) == (False, False)


def test_a_local_superuser_without_the_role_loses_the_admin(client, google):
    User.objects.create_superuser("ann", "ann@company.com", "password")
    dance(client, google)
    assert client.get("/admin/").status_code == 302
    assert not User.objects.get().is_superuser


def test_the_admin_uses_the_same_sign_in(client, auth_on):
    response = client.get("/admin/login/?next=/admin/q/")
    assert response["Location"] == "/accounts/login/?next=/admin/q/"
    User.objects.create_superuser("root", "root@company.com", "password")
    client.post("/admin/login/", {"username": "root", "password": "password"})
    assert not is_signed_in(client)


def test_a_member_without_the_role_is_told_so_by_the_admin(sign_in):
    assert sign_in("viewer").get("/admin/login/?next=/admin/").status_code == 403


def test_turning_sign_in_on_ends_local_sessions(client, settings, request):
    User.objects.create_superuser("root", "boss@company.com", "password")
    client.post("/admin/login/", {"username": "root", "password": "password"})
    assert client.get("/admin/").status_code == 200
    request.getfixturevalue("auth_on")
    assert client.get("/admin/").status_code == 302


def test_without_sign_in_the_admin_has_its_own_login_with_limited_attempts(client):
    User.objects.create_superuser("root", "root@company.com", "right password")
    for _ in range(10):
        client.post("/admin/login/", {"username": "root", "password": "wrong"})
    response = client.post("/admin/login/", {"username": "root", "password": "right password"})
    assert response.status_code == 429
    assert not is_signed_in(client)
    assert AuditEntry.objects.filter(action="refused", actor_name="root").count() >= 10


def test_a_name_that_is_too_long_for_any_login_is_refused_and_not_stored(client):
    response = client.post("/admin/login/", {"username": "x" * 100_000, "password": "wrong"})
    assert "at most 150 characters" in response.content.decode()
    assert not AccessAttempt.objects.exists()


def test_in_open_mode_the_bar_leads_local_administrators_in_and_back(client):
    page = client.get("/insights?period=7d").content.decode()
    assert 'href="/accounts/login/?next=%2Finsights%3Fperiod%3D7d">Sign in</a>' in page
    User.objects.create_superuser("boss", password="a-long-password")
    way = client.get("/accounts/login/?next=/insights")["Location"]
    back = client.post(way, {"username": "boss", "password": "a-long-password", "next": "/insights"})
    assert back["Location"] == "/insights"

"""Sign-in against a real OpenID provider on loopback: the whole way, roles from a claim, odd answers."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialLogin
from django.contrib.auth.models import Group, User

from tracker.access.oidc import apply_roles, claim_values, claims_of, is_verified

pytestmark = pytest.mark.django_db
CLAIMS = {"email": "ann@company.com", "email_verified": True, "name": "Ann Lee", "given_name": "Ann"}
NAMES = ["admins", "oncall"]


def know(provider: str, sub: str = "ann", **claims: object) -> None:
    answer = requests.put(f"{provider}/users/{sub}", json={**CLAIMS, **claims}, timeout=30)
    assert answer.ok, answer.text


def come_in(client, provider: str, sub: str = "ann"):
    """The whole sign-in as a browser would do it; the answer is the callback's."""
    there = client.post("/accounts/login/", {"provider": "oidc", "next": "/insights"})["Location"]
    consent = requests.post(there, data={"sub": sub}, allow_redirects=False, timeout=30)
    back = urlsplit(consent.headers["Location"])
    return client.get(f"{back.path}?{back.query}")


def problem_of(response) -> str | None:
    assert response.status_code == 302, response.content[:300]
    return parse_qs(urlsplit(response["Location"]).query).get("problem", [None])[0]


def test_a_person_with_a_verified_admitted_address_comes_in(client, provider):
    know(provider)
    assert come_in(client, provider)["Location"] == "/insights"
    user = User.objects.get()
    assert (user.email, user.first_name) == ("ann@company.com", "Ann")
    assert "_auth_user_id" in client.session


def test_a_name_that_comes_whole_is_the_person_s(client, provider):
    know(provider, given_name=None)
    come_in(client, provider)
    assert User.objects.get().get_full_name() == "Ann Lee"


def test_roles_follow_the_claim_at_each_sign_in(client, provider):
    know(provider, groups=["admins", "lunch"])
    come_in(client, provider)
    assert [group.name for group in User.objects.get().groups.all()] == ["admin"]
    assert client.get("/admin/").status_code == 200
    client.post("/accounts/logout/")
    know(provider, groups=["oncall"])
    come_in(client, provider)
    assert [group.name for group in User.objects.get().groups.all()] == ["responder"]
    assert client.get("/admin/").status_code == 302


@pytest.mark.parametrize(
    ("claim", "offered", "asks"),
    [
        ("groups", ["openid", "groups"], True),  # Okta and Authelia give the claim to those who ask for it
        ("groups", ["openid"], False),  # others refuse a scope that they do not offer
        ("groups", None, False),
        ("realm_access.roles", ["openid", "groups"], False),
        ("", ["openid", "groups"], False),
    ],
)
def test_the_scope_of_the_claim_is_asked_for_where_the_provider_offers_it(
    client, provider, settings, claim, offered, asks
):
    settings.AUTH_OIDC_ROLE_CLAIM = claim
    apps = settings.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"]
    apps[0]["settings"]["openid_configuration_overrides"] = {"scopes_supported": offered}
    there = client.post("/accounts/login/", {"provider": "oidc"})["Location"]
    scope = set(parse_qs(urlsplit(there).query)["scope"][0].split())
    assert scope == {"openid", "profile", "email", *(["groups"] if asks else [])}


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"email_verified": False}, "unverified"),
        ({"email_verified": "true"}, "unverified"),
        ({"email_verified": None}, "unverified"),
        ({"email": "ann@elsewhere.com"}, "not-admitted"),
        ({"email": ["ann@company.com"]}, "not-admitted"),
        ({"email": None}, "not-admitted"),
        ({"email": {"a": 1}}, "not-admitted"),
    ],
)
def test_an_address_that_nobody_vouches_for_or_no_list_names_is_refused(client, provider, claims, problem):
    know(provider, **claims)
    assert problem_of(come_in(client, provider)) == problem
    assert not User.objects.exists()


def test_a_former_address_leads_whoever_has_it_now_to_no_other_login(client, provider, settings):
    settings.AUTH_OIDC_ROLE_CLAIM = ""
    for email in ("ann@company.com", "ann.lee@company.com"):
        know(provider, email=email)
        come_in(client, provider)
        client.post("/accounts/logout/")
    User.objects.get().groups.add(Group.objects.get_or_create(name="admin")[0])
    know(provider, sub="a new colleague", email="ann@company.com")
    come_in(client, provider, "a new colleague")
    assert client.get("/admin/").status_code == 302
    emails = User.objects.order_by("pk").values_list("email", flat=True)
    assert list(emails) == ["ann.lee@company.com", "ann@company.com"]


def test_the_same_subject_at_another_provider_is_somebody_else(client, provider):
    know(provider)
    come_in(client, provider)
    client.post("/accounts/logout/")
    account = SocialAccount.objects.get()
    account.extra_data["id_token"]["iss"] = "https://provider.of.last.year.example"
    account.save()
    know(provider, email="bob@company.com")
    come_in(client, provider)
    assert list(User.objects.order_by("pk").values_list("email", flat=True)) == [
        "ann@company.com",
        "bob@company.com",
    ]


@pytest.mark.parametrize("vouched", [{"email_verified": True}, {"email_verified": None, "xms_edov": True}])
def test_a_login_switched_off_before_the_first_sign_in_stays_off(client, provider, vouched):
    User.objects.create_user("ann@company.com", "Ann@company.com", is_active=False)  # as it was typed
    know(provider, **vouched)
    assert problem_of(come_in(client, provider)) == "inactive"
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    "claims",
    [
        {"given_name": 7, "family_name": ["x"], "name": {"a": 1}},
        {"given_name": "A" * 5000, "family_name": "\x00\x00"},
        {"preferred_username": "x" * 900, "picture": 3},
        {"groups": "admins"},
        {"groups": {"a": 1}},
        {"groups": [None, 3, ["admins"]]},
    ],
)
def test_odd_claims_end_in_a_page_and_never_in_a_server_error(client, provider, claims):
    know(provider, **claims)
    response = come_in(client, provider)
    assert response.status_code == 302
    assert client.get("/").status_code in (200, 302)


@pytest.mark.parametrize(
    "email",
    [
        None,
        7,
        ["ann@company.com"],
        {"a": 1},
        "ann\x00@company.com",
        "a" * 242 + "@company.com.elsewhere.example",
    ],
    ids=lambda email: repr(email)[:20],
)
def test_an_odd_address_is_refused_in_words(client, provider, email):
    know(provider, email=email)
    assert problem_of(come_in(client, provider)) in ("not-admitted", "failed")
    assert not User.objects.exists()


def test_the_provider_being_down_leads_back_with_the_reason(client, auth_on, provider):
    auth_on.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["settings"]["server_url"] = (
        "http://localhost:9"
    )
    response = client.post("/accounts/login/", {"provider": "oidc"})
    assert problem_of(response) == "unreachable"
    assert "does not answer" in client.get(response["Location"]).content.decode()


def test_while_no_provider_is_set_up_its_addresses_lead_to_the_sign_in_page(client, auth_on):
    auth_on.AUTH_OIDC_ISSUER = ""
    for response in (
        client.get("/accounts/oidc/login/callback/?code=x&state=y"),
        client.post("/accounts/login/", {"provider": "oidc"}),
    ):
        assert (response.status_code, response["Location"]) == (302, "/accounts/login/")


@pytest.mark.parametrize(
    "query", ["", "?code=x", "?state=x&code=y", "?error=access_denied", "?code=%00&state=%00"]
)
def test_a_callback_that_no_attempt_began_is_refused(client, provider, query):
    assert problem_of(client.get(f"/accounts/oidc/login/callback/{query}")) in ("failed", "cancelled")


@pytest.mark.parametrize(("other", "is_good"), [("Ann@company.com", True), ("eve@evil.example", False)])
def test_userinfo_vouches_for_the_token_s_address_only_where_it_has_the_same(other, is_good):
    told = {"sub": "ann", "email": other, "email_verified": True}
    data = {"id_token": {"sub": "ann", "email": "ann@company.com"}, "userinfo": told}
    login = SocialLogin(account=SocialAccount(provider="oidc", extra_data=data))
    assert is_verified(claims_of(login)) is is_good


def test_a_nested_claim_is_found_by_its_path():
    claims = {"realm_access": {"roles": NAMES}, "a.b": "dotted"}
    assert claim_values(claims, "realm_access.roles") == set(NAMES)
    assert claim_values(claims, "a.b") == {"dotted"}
    assert claim_values(claims, "realm_access.roles.more") == set()


def test_without_a_mapping_values_called_like_a_role_count(settings):
    settings.AUTH_OIDC_ROLE_CLAIM, settings.AUTH_OIDC_ROLES = "groups", {}
    user = User.objects.create_user("ann")
    apply_roles(user, {"groups": ["responder", "superuser"]})
    assert [group.name for group in user.groups.all()] == ["responder"]


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_whole_way_in_a_browser(page, live_server, provider, settings):
    know(provider)
    policy = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    forms = {"form-action": [*policy["form-action"], provider]}
    settings.CONTENT_SECURITY_POLICY = {"DIRECTIVES": policy | forms}
    page.goto(f"{live_server.url}/incidents")
    page.get_by_role("button", name="Sign in with Company login").click()
    page.locator("input[name=sub]").first.fill("ann")
    page.get_by_role(
        "button", name=re.compile("authorize|sign in|continue|log in", re.IGNORECASE)
    ).first.click()
    page.wait_for_url(f"{live_server.url}/incidents")
    assert page.get_by_text("Ann", exact=False).first.is_visible()


@pytest.mark.parametrize("denied", [False, "false"])
def test_an_address_that_the_provider_says_it_has_not_verified_is_refused_whatever_else_vouches(denied):
    assert not is_verified({"email_verified": denied, "xms_edov": True})
    assert is_verified({"xms_edov": True})

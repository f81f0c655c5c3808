"""Forged and repeated answers of an OpenID provider, and addresses that only look like somebody's."""

from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
import requests
from authlib.oidc.core.grants import OpenIDToken
from django.contrib.auth.models import User

from tests.tracker.access.test_oidc import come_in, know, problem_of

pytestmark = pytest.mark.django_db
SECRET = "the client's own, which is no key of the provider"


@pytest.mark.parametrize(
    "claims",
    [
        {"iss": "https://evil.example"},
        {"aud": "another-client"},
        {"exp": 1_700_000_000},
        {"nonce": "another's"},
    ],
)
def test_a_token_not_meant_for_this_attempt_is_refused(client, provider, claims):
    know(provider, **claims)
    assert problem_of(come_in(client, provider)) == "failed"
    assert not User.objects.exists()


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_token_that_no_key_of_the_provider_signed_is_refused(
    client, provider, auth_on, monkeypatch, algorithm
):
    sign = OpenIDToken.encode_id_token

    def forge(*args: object) -> str:
        claims = jwt.decode(sign(*args), options={"verify_signature": False})
        return jwt.encode(claims, "" if algorithm == "none" else SECRET, algorithm)

    auth_on.SOCIALACCOUNT_PROVIDERS["openid_connect"]["APPS"][0]["secret"] = SECRET
    monkeypatch.setattr(OpenIDToken, "encode_id_token", forge)
    know(provider)
    assert problem_of(come_in(client, provider)) == "failed"
    assert not User.objects.exists()


def test_an_answer_that_was_used_before_is_refused(client, provider):
    know(provider)
    there = client.post("/accounts/login/", {"provider": "oidc"})["Location"]
    consent = requests.post(there, data={"sub": "ann"}, allow_redirects=False, timeout=30)
    back = urlsplit(consent.headers["Location"])
    way = f"{back.path}?{back.query}"
    assert problem_of(client.get(way)) is None
    client.post("/accounts/logout/")
    assert problem_of(client.get(way)) == "failed"  # the state
    again = parse_qs(urlsplit(client.post("/accounts/login/", {"provider": "oidc"})["Location"]).query)
    used = {"code": parse_qs(back.query)["code"][0], "state": again["state"][0]}
    assert problem_of(client.get(back.path, used)) == "failed"  # the code
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "domain", ["company.com.evil.test", "evil-company.com", "mail.company.com", "company.com."]
)
def test_a_domain_that_looks_like_the_allowed_one_is_refused(client, provider, domain):
    know(provider, email=f"ann@{domain}")
    assert problem_of(come_in(client, provider)) == "not-admitted"
    assert not User.objects.exists()


@pytest.mark.parametrize("email", ["ANN@Company.COM", "ann@company.com "])
def test_an_address_in_another_case_or_with_a_space_is_the_same_person_s(client, provider, email):
    know(provider)
    come_in(client, provider)
    client.post("/accounts/logout/")
    know(provider, email=email)
    assert come_in(client, provider)["Location"] == "/insights"
    assert User.objects.get().email == "ann@company.com"

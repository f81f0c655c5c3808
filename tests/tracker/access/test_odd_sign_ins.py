"""Odd claims, and several tabs of one person at once: a clear message or one login, never a server error."""

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.test import Client

from tests.tracker.access.test_sign_in import ANN, dance, is_signed_in, problem_of
from tracker.access.adapter import GoogleOnly

pytestmark = pytest.mark.django_db

ODD_ADDRESSES = [
    None,
    7,
    [],
    {"a": 1},
    ["ann@company.com"],
    "ann\x00@company.com",
    "ann\n@company.com",
    "ann@company.com\x1b[31m",
    "a" * 242 + "@company.com.elsewhere.example",  # cut after 254 characters it would be the company's
    "x" * 10_000 + "@company.com",
]


@pytest.mark.parametrize("email", ODD_ADDRESSES, ids=lambda email: repr(email)[:20])
def test_an_odd_address_is_refused_in_words(client, google, email):
    response = dance(client, google, {**ANN, "email": email})
    assert problem_of(response) in ("not-admitted", "failed")
    assert "Please try again" in (page := client.get(response["Location"]).content.decode()) or "list" in page
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "claims",
    [
        {"hd": "elsewhere.example"},
        {"hd": ["company.com"]},
        {"hd": ""},
        {"sub": ["1001"]},
        {"sub": "9" * 300},
        {"sub": None},
        {"sub": "1\x00"},
        {"email_verified": ["true"]},
        {"email_verified": 1},
    ],
    ids=lambda claims: repr(claims)[:20],
)
def test_odd_claims_are_refused_in_words(client, google, claims):
    assert problem_of(dance(client, google, {**ANN, **claims})) in ("not-admitted", "failed", "unverified")
    assert not is_signed_in(client)
    assert not User.objects.exists()


@pytest.mark.parametrize("claims", [{"name": 7, "given_name": ["x"]}, {"family_name": "\x00" * 9000}])
def test_an_odd_name_never_breaks_a_sign_in(client, google, claims):
    assert dance(client, google, {**ANN, **claims}).status_code == 302


def test_a_guest_on_the_list_belongs_to_any_organisation(client, google):
    dance(client, google, {**ANN, "email": "guest@partner.example", "hd": "partner.example"})
    assert is_signed_in(client)


class TestSeveralTabs:
    """Another tab of the same person gets there between looking the person up and storing them."""

    @pytest.fixture
    def first_tab(self, monkeypatch, google):
        store, other = GoogleOnly.keep_account, Client()

        def keep(self, request, login):
            monkeypatch.setattr(GoogleOnly, "keep_account", store)
            assert dance(other, google).status_code == 302
            store(self, request, login)

        monkeypatch.setattr(GoogleOnly, "keep_account", keep)
        return other

    @pytest.mark.parametrize("is_known", [False, True])
    def test_both_come_in_as_one_person(self, client, google, first_tab, is_known):
        if is_known:
            known = User.objects.create_user("ann", email="ann@company.com")
            EmailAddress.objects.create(user=known, email="ann@company.com", verified=True, primary=True)
        assert dance(client, google)["Location"] == "/"
        user = User.objects.get()
        assert client.session["_auth_user_id"] == first_tab.session["_auth_user_id"] == str(user.pk)
        assert SocialAccount.objects.get().user == user
        assert EmailAddress.objects.get().user == user

"""Odd claims, and several tabs of one person at once: a clear message or one login, never a server error."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from django.utils import timezone

from tests.tracker.access.test_sign_in import ANN, begin, dance, is_signed_in, problem_of
from tracker.access import unfinished
from tracker.access.adapter import ProviderSignIn

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


class TestUnfinished:
    def test_a_sign_in_that_began_lasts_minutes_and_one_that_ended_well_a_week(self, client, google):
        begin(client)
        assert lasts(client) == timedelta(minutes=15)
        dance(client, google)
        assert lasts(client) == timedelta(days=7)

    def test_one_that_was_refused_lasts_no_longer(self, client, google):
        dance(client, google, {**ANN, "email": "mallory@elsewhere.com"})
        assert lasts(client) == timedelta(minutes=15)

    def test_strangers_fill_no_table_and_sign_nobody_out(self, client, google, monkeypatch):
        monkeypatch.setattr(unfinished, "MOST_UNFINISHED", 3)
        dance(client, google)
        for _ in range(8):
            begin(Client())
        assert Session.objects.count() <= 1 + 3 + 1
        assert client.get("/settings").status_code == 200

    def test_those_that_are_over_go_with_the_next_sign_in(self, google):
        begin(Client())
        Session.objects.update(expire_date=timezone.now() - timedelta(minutes=1))
        begin(Client())
        assert Session.objects.count() == 1


def lasts(client: Client) -> timedelta:
    """How long the client's session holds, counted from now to the minute."""
    left = Session.objects.get(pk=client.session.session_key).expire_date - timezone.now()
    return timedelta(minutes=round(left / timedelta(minutes=1)))


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_known", [False, True])
def test_two_tabs_that_really_come_back_at_once_are_one_person(google, monkeypatch, is_known):
    if is_known:
        known = User.objects.create_user("ann", email="ann@company.com")
        EmailAddress.objects.create(user=known, email="ann@company.com", verified=True, primary=True)
    store, both = ProviderSignIn.keep_account, Barrier(2, timeout=60)

    def keep(self, request, login):
        both.wait()  # each has looked the person up, and neither has stored one
        store(self, request, login)

    monkeypatch.setattr(ProviderSignIn, "keep_account", keep)
    google.person = ANN
    tabs = [Client(), Client()]
    ways = [google.answer(begin(tab)) for tab in tabs]

    def come_back(number: int) -> str:
        try:
            return tabs[number].get(ways[number])["Location"]
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(come_back, range(2))) == ["/", "/"]
    user = User.objects.get()
    assert [tab.session["_auth_user_id"] for tab in tabs] == [str(user.pk)] * 2
    assert SocialAccount.objects.get().user == EmailAddress.objects.get().user == user


class TestSeveralTabs:
    """Another tab of the same person gets there between looking the person up and storing them."""

    @pytest.fixture
    def first_tab(self, monkeypatch, google):
        store, other = ProviderSignIn.keep_account, Client()

        def keep(self, request, login):
            monkeypatch.setattr(ProviderSignIn, "keep_account", store)
            assert dance(other, google).status_code == 302
            store(self, request, login)

        monkeypatch.setattr(ProviderSignIn, "keep_account", keep)
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

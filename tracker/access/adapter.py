"""The allauth adapter: decides, at each sign-in, whether the provider's word is enough."""

from typing import Any

import requests
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialAccount, SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.conf import settings
from django.contrib.auth.models import User
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from collector.base.deadline import deadline
from collector.base.plausibility import LONGEST_ADDRESS
from tracker.access import audit, google, oidc
from tracker.access.admission import is_admitted
from tracker.access.unfinished import finish_sign_in
from tracker.address_lists import clean_address
from tracker.models import AuditEntry

CALL_SECONDS = 10  # each of the three or four calls to a provider


class SignInRefused(ImmediateHttpResponse):
    """Back to the sign-in page, which says why; `problem` is a key of `views.PROBLEMS`."""

    def __init__(self, request: HttpRequest, problem: str, email: str = "") -> None:
        audit.record(request, AuditEntry.Action.REFUSED, detail=problem, actor_name=email)
        super().__init__(redirect(f"{reverse('account_login')}?{urlencode({'problem': problem})}"))


class ProviderSignIn(DefaultSocialAccountAdapter):
    def get_requests_session(self) -> requests.Session:
        """A session whose calls to the provider end in time, because somebody waits for them."""
        session: requests.Session = super().get_requests_session()
        ask = session.request

        def ask_in_time(*args: Any, **options: Any) -> requests.Response:
            try:
                with deadline(CALL_SECONDS):
                    return ask(*args, **options)
            except ValueError as problem:  # of an address to which the provider redirects
                raise requests.exceptions.InvalidURL(str(problem)) from problem

        session.request = ask_in_time  # type: ignore[method-assign]
        return session

    def authenticate_by_email(self, sociallogin: SocialLogin) -> tuple[User, str] | None:
        """Who has the verified address now, somebody disabled first; allauth would find by former addresses
        too, which are other people's by then, and by none that `is_verified` takes from Entra ID."""
        claims = oidc.claims_of(sociallogin)
        email = address_claim(claims) if oidc.is_verified(claims) else ""
        people = User.objects.filter(email__iexact=email).order_by("is_active", "pk")
        person = people.first() if email else None
        return (person, email) if person else None

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in a verified, admitted address with this attempt's nonce; `SignInRefused` otherwise."""
        claims = oidc.claims_of(sociallogin)
        if problem := find_problem(sociallogin, claims):
            raise SignInRefused(request, problem, text_claim(claims, "email", LONGEST_ADDRESS))
        if sociallogin.is_existing:
            adopt_claims(sociallogin.user, claims)
            apply_provider_roles(sociallogin, sociallogin.user)
        if not sociallogin.account.pk:
            self.keep_account(request, sociallogin)
        finish_sign_in(request)
        picture = text_claim(claims, "picture", 2_000)
        request.session["picture"] = picture if picture.startswith("https://") else ""

    def keep_account(self, request: HttpRequest, login: SocialLogin) -> None:
        """Store the account of a first sign-in, with its person if there is none yet.

        Of several at once, in as many tabs, one stores them, and the others come in as that person.
        """
        try:
            with transaction.atomic():
                if login.is_existing:  # known by the address
                    login.account.user = login.user
                    login.account.save()
                else:
                    self.save_user(request, login)
        except IntegrityError:
            stored = SocialAccount.objects.filter(provider=login.account.provider, uid=login.account.uid)
            account = stored.select_related("user").first()
            if account is None:  # somebody else took the username
                raise SignInRefused(request, "failed", login.user.email) from None
            login.account, login.user = account, account.user

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict) -> User:
        account = sociallogin.account
        account.extra_data = without_nul(account.extra_data)
        user = super().populate_user(request, sociallogin, without_nul(data))
        user.email = user.email.lower()
        return user

    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: object = None) -> User:
        user: User = super().save_user(request, sociallogin, form)
        apply_provider_roles(sociallogin, user)
        return user

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: object,
        error: str | None = None,
        exception: Exception | None = None,
        extra_context: dict | None = None,
    ) -> None:
        raise SignInRefused(request, "cancelled" if error == AuthError.CANCELLED else "failed")


def find_problem(login: SocialLogin, claims: dict) -> str | None:
    """Why `login` must be refused, as a key of `views.PROBLEMS`, or None."""
    if not google.nonce_matches(login):
        return "failed"
    if not oidc.is_good_subject(claims.get("sub")):
        return "failed"
    if not oidc.is_verified(claims):
        return "unverified"
    if not (is_admitted(address_claim(claims)) and is_of_the_domain(claims)):
        return "not-admitted"
    if login.is_existing and not login.user.is_active:
        return "inactive"
    return None


def adopt_claims(user: User, claims: dict) -> None:
    """The provider's present address and name: lists are compared with this address from now on."""
    user.email = address_claim(claims)
    user.first_name = text_claim(claims, "given_name", 150)
    user.last_name = text_claim(claims, "family_name", 150)
    if not (user.first_name or user.last_name):  # some providers give the whole name alone
        user.first_name = text_claim(claims, "name", 150)
    user.save(update_fields=["email", "first_name", "last_name"])


def address_claim(claims: dict) -> str:
    """The address in lower case if it is a plain one, as it stands: what is cut or cleaned is another's."""
    value = claims.get("email")
    return (clean_address(value) or "") if isinstance(value, str) and len(value) <= LONGEST_ADDRESS else ""


def is_of_the_domain(claims: dict) -> bool:
    """Whether Google's `hd`, the organisation that manages the account, is the allowed domain or not given.

    Who is on the list of addresses is admitted from anywhere.
    """
    organisation = claims.get("hd")
    is_listed = address_claim(claims) in settings.AUTH_ALLOWED_EMAILS
    return (
        organisation is None
        or is_listed
        or not settings.AUTH_ALLOWED_DOMAIN
        or (isinstance(organisation, str) and organisation.lower() == settings.AUTH_ALLOWED_DOMAIN)
    )


def text_claim(claims: dict, name: str, longest: int) -> str:
    """The claim if it is text, without what stands for NUL; empty otherwise."""
    value = claims.get(name)
    return value.replace(oidc.INSTEAD_OF_NUL, "")[:longest] if isinstance(value, str) else ""


def without_nul(claim: object) -> object:
    """The same with another character for NUL, which PostgreSQL takes neither in text nor in JSON.

    It is required: an address or a subject without it belongs to somebody else.
    """
    if isinstance(claim, str):
        return claim.replace("\x00", oidc.INSTEAD_OF_NUL)
    if isinstance(claim, dict):
        return {without_nul(name): without_nul(value) for name, value in claim.items()}
    return [without_nul(value) for value in claim] if isinstance(claim, list) else claim


def apply_provider_roles(login: SocialLogin, user: User) -> None:
    if login.account.provider == oidc.PROVIDER:
        oidc.apply_roles(user, oidc.claims_of(login))

"""The allauth adapter: decides, at each sign-in, whether the provider's word is enough."""

from __future__ import annotations

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base.constants import AuthError
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode

from tracker.access import audit, google, oidc
from tracker.access.admission import is_admitted
from tracker.address_lists import clean_address
from tracker.models import AuditEntry


class SignInRefused(ImmediateHttpResponse):
    """Back to the sign-in page, which says why; `problem` is a key of `views.PROBLEMS`."""

    def __init__(self, request: HttpRequest, problem: str, email: str = "") -> None:
        audit.record(request, AuditEntry.Action.REFUSED, detail=problem, actor_name=email)
        super().__init__(redirect(f"{reverse('account_login')}?{urlencode({'problem': problem})}"))


class GoogleOnly(DefaultSocialAccountAdapter):
    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let in a verified, admitted address with this attempt's nonce; `Refused` otherwise."""
        claims = oidc.claims_of(sociallogin)
        email = text_claim(claims, "email", 254)
        if problem := find_problem(sociallogin, email):
            raise SignInRefused(request, problem, email)
        if sociallogin.is_existing:
            adopt_claims(sociallogin.user, claims)
            apply_provider_roles(sociallogin, sociallogin.user)
        request.session["picture"] = safe_picture(claims.get("picture"))

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


def find_problem(login: SocialLogin, email: str) -> str | None:
    """Why `login` must be refused, as a key of `views.PROBLEMS`, or None."""
    if not google.nonce_matches(login):
        return "failed"
    claims = oidc.claims_of(login)
    if not oidc.is_good_subject(claims.get("sub")):
        return "failed"
    if not oidc.is_verified(claims):
        return "unverified"
    if not is_admitted(email):
        return "not-admitted"
    if login.is_existing and not login.user.is_active:
        return "inactive"
    return None


def adopt_claims(user: User, claims: dict) -> None:
    """The provider's present address and name: lists are compared with this address from now on."""
    user.email = clean_address(text_claim(claims, "email", 254)) or ""
    user.first_name = text_claim(claims, "given_name", 150)
    user.last_name = text_claim(claims, "family_name", 150)
    user.save(update_fields=["email", "first_name", "last_name"])


def text_claim(claims: dict, name: str, longest: int) -> str:
    """The claim if it is text, without characters that no database takes; empty otherwise."""
    value = claims.get(name)
    return value.replace("\x00", "")[:longest] if isinstance(value, str) else ""


def without_nul(claim: object) -> object:
    """The same without NUL in any text: PostgreSQL takes it neither in text nor in JSON."""
    if isinstance(claim, str):
        return claim.replace("\x00", "")
    if isinstance(claim, dict):
        return {without_nul(name): without_nul(value) for name, value in claim.items()}
    return [without_nul(value) for value in claim] if isinstance(claim, list) else claim


def apply_provider_roles(login: SocialLogin, user: User) -> None:
    if login.account.provider == oidc.PROVIDER:
        oidc.apply_roles(user, oidc.claims_of(login))


def safe_picture(url: object) -> str:
    return url if isinstance(url, str) and url.startswith("https://") else ""

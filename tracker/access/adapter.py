"""The allauth adapter: decides, at each sign-in, whether Google's word is enough."""

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

from tracker.access import audit, google
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
        claims = sociallogin.account.extra_data
        email = claims.get("email") or ""
        if problem := find_problem(sociallogin, email):
            raise SignInRefused(request, problem, email)
        if sociallogin.is_existing:
            adopt_claims(sociallogin.user, claims)
        request.session["picture"] = safe_picture(claims.get("picture"))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict) -> User:
        user = super().populate_user(request, sociallogin, data)
        user.email = user.email.lower()
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
    if login.account.extra_data.get("email_verified") is not True:
        return "unverified"
    if not is_admitted(email):
        return "not-admitted"
    if login.is_existing and not login.user.is_active:
        return "inactive"
    return None


def adopt_claims(user: User, claims: dict) -> None:
    """Google's present address and name: the address is what the lists are compared with from now on."""
    user.email = clean_address(claims["email"]) or ""
    user.first_name = claims.get("given_name", "")[:150]
    user.last_name = claims.get("family_name", "")[:150]
    user.save(update_fields=["email", "first_name", "last_name"])


def safe_picture(url: object) -> str:
    return url if isinstance(url, str) and url.startswith("https://") else ""

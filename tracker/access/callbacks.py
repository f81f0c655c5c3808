"""The ways to the providers and back: whatever they answer, a page and never a server error."""

import logging
import secrets
from collections.abc import Callable

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.providers.base.constants import AuthProcess
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import Error as DatabaseProblem
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone

from tracker.access import oidc
from tracker.access.adapter import SignInRefused
from tracker.access.google import GoogleAdapter
from tracker.access.guard import public
from tracker.access.unfinished import begin_sign_in

logger = logging.getLogger(__name__)

# What a provider that answers oddly can bring about in the middle of a sign-in.
ODD_ANSWERS = (
    LookupError,
    TypeError,
    ValueError,
    AttributeError,
    OSError,  # no answer in time, or none that ends
    DatabaseProblem,
    ImproperlyConfigured,  # allauth, of a subject that is too long
)


def start_google(request: HttpRequest, next_url: str) -> HttpResponse:
    return _start(request, next_url, "google", GoogleAdapter, {"prompt": "select_account"})


def start_oidc(request: HttpRequest, next_url: str) -> HttpResponse:
    if not settings.AUTH_OIDC_ISSUER:
        return redirect("account_login")
    return _start(request, next_url, oidc.PROVIDER, oidc.OidcAdapter, {})


@public
def google_callback(request: HttpRequest) -> HttpResponse:
    return _come_back(request, OAuth2CallbackView.adapter_view(GoogleAdapter))


@public
def oidc_callback(request: HttpRequest) -> HttpResponse:
    if not settings.AUTH_OIDC_ISSUER:
        return redirect("account_login")
    return _come_back(request, OAuth2CallbackView.adapter_view(oidc.OidcAdapter(request, oidc.PROVIDER)))


def _start(
    request: HttpRequest, next_url: str, key: str, adapter: type, parameters: dict[str, str]
) -> HttpResponse:
    """Send the browser to the provider, with a state, a nonce and a PKCE challenge bound to its session."""
    begin_sign_in(request, timezone.now())
    nonce = secrets.token_urlsafe(24)
    try:
        provider = get_adapter().get_provider(request, key)
        provider.oauth2_adapter_class = adapter
        asking = provider.get_oauth2_adapter(request)
        response: HttpResponse = provider.redirect(
            request,
            AuthProcess.LOGIN,
            next_url=next_url,
            scope=asking.get_scope() if isinstance(asking, oidc.OidcAdapter) else provider.get_scope(),
            nonce=nonce,  # kept with the state, which one answer uses up
            auth_params={"nonce": nonce, **parameters},
        )
        return response
    except ODD_ANSWERS as problem:
        logger.warning("The sign-in service could not be asked: %s", type(problem).__name__)
        return SignInRefused(request, "unreachable").response


def _come_back(request: HttpRequest, view: Callable[[HttpRequest], HttpResponse]) -> HttpResponse:
    try:
        return view(request)
    except ImmediateHttpResponse as refusal:
        return refusal.response
    except ODD_ANSWERS as problem:
        logger.warning("The sign-in service gave an unexpected answer: %s", type(problem).__name__)
        return SignInRefused(request, "failed").response

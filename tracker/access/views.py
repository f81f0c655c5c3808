"""Signing in and out."""

from collections.abc import Callable
from functools import wraps

from allauth.account.utils import perform_login
from django import forms
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import logout
from django.contrib.auth.forms import AuthenticationForm, UsernameField
from django.contrib.auth.views import LoginView, redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST

from tracker.access import callbacks, oidc
from tracker.access.codes import lacks_required_code
from tracker.access.guard import page_of, public

PROBLEMS = {
    "failed": "The sign-in service's answer does not match this sign-in. Please try again.",
    "cancelled": "The sign-in was cancelled.",
    "unverified": "The sign-in service has not verified the e-mail address of that account.",
    "not-admitted": "That account is not on the list of those who may sign in. Ask an administrator.",
    "unreachable": "The sign-in service does not answer. Try again in a few minutes.",
    "inactive": "That account has been disabled here. Ask an administrator.",
}


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """The page with a button for each provider; pressed, the way there."""
    next_url = local_path(request.POST.get("next") or request.GET.get("next") or "")
    if not settings.AUTH_ENABLED:
        return redirect_to_login(next_url, "admin:login")
    if request.user.is_authenticated:
        return redirect(next_url)
    if request.method == "POST":
        asks_oidc = request.POST.get("provider") == oidc.PROVIDER or not settings.AUTH_GOOGLE_ID
        start = callbacks.start_oidc if asks_oidc else callbacks.start_google
        return start(request, next_url)
    problem = PROBLEMS.get(request.GET.get("problem", ""), "")
    return render(
        request, "account/login.html", {"next_url": next_url, "problem": problem, "providers": providers()}
    )


def providers() -> list[tuple[str, str]]:
    """Key and name of each provider that is set up."""
    named = [("google", "Google")] if settings.AUTH_GOOGLE_ID else []
    return named + ([(oidc.PROVIDER, settings.AUTH_OIDC_NAME)] if settings.AUTH_OIDC_ISSUER else [])


@public
@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    logout(request)
    return redirect("account_login" if settings.AUTH_ENABLED else settings.LOGIN_REDIRECT_URL)


@public
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def admin_sign_in(request: HttpRequest) -> HttpResponseBase:
    """The admin's own login form only where there is no other sign-in."""
    if not settings.AUTH_ENABLED:
        if lacks_required_code(request.user):
            return redirect("mfa_activate_totp")
        if request.method != "POST" and admin.site.has_permission(request):
            return redirect("admin:index")
        return LocalLogin.as_view()(request)
    if request.user.is_authenticated:
        raise PermissionDenied("Only administrators can open the admin. Ask one of them.")
    return redirect_to_login(local_path(request.GET.get("next", ""), default="/admin/"), "account_login")


class LocalLoginForm(AdminAuthenticationForm):
    """With a limit on the name that is checked: of wrong ones, which strangers send, each is stored."""

    username = UsernameField(max_length=150, widget=forms.TextInput(attrs={"autofocus": True}))


class LocalLogin(LoginView):
    """An administrator's name and password; allauth then asks for the one-time code, if there is one."""

    authentication_form = LocalLoginForm
    template_name = "account/local_login.html"
    next_page = "admin:index"

    def form_valid(self, form: AuthenticationForm) -> HttpResponse:
        response: HttpResponse = perform_login(
            self.request, form.get_user(), redirect_url=self.get_success_url()
        )
        return response


def local_login_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A page about a local login: there are none where people sign in with a provider."""

    @public
    @never_cache
    @require_http_methods(["GET", "HEAD", "POST"])
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponse:
        return redirect("account_login") if settings.AUTH_ENABLED else view(request)

    return page


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """In place of Django's own page, which is written for developers."""
    context = {
        "heading": "This page has expired",
        "reason": "Nothing was saved: the page was open for too long, or the request came from another site. "
        "Reload it and try again.",
        "page_url": page_of(request),
    }
    return render(request, "403.html", context, status=403)


def local_path(url: str, default: str = settings.LOGIN_REDIRECT_URL) -> str:
    """`url` if it is a path on this site, else `default`."""
    is_path = url.startswith("/") and url_has_allowed_host_and_scheme(url, allowed_hosts=None)
    return url if is_path else default

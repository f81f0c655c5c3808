"""Writes down who did what: sign-ins and refusals, every change, every export."""

import ipaddress

from axes.models import AccessAttempt
from django.conf import settings
from django.contrib.auth.models import User
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import Signal, receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from collector.base.names import login_name
from incidents.lifecycle.moves import Actor
from tracker.access.deeds import changes_of
from tracker.models import AuditEntry

SAFE_METHODS = ("GET", "HEAD")
RECORDING_VIEWS = (
    "slack-actions",
    "pagerduty-hook",
    "opsgenie-hook",
    "account_login",
    "account_logout",
    "admin_sign_in",
    "mfa_authenticate",
    "account_reauthenticate",
    "google_callback",
    "oidc_callback",
    "admin:login",
    "admin:logout",
)
Action = AuditEntry.Action
MOST_REFUSALS, TRIM_EVERY = 10_000, 50


def record(
    request: HttpRequest | None,
    action: Action,
    *,
    actor_name: str = "",
    user: User | None = None,
    target: str = "",
    detail: str = "",
) -> None:
    """Add one entry; without `actor_name` the request's own access names the actor."""
    access = getattr(request, "access", None)
    entry = AuditEntry.objects.create(
        at=timezone.now(),
        action=action,
        actor=user or getattr(access, "user", None),
        actor_name=(actor_name or getattr(access, "name", "visitor"))[:254],
        address=client_address(request) if request else None,
        target=target[:300],
        detail=detail[:500],
    )
    if action == Action.REFUSED and entry.pk % TRIM_EVERY == 0:
        trim_refusals()


def record_deed(request: HttpRequest, actor: Actor, path: str, detail: str) -> None:
    """What somebody did from elsewhere, by the address of the form that does the same here."""
    record(
        request, Action.CHANGE, actor_name=actor.name, user=actor.user, target=f"POST {path}", detail=detail
    )


def trim_refusals() -> None:
    """Keep the newest refusals and lock-outs only: strangers cause them, and must not fill the disk."""
    for rows in (AuditEntry.objects.filter(action=Action.REFUSED), AccessAttempt.objects.all()):
        beyond = rows.order_by("-pk").values_list("pk", flat=True)[MOST_REFUSALS : MOST_REFUSALS + 1]
        for pk in list(beyond):
            rows.filter(pk__lte=pk).delete()


def client_address(request: HttpRequest) -> str | None:
    """The caller's address; behind a trusted proxy the one that the proxy itself added, the last."""
    text = request.META.get("REMOTE_ADDR", "")
    if settings.AUTH_TRUST_HOST:
        text = request.headers.get("X-Forwarded-For", text).rpartition(",")[2].strip()
        # Some proxies add the port: 192.0.2.1:52100, [2001:db8::1]:52100.
        text = text[1:].partition("]")[0] if text.startswith("[") else text
        text = text.partition(":")[0] if text.count(":") == 1 else text
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def client_network(request: HttpRequest) -> str:
    """Whom limits count as one caller: of IPv6 the network of 64 bits, whose addresses are all one line's."""
    address = ipaddress.ip_address(client_address(request) or "::")
    if not isinstance(address, ipaddress.IPv6Address):
        return str(address)
    network = ipaddress.ip_network((address, 64), strict=False)
    return str(address.ipv4_mapped or network.network_address)


class AuditMiddleware(MiddlewareMixin):
    """One entry for every write that succeeded and every file handed out, whichever view did it.

    A view may put what it did into `request.audit_detail`, else histories and the admin's log say it; one
    that redirects though nothing came of it sets `request.changed_nothing`.
    """

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        if action := deed(request, response):
            target = f"{request.method} {request.path}"
            detail = getattr(request, "audit_detail", "") or changes_of(request)
            record(request, action, target=target, detail=detail)
        return response


def deed(request: HttpRequest, response: HttpResponse) -> Action | None:
    """What `response` shows to have been done, None for a plain look or a failure."""
    if response.status_code >= 400 or getattr(request, "changed_nothing", False):
        return None
    if "attachment" in response.get("Content-Disposition", ""):
        return Action.EXPORT
    if request.method in SAFE_METHODS or shows_form_again(request, response):
        return None
    if records_itself(request) and not changes_of(request):
        return None
    return Action.CHANGE


def records_itself(request: HttpRequest) -> bool:
    match = request.resolver_match
    return match is not None and match.view_name in RECORDING_VIEWS


def shows_form_again(request: HttpRequest, response: HttpResponse) -> bool:
    """A form with errors, or a preview: what was done ends in a redirect, except over htmx and the API."""
    is_page = response.get("Content-Type", "").startswith("text/html") and "HX-Request" not in request.headers
    return is_page and response.status_code == 200


@receiver([user_logged_in, user_logged_out])
def note_session(
    sender: object, request: HttpRequest, user: User | None, signal: Signal, **_: object
) -> None:
    """A session that began or ended; nothing where nobody was signed in."""
    if user:
        action = Action.SIGN_IN if signal is user_logged_in else Action.SIGN_OUT
        record(request, action, actor_name=login_name(user), user=user)


@receiver(user_login_failed)
def refused(sender: object, credentials: dict, request: HttpRequest | None = None, **_: object) -> None:
    detail = str(credentials.get("problem", "local login"))
    record(request, Action.REFUSED, actor_name=str(credentials.get("username", "")), detail=detail)

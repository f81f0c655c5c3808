"""States at each view who may use it, and keeps everybody else out. Without a mark, a view is for admins."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import TypeVar, cast
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.models import User
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, StreamingHttpResponse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme

from collector.base import changes
from collector.base.days import utc_day
from collector.base.names import login_name, shown_as
from collector.base.statements import prepared
from collector.collecting import watermarks
from collector.models import Source
from tracker.access import audit, tokens
from tracker.access.admission import is_admitted
from tracker.access.privacy import member_of_login, names_for, within
from tracker.access.request import Access, AccessRequest
from tracker.access.roles import Role, group_roles, role_of, role_of_visitor
from tracker.models import AccessSettings, ApiToken, AuditEntry

View = TypeVar("View", bound=Callable)
# These ask for themselves: the admin site for a staff login, the API at each operation.
OWN_RULES = ("admin", "ninja")
# Tokens are for scripts: on pages they count for nothing.
API_PREFIX = "/api/"
NO_LOGIN = -1  # the id of nobody


def _needs(role: Role) -> Callable[[View], View]:
    def mark(view: View) -> View:
        vars(view)["needs_role"] = role
        return view

    return mark


public = _needs(Role.NOBODY)
viewer = _needs(Role.VIEWER)
responder = _needs(Role.RESPONDER)
admin_only = _needs(Role.ADMIN)


class AccessMiddleware:
    """Sets `request.access`, applies the views' marks, and has people named as the reader may see them until
    the answer is sent, streams included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: AccessRequest) -> HttpResponse:
        request.access = find_access(request)
        with shown_as(names_for(request.access, utc_day(timezone.now()))):
            response = self.get_response(request)
            if isinstance(response, StreamingHttpResponse):
                response.streaming_content = within(cast(Iterable[bytes], response.streaming_content))
        # Nothing here may stay in a proxy, nor in the browser of someone who has signed out.
        response.setdefault("Cache-Control", "private, no-store")
        return response

    def process_view(
        self, request: AccessRequest, view: Callable, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        match = request.resolver_match
        if match and match.app_names[:1] and match.app_names[0] in OWN_RULES:
            return None
        needed = getattr(view, "needs_role", Role.ADMIN)
        if not request.access.may(needed):
            return turn_away(request)
        if needed is Role.VIEWER and request.method not in audit.SAFE_METHODS:
            return HttpResponseNotAllowed(audit.SAFE_METHODS)  # to see is not to change
        return None


def find_access(request: HttpRequest) -> Access:
    """The access of this request's token, or else of its session."""
    policy = load_policy(request)
    if "Authorization" in request.headers and request.path.startswith(API_PREFIX):
        return token_access(request.headers["Authorization"], policy, timezone.now())
    return session_access(request, policy)


def load_policy(request: HttpRequest) -> AccessSettings:
    """The policy. What every page would ask next is read along and kept on the request. One query."""
    user_pk = int(request.session.get(SESSION_KEY) or NO_LOGIN)
    row: AccessSettings | None = next(iter(_policies(user_pk)), None)
    if row is None:
        return AccessSettings.get_solo()
    read = vars(row)
    if user_pk == NO_LOGIN:  # whose these are is to be asked
        del read["group_role"], read["member_id"]
    vars(request)["events_until"] = read["events_until"]
    if request.method in audit.SAFE_METHODS:  # what writes may write before it asks for the mark
        vars(request)["stored_mark"] = read["mark"] or ""
    return row


@prepared
def _policies(user_pk: int) -> QuerySet[AccessSettings]:
    """The one row, or none."""
    return AccessSettings.objects.annotate(
        mark=Subquery(changes.stored_marks()),
        events_until=Subquery(watermarks.known_ends(Source.EVENTS)),
        group_role=Coalesce(Subquery(group_roles(user_pk)[:1]), 0),
        member_id=member_of_login(user_pk),
    )


def token_access(header: str, policy: AccessSettings, now: datetime) -> Access:
    """What the token in an Authorization header may do: nothing if it is unknown, revoked or expired."""
    scheme, _, secret = header.partition(" ")
    token = tokens.token_for(secret.strip(), now) if scheme.lower() == "bearer" else None
    if token is None:
        return Access(Role.NOBODY, "unknown token", is_bad_token=True)
    role = min(Role.named(token.scope), role_of_maker(token, policy))
    return Access(role, f"token {token.name}", token=token, policy=policy)


def role_of_maker(token: ApiToken, policy: AccessSettings) -> Role:
    """The role of the token's maker now, which limits the token. One query, and one for their groups."""
    maker = token.created_by
    if maker is None:  # made by code; deleting a login revokes its tokens
        return Role.ADMIN
    if not maker.is_active or (settings.AUTH_ENABLED and not is_admitted(maker.email)):
        return Role.NOBODY
    return role_of(maker, policy)


def session_access(request: HttpRequest, policy: AccessSettings) -> Access:
    """What the session may do; one whose address is no longer admitted ends here."""
    user = request.user
    if isinstance(user, User) and settings.AUTH_ENABLED and not is_admitted(user.email):
        audit.record(
            request, AuditEntry.Action.REFUSED, actor_name=user.email, user=user, detail="no longer admitted"
        )
        logout(request)
        user = request.user
    if not isinstance(user, User):
        return Access(role_of_visitor(policy), policy=policy)
    role = role_of(user, policy, vars(policy).get("group_role"))
    if settings.AUTH_ENABLED or role is Role.ADMIN:
        follow_role(user, role)
    return Access(role, login_name(user), user, policy=policy)


def follow_role(user: User, role: Role) -> None:
    """Admins are staff with every permission, nobody else is: off the list means out of the admin."""
    is_admin = role is Role.ADMIN
    if user.is_staff != is_admin or user.is_superuser != is_admin:
        user.is_staff = user.is_superuser = is_admin
        user.save(update_fields=["is_staff", "is_superuser"])


def turn_away(request: HttpRequest) -> HttpResponse:
    """Visitors to the sign-in page, everybody else to a page that says they may not."""
    if request.user.is_authenticated:
        raise PermissionDenied("Your role does not allow this. Ask an administrator.")
    if request.method not in audit.SAFE_METHODS:
        messages.warning(request, "You are signed out, so nothing was saved. Sign in and try again.")
    return redirect_to_login(page_of(request), settings.LOGIN_URL)


def page_of(request: HttpRequest) -> str:
    """The address of the page that is asked for, or that the form stands on which was sent."""
    if request.method in audit.SAFE_METHODS:
        return request.get_full_path()
    return referring_path(request) or "/"


def referring_path(request: HttpRequest) -> str:
    """Path and query of the page that led here, if it is one of this site's; else empty."""
    try:
        sender = urlsplit(request.headers.get("Referer", ""))
    except ValueError:  # http://[
        return ""
    path = sender._replace(scheme="", netloc="", fragment="").geturl()
    # A path of two slashes would be another host.
    is_ours = sender.netloc == request.get_host() and url_has_allowed_host_and_scheme(path, None)
    return path if is_ours else ""

"""Who may call an operation: a token with the scope, or a session with the role."""

from typing import cast

from django.http import HttpRequest
from ninja.security.base import AuthBase
from ninja.utils import check_csrf

from tracker.access.audit import SAFE_METHODS
from tracker.access.request import Access, AccessRequest
from tracker.access.roles import Role
from tracker.api.errors import ApiError


class Token(AuthBase):
    """Ninja's `auth=` for operations that need `role`."""

    openapi_type = "http"
    openapi_scheme = "bearer"
    csrf = True  # the API's own page then sends the token along

    def __init__(self, role: Role) -> None:
        super().__init__()
        self.role = role

    def __call__(self, request: HttpRequest) -> Access:
        access = cast(AccessRequest, request).access
        if access.is_bad_token:
            raise ApiError(401, "The token is unknown, revoked or expired. Make one in the admin.")
        if access.token is None and request.method not in SAFE_METHODS:
            refuse_forgery(request)
        if access.may(self.role):
            return access
        if access.user or access.token:
            raise ApiError(403, f"This needs the role or token scope “{self.role.name.lower()}”.")
        raise ApiError(401)


def refuse_forgery(request: HttpRequest) -> None:
    """What a browser sends by itself must prove that this site's own pages sent it; a token proves enough."""
    if request.content_type != "application/json" and request.body:
        raise ApiError(415)
    is_browser = bool(request.COOKIES) or "Origin" in request.headers
    if is_browser and check_csrf(request):
        raise ApiError(403, "The X-CSRFToken header is missing or wrong. Scripts send a token instead.")


sees = Token(Role.VIEWER)
acts = Token(Role.RESPONDER)
administers = Token(Role.ADMIN)

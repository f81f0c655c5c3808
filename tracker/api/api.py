"""The JSON API: one object that the routers hang on, described at `/api/openapi.json`."""

from collections.abc import Callable
from functools import wraps

from django.conf import settings
from django.http import HttpResponse
from django.views.decorators.http import require_safe
from ninja import NinjaAPI

from tracker.access.guard import turn_away
from tracker.access.request import AccessRequest
from tracker.access.roles import Role
from tracker.api import analytics, budgets, cron, errors, group_import, groups, incidents, stats, users
from tracker.api import settings as settings_routes
from tracker.api.auth import sees

DESCRIPTION = """Money is in US cents, times are ISO 8601 in UTC, days are `YYYY-MM-DD`.

Scripts send a token made in the admin: `Authorization: Bearer …`. Pages use their session; what they change
carries the CSRF token in `X-CSRFToken` and a body of `application/json`."""


def for_viewers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The description and its page are for those who may use the API."""

    @require_safe
    @wraps(view)
    def guarded(request: AccessRequest, *args: object, **kwargs: object) -> HttpResponse:
        allowed = request.access.may(Role.VIEWER)
        return view(request, *args, **kwargs) if allowed else turn_away(request)

    return guarded


api = NinjaAPI(
    title="Cursor Cost Monitor",
    version=settings.VERSION,
    description=DESCRIPTION,
    urls_namespace="api",
    docs_url="/docs",
    docs_decorator=for_viewers,
    auth=sees,
)
errors.install(api)
for routes in (cron, stats, analytics, users, groups, budgets, group_import, incidents, settings_routes):
    api.add_router("", routes.router)

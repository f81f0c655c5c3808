"""What every page shows about access: who is signed in, and what is open or hidden."""

from django.conf import settings
from django.http import HttpRequest

from tracker.access.exposure import comes_from_outside
from tracker.access.roles import Role
from tracker.models import AccessSettings


def access(request: HttpRequest) -> dict:
    """`access` and the flags that base.html shows as banners."""
    given = getattr(request, "access", None)
    if given is None:  # an error page of a request that no middleware saw
        return {}
    return {
        "access": given,
        "may_respond": given.may(Role.RESPONDER),
        "is_admin": given.may(Role.ADMIN),
        "picture_url": request.session.get("picture", "") if given.user else "",
        "is_open": not settings.AUTH_ENABLED,
        "is_exposed": not settings.AUTH_ENABLED and comes_from_outside(request),
        "hides_names": given.sees == AccessSettings.Privacy.PSEUDONYMS,
        "hides_others": given.sees == AccessSettings.Privacy.OWN,
    }

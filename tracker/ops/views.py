from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from tracker.access.guard import public
from tracker.ops.metrics import exposition


@public
@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus's figures: with METRICS_TOKEN for its bearer only, without it while sign-in is off."""
    if not may_read(request.headers.get("Authorization", "")):
        text = (
            "Send METRICS_TOKEN as a bearer token.\n"
            if settings.METRICS_TOKEN
            else "Set METRICS_TOKEN first.\n"
        )
        return HttpResponse(
            text, status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"}
        )
    return HttpResponse(exposition(timezone.now()), content_type=CONTENT_TYPE_LATEST)


def may_read(authorization: str) -> bool:
    if not settings.METRICS_TOKEN:
        return not settings.AUTH_ENABLED
    return constant_time_compare(authorization, f"Bearer {settings.METRICS_TOKEN}")

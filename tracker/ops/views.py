from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST

from tracker.access.guard import public
from tracker.access.request import AccessRequest
from tracker.models import AccessSettings
from tracker.ops.metrics import exposition


@public
@require_safe
def metrics(request: AccessRequest) -> HttpResponse:
    """Prometheus's figures: with METRICS_TOKEN for its bearer only, without it while all is open to all."""
    if not may_read(request):
        text = (
            "Send METRICS_TOKEN as a bearer token.\n"
            if settings.METRICS_TOKEN
            else "Set METRICS_TOKEN first.\n"
        )
        return HttpResponse(
            text, status=401, content_type="text/plain", headers={"WWW-Authenticate": "Bearer"}
        )
    return HttpResponse(exposition(timezone.now()), content_type=CONTENT_TYPE_LATEST)


def may_read(request: AccessRequest) -> bool:
    if settings.METRICS_TOKEN:
        sent = request.headers.get("Authorization", "")
        return constant_time_compare(sent, f"Bearer {settings.METRICS_TOKEN}")
    # Spend by group names small ones too, which are hidden where names are.
    return not settings.AUTH_ENABLED and request.access.sees == AccessSettings.Privacy.NAMES

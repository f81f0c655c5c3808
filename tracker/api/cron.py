"""`/api/cron`: runs the pipeline for callers that know the cron secret."""

from typing import cast

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone
from django.utils.crypto import constant_time_compare
from ninja import Router
from ninja.security.base import AuthBase

from collector.base.leases import AlreadyRunning
from tracker.access.limits import Limit
from tracker.access.request import Access, AccessRequest
from tracker.access.roles import Role
from tracker.api.errors import ApiError, documented

router = Router(tags=["cron"])
HEADER = "x-cron-secret"
# The right secret is never counted: a guesser behind the same address must not keep the job from running.
WRONG_SECRETS = Limit("cron", calls=10, seconds=60)
HOW_TO = (
    "No CRON_SECRET is set, so runs cannot be started here. Set one (openssl rand -base64 32), restart, "
    "and send it in the x-cron-secret header; or run `manage.py run_pipeline` from cron instead."
)


class CronSecret(AuthBase):
    openapi_type = "apiKey"
    openapi_in = "header"
    openapi_name = HEADER

    def __call__(self, request: HttpRequest) -> Access:
        if not settings.CRON_SECRET:
            raise ApiError(403, HOW_TO)
        if "secret" in request.GET:
            raise ApiError(400, "Secrets in an address end up in logs. Send it in the x-cron-secret header.")
        sent = request.headers.get(HEADER, "")
        if not constant_time_compare(sent, settings.CRON_SECRET):
            if not WRONG_SECRETS.allows(request):
                raise ApiError(429)
            raise ApiError(
                401, "Send the CRON_SECRET in the x-cron-secret header; it is not read anywhere else."
            )
        access = Access(Role.NOBODY, "cron secret")
        cast(AccessRequest, request).access = access
        return access


@router.post("/cron", auth=CronSecret(), response={200: dict[str, object], **documented(409, 429)})
def run_now(request: AccessRequest) -> dict[str, object]:
    """Collect, detect and notify now, as the hourly schedule does. Answers what each step did.

    409 while another run is at it. The secret travels in the header only.
    """
    from tracker import pipeline  # pandas is behind it: only a web process that is asked for this loads it

    try:
        return pipeline.run(timezone.now()).as_json()
    except AlreadyRunning as running:
        raise ApiError(409, str(running)) from running

"""How often one caller may do something, and how much may be sent at once."""

from contextlib import suppress
from dataclasses import dataclass

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.deprecation import MiddlewareMixin

from collector.base.plausibility import is_number
from tracker.access.audit import client_address

CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds` from one address, counted over all processes."""

    name: str
    calls: int
    seconds: int

    def allows(self, request: HttpRequest) -> bool:
        """Count this call; False if it is one too many."""
        key = f"limit:{self.name}:{client_address(request)}"
        # Adding is one step in every cache, counting is not in all.
        return any(cache.add(f"{key}:{call}", 1, timeout=self.seconds) for call in range(self.calls))


class LimitsMiddleware(MiddlewareMixin):
    """Refuses a body that is too large before any of it is read (Django limits only what is not a file), an
    address with a NUL in it, which PostgreSQL would stumble over, and methods that Django takes for a GET."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        if request.method in ("OPTIONS", "TRACE"):
            return HttpResponseNotAllowed(("GET", "HEAD", "POST"))
        if has_too_large_body(request):
            return HttpResponse("The body is too large.", status=413, content_type="text/plain")
        if "\x00" in request.path_info:
            return HttpResponse(
                "An address cannot contain a NUL character.", status=400, content_type="text/plain"
            )
        return None

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Read what a refusal left of the body: where a connection is closed on unread data, a proxy sees it
        break, and answers 502 in place of the refusal."""
        if response.status_code >= 400 and not has_too_large_body(request):
            with suppress(OSError):  # whoever sent it has gone
                while request.read(CHUNK_BYTES):
                    pass
        return response


def has_too_large_body(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not is_number(length) or int(length) > settings.MAX_BODY_BYTES

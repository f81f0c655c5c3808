"""How often one caller may do something, and how much may be sent at once."""

import socket
from contextlib import suppress
from dataclasses import dataclass
from threading import Timer

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.deprecation import MiddlewareMixin

from collector.base.plausibility import is_number
from tracker.access.audit import client_address

CHUNK_BYTES = 65_536
REST_SECONDS = 5  # a proxy sends what it holds at once


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
        if (
            response.status_code >= 400
            and request.META.get("CONTENT_LENGTH")
            and not has_too_large_body(request)
        ):
            read_rest(request)
        return response


def read_rest(request: HttpRequest) -> None:
    """Read the body to its end, or to what has come of it when the time is over: whoever sends it byte by
    byte would keep a thread from everybody else's requests."""
    timer = Timer(REST_SECONDS, stop_reading, [request.META.get("gunicorn.socket")])
    timer.daemon = True
    timer.start()
    try:
        with suppress(OSError):  # whoever sent it has gone
            while request.read(CHUNK_BYTES):
                pass
    finally:
        timer.cancel()


def stop_reading(connection: socket.socket | None) -> None:
    """What is read of it ends here; an answer can still be sent."""
    if connection:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)


def has_too_large_body(request: HttpRequest) -> bool:
    length = request.META.get("CONTENT_LENGTH") or "0"
    return not is_number(length) or int(length) > settings.MAX_BODY_BYTES

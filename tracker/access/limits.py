"""How often one caller may do something, how much may be sent at once, and by which methods."""

import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from threading import Timer

from django.conf import settings
from django.core.cache import cache
from django.core.exceptions import BadRequest
from django.core.handlers.wsgi import LimitedStream
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.utils.deprecation import MiddlewareMixin

from collector.base.plausibility import is_number
from tracker.access.audit import SAFE_METHODS, client_network
from tracker.access.roles import Role

FORM_METHODS = (*SAFE_METHODS, "POST")
CHUNK_BYTES = 65_536
# A body has this long to arrive, and more where it is large: by so many bytes a second.
BODY_SECONDS, SLOWEST = 20, 100_000
REST_SECONDS = 5  # a proxy sends what it holds at once


class WholeBody(LimitedStream):
    """A body that ends early is refused: half a form, or half a file, looks like a whole one."""

    def __init__(self, stream: BytesIO, length: int, timer: Timer) -> None:
        super().__init__(stream, length)
        self.left, self.timer = length, timer

    def read(self, size: int | None = -1, /) -> bytes:
        asked = self.left if size is None or size < 0 else min(size, self.left)
        data = super().read(asked)
        self.left -= len(data)
        if len(data) < asked:
            raise BadRequest("The request ended before all of it had arrived. Send it again.")
        if not self.left:
            self.timer.cancel()  # what the page does with it may take longer
        return data


@dataclass(frozen=True)
class Limit:
    """At most `calls` in `seconds` from one address, counted over all processes."""

    name: str
    calls: int
    seconds: int

    def allows(self, request: HttpRequest) -> bool:
        """Count this call; False if it is one too many."""
        key = f"limit:{self.name}:{client_network(request)}"
        # Adding is one step in every cache, counting is not in all.
        return any(cache.add(f"{key}:{call}", 1, timeout=self.seconds) for call in range(self.calls))


class LimitsMiddleware(MiddlewareMixin):
    """Refuses a body that is too large before any of it is read (Django limits only what is not a file), an
    address with a NUL in it, which PostgreSQL would stumble over, and methods that Django takes for a GET."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length != "0":
            if not is_number(length) or int(length) > settings.MAX_BODY_BYTES:
                return HttpResponse("The body is too large.", status=413, content_type="text/plain")
            timer = stop_later(request, BODY_SECONDS + int(length) / SLOWEST)
            vars(request)["_stream"] = WholeBody(request.META["wsgi.input"], int(length), timer)
            vars(request)["body_timer"] = timer
        if "\x00" in request.path_info:
            refusal = "An address cannot contain a NUL character."
            return HttpResponse(refusal, status=400, content_type="text/plain")
        return None

    def process_view(
        self, request: HttpRequest, view: Callable, args: tuple, kwargs: dict
    ) -> HttpResponse | None:
        match = request.resolver_match
        if request.method in FORM_METHODS or (match and "ninja" in match.app_names):
            return None  # a page that takes fewer refuses the others, as each operation of the API does
        is_read_only = getattr(view, "needs_role", None) is Role.VIEWER
        return HttpResponseNotAllowed(SAFE_METHODS if is_read_only else FORM_METHODS)

    def process_response(self, request: HttpRequest, response: HttpResponse) -> HttpResponse:
        """Read what a refusal left of the body: where a connection is closed on unread data, a proxy sees it
        break, and answers 502 in place of the refusal."""
        if timer := vars(request).get("body_timer"):
            timer.cancel()
            if response.status_code >= 400:
                read_rest(request)
        return response


def read_rest(request: HttpRequest) -> None:
    """Read the body to its end, or to what has come of it when the time is over: whoever sends it byte by
    byte would keep a thread from everybody else's requests."""
    timer = stop_later(request, REST_SECONDS)
    try:
        with suppress(OSError, BadRequest):  # whoever sent it has gone
            while request.read(CHUNK_BYTES):
                pass
    finally:
        timer.cancel()


def stop_later(request: HttpRequest, seconds: float) -> Timer:
    timer = Timer(seconds, stop_reading, [request.META.get("gunicorn.socket")])
    timer.daemon = True
    timer.start()
    return timer


def stop_reading(connection: socket.socket | None) -> None:
    """What is read of it ends here; an answer can still be sent."""
    if connection:
        with suppress(OSError):
            connection.shutdown(socket.SHUT_RD)

"""How long pages take, for `/metrics`."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from prometheus_client import Histogram

# Around what a page may take: 0.4 s in the middle.
BUCKETS = (0.025, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 10.0)
PAGE_SECONDS = Histogram(
    "cursor_costs_page_seconds",
    "Time to answer a request, by view and status.",
    ["view", "status"],
    buckets=BUCKETS,
)


class TimingMiddleware:
    """Times every request that a view answered; others have no name to count under."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        if request.resolver_match:
            view = request.resolver_match.view_name or "unnamed"
            PAGE_SECONDS.labels(view, str(response.status_code)).observe(time.perf_counter() - began)
        return response

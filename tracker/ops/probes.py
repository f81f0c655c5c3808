"""`/healthz`: answered before sessions, sign-in and host names are checked.

A load balancer asks by address, over plain HTTP, and most of all when the database is away.
"""

from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, JsonResponse
from django.utils import timezone
from django.utils.deprecation import MiddlewareMixin

from tracker.ops.health import check_health, readiness_problem

UNAVAILABLE = 503


def live(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers: restart it when it does not."""
    return JsonResponse({"status": "live"})


def ready(request: HttpRequest) -> HttpResponse:
    """200 when pages can be served, else 503: send no requests here."""
    problem = readiness_problem()
    return JsonResponse(
        {"status": "down" if problem else "ready", "problem": problem},
        status=UNAVAILABLE if problem else 200,
    )


def healthz(request: HttpRequest) -> HttpResponse:
    """Everything, for people; 503 only when pages cannot be served, since old data is better than none."""
    health = check_health(timezone.now())
    return probe_response(health.as_json(), is_good=not health.problem)


def fresh(request: HttpRequest) -> HttpResponse:
    """503 when a source is stale, to alert whoever is on call. If Cursor itself is behind: 200, `lagging`."""
    health = check_health(timezone.now())
    return probe_response(health.as_json(), is_good=health.status in ("ok", "lagging"))


def probe_response(body: dict, *, is_good: bool) -> HttpResponse:
    return JsonResponse(body, status=200 if is_good else UNAVAILABLE, json_dumps_params={"indent": 2})


PROBES = {"/healthz": healthz, "/healthz/live": live, "/healthz/ready": ready, "/healthz/fresh": fresh}


class ProbeMiddleware(MiddlewareMixin):
    """Answers the probes before any middleware that may refuse a request or needs the database."""

    def process_request(self, request: HttpRequest) -> HttpResponse | None:
        """Answer a probe's address, uncached and only for GET and HEAD; pass on every other request."""
        handler = PROBES.get(request.path_info.rstrip("/"))
        if handler is None:
            return None
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = handler(request)
        response["Cache-Control"] = "no-store"
        return response

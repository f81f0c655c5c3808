"""The made-up API without a socket: a call goes in, an answer comes out."""

import base64
import binascii
import hashlib
import json
import threading
from collections import Counter
from dataclasses import replace

from . import routes
from .answers.ranges import is_cacheable
from .clock import Clock
from .company import Company
from .faults import Mishaps
from .http import HttpError, Request, SandboxResponse
from .replay import Recording
from .routes import Route
from .serving.limits import Limits
from .state.agent_runs import AgentRuns
from .state.behaviour import Behaviour
from .state.spend_limits import SpendLimits
from .state.view import View

MAX_AGE = {"Cache-Control": "public, max-age=900"}
NO_ANALYTICS = {
    401: ("Unauthorized", "This endpoint requires an enterprise membership"),
    403: ("Forbidden", "Enterprise access required"),
    404: ("Not Found", "Not found"),
}


class Api:
    """Answers calls for one company, or out of a recording.

    `personal_key` is of the wrong kind: only /v1/me accepts it.
    """

    def __init__(
        self, company: Company, recording: Recording | None, *, key: str, clock: Clock, behaviour: Behaviour
    ) -> None:
        self.recording = recording
        self.company, self.key, self.clock, self.behaviour = company, key, clock, behaviour
        self.limits, self.faults = Limits(), Mishaps(company.seed)
        self.spend_limits = SpendLimits()
        self.runs = AgentRuns()
        self.personal_key = f"{key}_personal"
        self.requests: Counter[str] = Counter()  # answered calls by path
        self._lock = threading.Lock()

    def view(self) -> View:
        """Return what the API knows now."""
        return View(self.company, replace(self.behaviour), self.clock.now(), self.spend_limits, self.runs)

    def answer(self, request: Request, authorization: str | None) -> SandboxResponse:
        """Return the answer of one call; errors are answers too."""
        try:
            return self._answer(request, authorization)
        except HttpError as error:
            return SandboxResponse(error.body, error.status)

    def _answer(self, request: Request, authorization: str | None) -> SandboxResponse:
        if self.recording:
            self._check_key(authorization, allows_personal=False)
            return self.recording.answer(request.method, request.path, request.parameters)
        with self._lock:
            self.requests[request.path] += 1
        match = routes.match_route(request.method, request.path)
        if match is None:
            raise HttpError(404, "Not Found", f"No such endpoint: {request.method} {request.path}")
        route, parts = match
        self._check_key(authorization, allows_personal=route.limit_class == "me")
        if not self.limits.admits(route.limit_class, enforced=self.behaviour.enforces_limits):
            raise HttpError(429, "Too Many Requests", "Rate limit exceeded. Please try again later.")
        request = replace(request, parts=parts)
        answer = self._analytics_response(route, request) if route.is_analytics else route.respond(request)
        return self.faults.apply_to(answer, request, route.respond)

    def _analytics_response(self, route: Route, request: Request) -> SandboxResponse:
        """With an ETag; a 304 does not count against the rate limit."""
        status = self.behaviour.analytics_status
        if status in NO_ANALYTICS:
            raise HttpError(status, *NO_ANALYTICS[status])
        answer = with_etag(route.respond(request), request)
        if answer.status == 304:
            self.limits.give_back(route.limit_class)
        return answer

    def _check_key(self, authorization: str | None, *, allows_personal: bool) -> None:
        """Basic, the key as user name, no password."""
        key = basic_user(authorization)
        if key != self.key and not (allows_personal and key == self.personal_key):
            raise HttpError(401, "Unauthorized", "Invalid API key")


def with_etag(answer: SandboxResponse, request: Request) -> SandboxResponse:
    """Return the answer with its ETag, or 304 without a body if the client has it already."""
    if not is_cacheable(request):
        return answer
    digest = hashlib.sha256(json.dumps(answer.body).encode()).hexdigest()[:32]
    headers = {"ETag": f'"{digest}"', **MAX_AGE}
    if headers["ETag"] in (request.if_none_match or "").split(", "):
        return SandboxResponse(None, 304, headers)
    return replace(answer, headers=headers)


def basic_user(authorization: str | None) -> str | None:
    """Return the user name of a Basic header with an empty password, None if it is something else."""
    scheme, _, credentials = (authorization or "").partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        user, _, password = base64.b64decode(credentials, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return user if not password else None

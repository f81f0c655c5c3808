"""Answers to addresses that make no sense, to changes that somebody else made at the same moment, and while
the database is away: a sentence that says why."""

import logging
import sys

from django.db import Error, InterfaceError, OperationalError, connection
from django.db.models import ProtectedError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.deprecation import MiddlewareMixin
from django.views import defaults

from tracker.access.guard import page_of

logger = logging.getLogger(__name__)

AT_ONCE = "Somebody else changed this at the same moment, so nothing was saved. Look at it again first."
# A key that is taken, a row that is gone, a deadlock: as PostgreSQL and as SQLite call them.
CONFLICTS = {"23505", "23503", "40P01", "SQLITE_CONSTRAINT_UNIQUE", "SQLITE_CONSTRAINT_FOREIGNKEY"}


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return render(request, "400.html", {"reason": str(exception)}, status=400)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The view's own sentence where it gave one; Django's is about address patterns."""
    reason = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return render(request, "404.html", {"reason": reason}, status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """503 while the database is away, else 500; neither page asks the database."""
    is_about_connection = isinstance(sys.exception(), OperationalError | InterfaceError)
    if not is_about_connection or connection.is_usable():  # SQLite's always is
        return defaults.server_error(request)
    return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "30"})


class ConflictsMiddleware(MiddlewareMixin):
    """Answers 409 where two people changed the same at once, and only the database could tell."""

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        if not is_conflict(exception):
            return None
        logger.warning("a change met another one of the same", exc_info=exception)
        context = {"heading": "Not saved", "reason": AT_ONCE, "page_url": page_of(request)}
        return render(request, "403.html", context, status=409)


def is_conflict(exception: Exception) -> bool:
    """Whether the database refused what could have been done a moment before."""
    if isinstance(exception, ProtectedError):  # Django has looked itself
        return True
    cause = exception.__cause__
    code = getattr(cause, "sqlstate", "") or getattr(cause, "sqlite_errorname", "")
    return isinstance(exception, Error) and code in CONFLICTS

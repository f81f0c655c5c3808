"""A page as HTML, or with `csv=` in the address one of its charts or tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.http import HttpResponse
from django.shortcuts import render

from tracker.access.request import AccessRequest
from tracker.filters import Choices, Filters
from tracker.views.exports import Export, csv_response
from tracker.widgets.metric_help import MEANINGS


class PageAnswer(Protocol):
    """What `tracker.pages` makes of a report."""

    @property
    def report(self) -> Any: ...

    @property
    def exports(self) -> Mapping[str, Export]: ...


def page_response(
    request: AccessRequest, name: str, page: PageAnswer, asked: Filters, choices: Choices, **more: object
) -> HttpResponse:
    """`name` is the template's, and begins the names of its CSV files."""
    if "csv" in request.GET:
        return csv_response(page.exports, request.GET["csv"], name)
    context = {
        "page": page,
        "report": page.report,
        "filters": asked,
        "choices": choices,
        "meanings": MEANINGS,
        "now": asked.now,
    }
    return render(request, f"tracker/{name}.html", context | more)

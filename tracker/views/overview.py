from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.pages import overview as layout
from tracker.reports.overview import Overview
from tracker.views.answers import answer


@viewer
def overview(request: HttpRequest) -> HttpResponse:
    asked = filters.of(request)
    page = layout.page(Overview(asked), request.GET)
    return answer(request, "overview", page, asked, filters.choices(asked, request.path))

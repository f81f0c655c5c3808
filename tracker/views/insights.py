from __future__ import annotations

from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.pages import insights as layout
from tracker.reports.insights import Insights
from tracker.views.answers import page_response


@viewer
def insights(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    page = layout.page(Insights(asked), request.GET)
    return page_response(request, "insights", page, asked, filters.choices(asked, request.path))

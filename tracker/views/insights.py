from __future__ import annotations

from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.pages import insights as layout
from tracker.reports.insights import Insights
from tracker.views.answers import answer


@viewer
def insights(request: AccessRequest) -> HttpResponse:
    asked = filters.of(request)
    page = layout.page(Insights(asked), request.GET)
    return answer(request, "insights", page, asked, filters.choices(asked, request.path))

from __future__ import annotations

from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.pages import teams as layout
from tracker.reports.teams import teams_report
from tracker.views.answers import page_response


@viewer
def teams(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    page = layout.page(teams_report(asked), request.GET)
    return page_response(request, "teams", page, asked, filters.period_choices(asked, request.path))

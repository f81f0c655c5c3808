from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.filter_bar import build_period_choices
from tracker.pages import teams as layout
from tracker.reports.teams import teams_report
from tracker.views.answers import CHARTS, filtered_response


@viewer
def teams(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    return filtered_response(
        request,
        "teams",
        asked,
        lambda: layout.page(teams_report(asked), request.GET),
        choices=build_period_choices,
        scripts=(*CHARTS, "tracker/js/teams.js"),
    )

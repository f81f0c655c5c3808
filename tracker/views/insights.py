from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.pages import insights as layout
from tracker.reports.insights import Insights
from tracker.views.answers import filtered_response


@viewer
def insights(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    return filtered_response(request, "insights", asked, lambda: layout.page(Insights(asked), request.GET))

from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.pages import overview as layout
from tracker.reports.overview import Overview
from tracker.views.answers import filtered_response


@viewer
def overview(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    return filtered_response(request, "overview", asked, lambda: layout.page(Overview(asked), request.GET))

from django.http import HttpResponse

from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.pages import surfaces as layout
from tracker.reports.surfaces import Surfaces
from tracker.views.answers import filtered_response


@viewer
def surfaces(request: AccessRequest) -> HttpResponse:
    asked = filters.filters_from(request)
    return filtered_response(request, "surfaces", asked, lambda: layout.page(Surfaces(asked), request.GET))

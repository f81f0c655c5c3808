from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.filter_bar import build_incident_choices
from tracker.filters import filters_from, known_until
from tracker.lookup import find_incident
from tracker.pages import incident as incident_layout
from tracker.pages import incidents as list_layout
from tracker.reports.incident import incident_report
from tracker.reports.incidents import incidents_report
from tracker.views.answers import csv_response, filtered_response
from tracker.views.incident_actions import filled_forms


@viewer
def incidents(request: AccessRequest) -> HttpResponse:
    asked = filters_from(request)
    return filtered_response(
        request,
        "incidents",
        asked,
        lambda: list_layout.page(incidents_report(asked), request.GET, request.access),
        choices=build_incident_choices,
        scripts=(),
        styles=("tracker/css/incidents.css",),
    )


@viewer
def incident(request: AccessRequest, pk: int) -> HttpResponse:
    now = timezone.now()
    shown = find_incident(request, pk)
    report = incident_report(shown, now, known_until(request, now))
    page = incident_layout.page(report, request.GET, now, request.access)
    if "csv" in request.GET:
        return csv_response(page.exports, request.GET["csv"], f"incident-{pk}")
    context = {"page": page, "report": page.report, "incident": shown, "now": now}
    return render(request, "incidents/detail.html", context | {"forms": filled_forms(shown, now)})

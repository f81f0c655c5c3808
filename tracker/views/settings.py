from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tracker.access.guard import viewer
from tracker.pages import settings as layout
from tracker.reports.configuration import Configuration
from tracker.views.exports import csv_response


@viewer
def settings(request: HttpRequest) -> HttpResponse:
    now = timezone.now()
    page = layout.page(Configuration(now), request.GET)
    if "csv" in request.GET:
        return csv_response(page.exports, request.GET["csv"], "settings")
    return render(request, "tracker/settings.html", {"page": page, "report": page.report, "now": now})

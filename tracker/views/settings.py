from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.models import AccessSettings
from tracker.pages import settings as layout
from tracker.reports.configuration import Configuration
from tracker.views.exports import csv_response


@viewer
def settings(request: AccessRequest) -> HttpResponse:
    now = timezone.now()
    sees_all = request.access.sees != AccessSettings.Privacy.OWN
    page = layout.page(Configuration(now), request.GET, with_groups=sees_all)
    if "csv" in request.GET:
        return csv_response(page.exports, request.GET["csv"], "settings")
    return render(request, "tracker/settings.html", {"page": page, "report": page.report, "now": now})

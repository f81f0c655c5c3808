from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tracker import filters
from tracker.access.guard import viewer
from tracker.metrics import MEANINGS
from tracker.pages import insights as layout
from tracker.reports.insights import Insights
from tracker.views.exports import csv_response


@viewer
def insights(request: HttpRequest) -> HttpResponse:
    asked = filters.of(request)
    page = layout.page(Insights(asked), request.GET)
    if "csv" in request.GET:
        return csv_response(page.exports, request.GET["csv"], "insights")
    context = {
        "page": page,
        "report": page.report,
        "filters": asked,
        "choices": filters.choices(asked, request.path),
        "meanings": MEANINGS,
        "now": asked.now,
    }
    return render(request, "tracker/insights.html", context)

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from collector.base.days import utc_day
from tracker.access.guard import viewer
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.filters import known_until
from tracker.pages import budgets as layout
from tracker.reports.budgets import all_budgets
from tracker.views.chargeback import asked_cycle
from tracker.views.exports import csv_response


@viewer
def budgets(request: AccessRequest) -> HttpResponse:
    now = timezone.now()
    cycle = asked_cycle(request.GET.get("cycle", ""), now)
    visible = visible_ids(request.access, utc_day(now))
    lines = all_budgets(cycle, now, known_until(request, now), visible) if cycle else []
    table = layout.budgets_table(lines, request.GET, now)
    if "csv" in request.GET:
        name = f"budgets-{cycle.start_at:%Y-%m-%d}" if cycle else "budgets"
        return csv_response({table.key: table}, request.GET["csv"], name)
    return render(request, "tracker/budgets.html", {"table": table, "cycle": cycle, "now": now})

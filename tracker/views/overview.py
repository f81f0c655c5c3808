from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from tracker.access.guard import viewer


@viewer
def overview(request: HttpRequest) -> HttpResponse:
    return render(request, "tracker/overview.html")

from datetime import date, datetime, timedelta

from django.core.exceptions import BadRequest
from django.http import HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils import timezone

from collector.base.days import utc_day
from collector.facts import cycles
from collector.models import BillingCycle
from groups.reporting import chargeback as charges
from groups.small import look_back_to
from tracker.access.guard import viewer
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.filters import known_until
from tracker.pages import chargeback as layout
from tracker.reports.changes import charge_changes
from tracker.reports.cycle import reconciled
from tracker.views.answers import page_response
from tracker.widgets.tables import PageParts


@viewer
def chargeback(request: AccessRequest) -> HttpResponse:
    now = timezone.now()
    known = cycles.known_cycles()
    cycle = asked_cycle(request.GET.get("cycle", ""), known, now)
    if cycle is None:
        content = render_to_string("tracker/chargeback.html", {"page": None})
        return render(request, "tracker/page.html", {"content": content, "title": "Chargeback"})
    visible = visible_ids(request.access, utc_day(now))
    before = cycle.end_at - cycle.start_at if request.GET.get("compare") else timedelta(0)
    look_back_to(utc_day(cycle.start_at - before))

    def build() -> PageParts:
        whole = reconciled(cycle) if visible is None else None  # Cursor's total is of everybody
        changes = layout.NOT_COMPARED
        if request.GET.get("compare"):
            changes = charge_changes(cycle, now, known_until(request, now), visible)
        result = charges.chargeback(cycle, visible)
        return layout.page(result, cycle, known, request.GET, now, whole, changes)

    return page_response(
        request,
        "chargeback",
        build,
        lambda _: {"cycle": cycle},
        now=now,
        visible=visible,
        title="Chargeback",
        csv_name=f"chargeback-{cycle.start_at:%Y-%m-%d}",
        scripts=("tracker/js/teams.js",),
    )


def asked_cycle(text: str, known: list[BillingCycle], now: datetime) -> BillingCycle | None:
    """Of the `known` that of a day in the address, or the newest; BadRequest where the day is none."""
    if not text:
        return next((cycle for cycle in known if cycle.start_at <= now), None)
    try:
        asked = cycles.of_day(date.fromisoformat(text))
    except ValueError:
        raise BadRequest(f"“{text}” is not a day: write it as 2026-03-13.") from None
    if asked is None:
        raise BadRequest(f"No billing cycle is known for {text}.")
    return next((cycle for cycle in known if cycle == asked), asked)

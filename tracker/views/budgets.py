from django.http import HttpResponse
from django.utils import timezone

from collector.base.days import utc_day
from collector.facts.cycles import known_cycles
from tracker.access.guard import viewer
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.filters import known_until
from tracker.pages import budgets as layout
from tracker.reports.budgets import FORECASTS, all_budgets
from tracker.views.answers import page_response
from tracker.views.chargeback import asked_cycle
from tracker.widgets.tables import PageParts


@viewer
def budgets(request: AccessRequest) -> HttpResponse:
    now = timezone.now()
    cycle = asked_cycle(request.GET.get("cycle", ""), known_cycles(), now)
    visible = visible_ids(request.access, utc_day(now))

    def build() -> PageParts:
        lines = all_budgets(cycle, now, known_until(request, now), visible) if cycle else []
        return PageParts(request.GET, now, table=layout.budgets_table(lines))

    return page_response(
        request,
        "budgets",
        build,
        lambda _: {"cycle": cycle, "forecasts": FORECASTS},
        now=now,
        visible=visible,
        title="Budgets",
        scripts=(),
        csv_name=f"budgets-{cycle.start_at:%Y-%m-%d}" if cycle else "budgets",
    )

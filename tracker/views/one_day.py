from datetime import date

from django.http import Http404, HttpResponse

from collector.base.days import utc_day
from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.filter_bar import build_period_choices
from tracker.pages import one_day as layout
from tracker.reports.one_day import day_report
from tracker.views.answers import filtered_response
from tracker.widgets import formats


@viewer
def one_day(request: AccessRequest, day: str) -> HttpResponse:
    asked = filters.filters_from(request)
    shown = read_day(day, utc_day(asked.now))
    return filtered_response(
        request,
        "one_day",
        asked,
        lambda: layout.page(day_report(shown, asked), asked, request.GET),
        choices=build_period_choices,
        title=formats.day(shown),
        csv_name=f"day-{shown}",
    )


def read_day(text: str, today: date) -> date:
    """The day of the address; Http404 if it is not a day, or is in the future."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Http404(f"“{text}” is not a day: write it as 2026-03-13.") from None
    if day > today or day.year < 2023:
        raise Http404(f"There is no data for {day}.")
    return day

"""The pages whose figures obey the filter bar."""

from datetime import date

from django.http import Http404, HttpResponse

from collector.base import names
from collector.base.days import utc_day
from collector.models import Member
from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.filter_bar import build_period_choices
from tracker.filters import Filters
from tracker.pages import insights as insights_layout
from tracker.pages import member as member_layout
from tracker.pages import one_day as day_layout
from tracker.pages import overview as overview_layout
from tracker.pages import surfaces as surfaces_layout
from tracker.pages import teams as teams_layout
from tracker.reports import people
from tracker.reports.insights import Insights
from tracker.reports.member import MemberReport
from tracker.reports.one_day import DayReport
from tracker.reports.overview import Overview
from tracker.reports.surfaces import Surfaces
from tracker.reports.teams import Teams
from tracker.views.answers import CHARTS, filtered_page, filtered_response
from tracker.widgets import formats

overview = filtered_page("overview", Overview, overview_layout.page)
insights = filtered_page("insights", Insights, insights_layout.page)
surfaces = filtered_page("surfaces", Surfaces, surfaces_layout.page)
teams = filtered_page(
    "teams", Teams, teams_layout.page, choices=build_period_choices, scripts=(*CHARTS, "tracker/js/teams.js")
)


@viewer
def one_day(request: AccessRequest, day: str) -> HttpResponse:
    asked = filters.filters_from(request)
    shown = read_day(day, utc_day(asked.now))
    return filtered_response(
        request,
        "one_day",
        asked,
        lambda: day_layout.page(DayReport(shown, asked), request.GET),
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


@viewer
def member(request: AccessRequest, email: str) -> HttpResponse:
    asked = filters.filters_from(request)
    chosen = find_member(email, asked)
    return filtered_response(
        request,
        "member",
        asked,
        lambda: member_layout.page(MemberReport(chosen, asked), request.GET),
        choices=build_period_choices,
        title=people.label(chosen.shown_name, chosen.shown_email, chosen.kind),
    )


def find_member(email: str, asked: Filters) -> Member:
    """The member of that address. Http404 for nobody, and for whom the reader may not see: who has a seat
    is part of what is hidden."""
    hidden = people.everybody(asked.period.end).items() if names.current().are_hidden else ()
    pk = next((pk for pk, person in hidden if person.email == email.lower()), None)
    member = Member.objects.filter(pk=pk).first() if pk else Member.objects.by_address(email)
    if member is None or (asked.visible is not None and member.pk not in asked.visible):
        raise Http404(f"Cursor has reported nobody with the address {email}.")
    return member

from django.http import Http404, HttpResponse

from collector.base import names
from collector.models import Member
from tracker import filters
from tracker.access.guard import viewer
from tracker.access.request import AccessRequest
from tracker.filter_bar import build_period_choices
from tracker.filters import Filters
from tracker.pages import member as layout
from tracker.reports import people
from tracker.reports.member import MemberReport
from tracker.views.answers import filtered_response


@viewer
def member(request: AccessRequest, email: str) -> HttpResponse:
    asked = filters.filters_from(request)
    chosen = find_member(email, asked)
    return filtered_response(
        request,
        "member",
        asked,
        lambda: layout.page(MemberReport(chosen, asked), request.GET),
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

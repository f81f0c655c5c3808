"""What a request may see."""

from __future__ import annotations

from django.http import Http404, HttpRequest
from django.utils import timezone

from collector.days import utc_day
from incidents.models import Incident
from tracker.access.guard import Access
from tracker.access.privacy import visible_ids


def access_of(request: HttpRequest) -> Access:
    return request.access  # type: ignore[attr-defined]


def find_incident(request: HttpRequest, pk: int) -> Incident:
    """The incident, if the reader may see its member; Http404 otherwise."""
    found = Incident.objects.select_related("member").filter(pk=pk).first()
    visible = visible_ids(access_of(request), utc_day(timezone.now()))
    if found is None or not may_see(found, visible):
        raise Http404(f"There is no incident #{pk}.")
    return found


def may_see(incident: Incident, visible: frozenset[int] | None) -> bool:
    """The team's incidents are everybody's."""
    return visible is None or incident.member_id is None or incident.member_id in visible

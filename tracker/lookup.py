"""What a request may see."""

from django.http import Http404
from django.utils import timezone

from collector.base.days import utc_day
from incidents.models import Incident
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.reports.incidents import limit_visible


def find_incident(request: AccessRequest, pk: int) -> Incident:
    """The incident, if the reader may see it; Http404 otherwise."""
    visible = visible_ids(request.access, utc_day(timezone.now()))
    incident = limit_visible(Incident.objects.select_related("member__owner"), visible).filter(pk=pk).first()
    if incident is None:
        raise Http404(f"There is no incident #{pk}.")
    return incident

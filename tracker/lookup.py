"""What a request may see."""

from django.http import Http404
from django.utils import timezone

from collector.base.days import utc_day
from incidents.models import Incident
from incidents.models.incidents import IncidentQuerySet
from tracker.access.privacy import visible_ids
from tracker.access.request import AccessRequest
from tracker.reports.incidents import limit_visible


def visible_incidents(request: AccessRequest) -> IncidentQuerySet:
    """The incidents that the reader may see, each with its member and owner."""
    visible = visible_ids(request.access, utc_day(timezone.now()))
    return limit_visible(Incident.objects.select_related("member__owner"), visible)


def find_incident(request: AccessRequest, pk: int) -> Incident:
    """The incident, if the reader may see it; Http404 otherwise."""
    incident = visible_incidents(request).filter(pk=pk).first()
    if incident is None:
        raise Http404(f"There is no incident #{pk}.")
    return incident

"""A channel that is added or mended while incidents are open hears of those."""

from datetime import datetime

from collector.base.connections import one_by_one
from incidents.models import Channel, Incident, IncidentSettings, Notification, Origin, TimelineEntry

from .recording import ALERTS, may_alert, record_late
from .routing import Routes


def catch_up(now: datetime) -> int:
    """Record what is open for channels that take it and were never notified of it; return how many.

    Incidents that another tool recorded are not announced: they alerted nobody here.
    """
    incidents = list(Incident.objects.unresolved().select_related("member"))
    if not incidents:
        return 0
    alerts = Notification.objects.filter(kind=Notification.Purpose.ALERT, incident__in=incidents)
    alerted = set(alerts.order_by().values_list("incident_id", "channel_id"))
    routes, policy = Routes(now), IncidentSettings.get_solo()
    missing = [
        (incident, channel)
        for incident in incidents
        for channel in routes.channels_for(incident)
        if (incident.pk, channel.pk) not in alerted and may_alert(incident, now)
    ]

    def record(missed: tuple[Incident, Channel]) -> bool:
        incident, channel = missed
        entry = last_alert(incident)
        return entry is not None and record_late(channel, entry, policy, now)

    return one_by_one(missing, record)


def last_alert(incident: Incident) -> TimelineEntry | None:
    """The incident's last step that alerted; None if none did."""
    steps = incident.timeline.filter(step__in=ALERTS, actor_name="", origin=Origin.SYSTEM)
    return steps.select_related("incident__member").order_by("at", "pk").last()


def revive(channel: Channel, now: datetime, failed_since: datetime | None = None) -> int:
    """Let alerts of open incidents that were given up be sent again, since the channel is mended.

    With `failed_since` only those recorded after it: what failed while others got through is at fault itself.
    """
    given_up = Notification.objects.given_up().filter(channel=channel, kind=Notification.Purpose.ALERT)
    if failed_since:
        given_up = given_up.filter(created_at__gt=failed_since)
    return given_up.filter(incident__in=Incident.objects.unresolved()).send_again(now)

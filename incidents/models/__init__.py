"""What is done about an anomaly: incidents, their timelines, and what was said to whom."""

from .channels import Channel
from .incidents import Incident, IncidentAnomaly, Status, Verdict
from .notifications import Notification, SlackRequest
from .settings import IncidentSettings
from .timeline import Origin, TimelineEntry, TimelineStep, answered_at

__all__ = [
    "Channel",
    "Incident",
    "IncidentAnomaly",
    "IncidentSettings",
    "Notification",
    "Origin",
    "SlackRequest",
    "Status",
    "TimelineStep",
    "TimelineEntry",
    "Verdict",
    "answered_at",
]

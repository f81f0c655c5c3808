"""What is done about an anomaly: incidents, their timelines, and who was notified of what."""

from .channels import Channel
from .incidents import Incident, IncidentAnomaly, Status, Verdict
from .limits import LimitChange, LimitRequest
from .notifications import Notification, SlackRequest
from .settings import GuardSettings, IncidentSettings
from .timeline import MemberAnswer, Origin, TimelineEntry, TimelineStep, answered_at, opened_at

"""What has not got through, for whoever should know."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import Channel, Notification
from incidents.models.notifications import NotificationQuerySet

LATELY = timedelta(days=7)


@dataclass(frozen=True)
class Backlog:
    """What has not got through: for `/healthz`, the admin and the page."""

    waiting: int
    oldest_waiting_at: datetime | None
    given_up: int  # lately
    troubled_channels: list[Channel]

    @property
    def is_ok(self) -> bool:
        return not (self.given_up or self.troubled_channels)


def waiting_at(now: datetime) -> NotificationQuerySet:
    return Notification.objects.waiting().filter(due_at__lte=now)


def given_up_before(now: datetime) -> NotificationQuerySet:
    """Those given up in the week before."""
    return Notification.objects.given_up().filter(created_at__gte=now - LATELY)


def backlog(now: datetime) -> Backlog:
    """What waits at `now`, and what was given up in the week before. Four queries."""
    waiting = waiting_at(now)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    return Backlog(waiting.count(), oldest, given_up_before(now).count(), list(Channel.objects.troubled()))

"""What has not got through, for whoever should know."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from incidents.models import Channel, Notification

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


def backlog(now: datetime) -> Backlog:
    """What waits at `now`, and what was given up in the week before. Four queries."""
    waiting = Notification.objects.waiting().filter(due_at__lte=now)
    oldest = waiting.order_by("created_at").values_list("created_at", flat=True).first()
    recent = Notification.objects.given_up().filter(created_at__gte=now - LATELY)
    return Backlog(waiting.count(), oldest, recent.count(), list(Channel.objects.troubled()))

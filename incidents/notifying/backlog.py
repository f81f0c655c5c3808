"""What has not got through, for whoever should know, and another try for it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import QuerySet

from incidents.models import Channel, Notification

Status = Notification.Status
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


def try_again(rows: QuerySet[Notification], now: datetime) -> int:
    """Let what was given up or waits be sent with the next delivery, its tries counted from zero."""
    stuck = rows.filter(status__in=[Status.GIVEN_UP, Status.WAITING])
    return stuck.update(status=Status.WAITING, due_at=now, tries=0, lost_leases=0)

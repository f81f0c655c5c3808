"""The vendor's limits per class of endpoints, shared by processes and machines."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone

from collector.models import RequestSlot

# Requests a minute and team, cursor.com/docs/api as read in Aug 2026. The longest matching prefix decides.
PER_MINUTE = {
    "/teams/filtered-usage-events": ("events", 60),
    "/analytics/team/conversation-insights": ("insights", 20),
    "/analytics/team/": ("team-analytics", 100),
    "/analytics/by-user/": ("by-user-analytics", 50),
    "/analytics/ai-code/": ("ai-code", 20),
    "/teams/user-spend-limit": ("spend-limit", 250),
    "/teams/": ("admin", 20),
}
# The vendor's minutes begin when it likes, and a request sent in one of them may arrive in the next: a slot
# rests a second longer than a minute.
REST = timedelta(seconds=61)
# A process waits for one slot at a time, so none is taken this far ahead, unless by a clock that was wrong:
# put right, it must not make everybody wait.
FARTHEST = timedelta(minutes=10)


@dataclass
class Limiter:
    """Lets a request go when its class has a free slot; `now` and `sleep` are the clock it lives by."""

    now: Callable[[], datetime] = timezone.now
    sleep: Callable[[float], None] = time.sleep
    is_unlimited: bool = False

    def wait(self, path: str) -> None:
        """Return once a request to `path` keeps within its class's limit."""
        if self.is_unlimited:
            return
        name, per_minute = class_of(path)
        starts_at = _reserve(name, per_minute, self.now)
        delay = (starts_at - self.now()).total_seconds()
        if delay > 0:
            self.sleep(delay)


def class_of(path: str) -> tuple[str, int]:
    """The class of endpoints that `path` counts towards, and its requests a minute."""
    longest = max((prefix for prefix in PER_MINUTE if path.startswith(prefix)), key=len, default="/teams/")
    return PER_MINUTE[longest]


def _reserve(name: str, per_minute: int, now: Callable[[], datetime]) -> datetime:
    """Reserve the slot that is free first; return when it may be used."""
    while True:
        slot = RequestSlot.objects.filter(endpoint_class=name).order_by("free_at", "number").first()
        if slot is None:
            _make_slots(name, per_minute, now())
            continue
        starts_at = max(slot.free_at, now())
        if starts_at == slot.free_at and _release_wrong(name, now()):
            continue
        mine = RequestSlot.objects.filter(pk=slot.pk, free_at=slot.free_at)
        if mine.update(free_at=starts_at + REST):
            return starts_at


def _release_wrong(name: str, now: datetime) -> int:
    """Free the slots that a clock which was wrong has taken; return how many."""
    wrong = RequestSlot.objects.filter(endpoint_class=name, free_at__gt=now + FARTHEST)
    return wrong.update(free_at=now)


def _make_slots(name: str, per_minute: int, now: datetime) -> None:
    slots = [RequestSlot(endpoint_class=name, number=n, free_at=now) for n in range(per_minute)]
    RequestSlot.objects.bulk_create(slots, ignore_conflicts=True)

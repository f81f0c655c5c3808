"""Whether silence means that nothing is wrong: detection has looked, and at figures of the last hours."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Value

from collector.base.leases import HOURLY_JOB
from collector.collecting.freshness import STALE
from collector.models import Lease
from detection.models import Anomaly
from incidents.models import Channel
from tracker.widgets import formats


@dataclass(frozen=True)
class Watch:
    """What is watched as of `now`; `known_until` is None before usage was ever read."""

    now: datetime
    known_until: datetime | None
    has_looked: bool  # whether detection ever ran
    has_channel: bool  # whether anybody would be notified

    @property
    def is_stale(self) -> bool:
        return is_stale(self.known_until, self.now)

    @property
    def doubt(self) -> str:
        """Why no incident does not mean that nothing is wrong; empty where it does."""
        if not self.has_looked or self.known_until is None:
            return "Detection has not run yet"
        return f"No news since {formats.instant(self.known_until)}" if self.is_stale else ""


def watch(now: datetime, known_until: datetime | None) -> Watch:
    """One query. Every run of the hourly job takes its lease, whose row stays; `detect` alone may find."""
    looked, told = Value("looked"), Value("told")
    ran = Lease.objects.filter(name=HOURLY_JOB).order_by().values_list(looked)
    facts = ran.union(
        Anomaly.objects.order_by().values_list(looked),
        Channel.objects.enabled().order_by().values_list(told),
    )
    facts_known = {fact for (fact,) in facts}
    return Watch(now, known_until, has_looked="looked" in facts_known, has_channel="told" in facts_known)


def is_stale(known_until: datetime | None, now: datetime) -> bool:
    """Whether usage stops longer ago than an hourly job explains."""
    return known_until is not None and now - known_until > STALE

"""The hourly upkeep of limits: changes without an outcome, ends of temporary limits, old requests."""

import logging
import math
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max

from collector.base.connections import drop_if_dead
from collector.base.reports import StepReport
from collector.cursor.client import CursorClient
from incidents.actions.limits import LimitRefused, LimitWish, carry_out, may_write, record_wish
from incidents.lifecycle.moves import SYSTEM
from incidents.models import LimitChange, LimitRequest, Origin

log = logging.getLogger(__name__)
# Between tries to restore a limit that Cursor refuses: each try is shown on the timeline and in the channels.
FIRST_PAUSE, LONGEST_PAUSE = timedelta(hours=1), timedelta(days=1)
EARLY = timedelta(minutes=5)  # an hourly run may begin a little sooner in its hour than the one before


@dataclass(frozen=True)
class LimitsReport(StepReport):
    """What one run did, in changes."""

    finished: int = 0
    waiting: int = 0
    expired: int = 0

    @property
    def is_ok(self) -> bool:
        return not self.waiting

    @property
    def summary(self) -> str:
        if not (self.finished or self.waiting or self.expired):
            return "nothing to do"
        return f"{self.finished} changes finished, {self.waiting} waiting, {self.expired} requests expired"


def keep_limits(now: datetime, client: CursorClient | None = None) -> LimitsReport:
    """Finish what has no outcome, let temporary limits end, and close old requests. Safe to repeat."""
    overdue = LimitRequest.objects.filter(status=LimitRequest.Status.PENDING, expires_at__lte=now)
    expired = overdue.update(status=LimitRequest.Status.EXPIRED, decided_at=now)
    if not may_write():
        return LimitsReport(expired=expired)
    changes = [*LimitChange.objects.unfinished().order_by("pk"), *record_restores(now)]
    if not changes:
        return LimitsReport(expired=expired)
    asked = client or CursorClient.from_settings()
    done = [_is_finished(change, asked, now) for change in changes]
    return LimitsReport(sum(done), len(done) - sum(done), expired)


def _is_finished(change: LimitChange, client: CursorClient, now: datetime) -> bool:
    """Carry the change out; one that fails for a reason of its own must not hold up the others."""
    try:
        return carry_out(change, client, now).is_finished
    except Exception:
        log.exception("the limit of %s could not be changed", change.member)
        drop_if_dead()
        return False


def record_restores(now: datetime) -> Iterator[LimitChange]:
    """A change back for every temporary limit that is over; one that failed is tried again, ever later."""
    for change in LimitChange.objects.temporary().filter(until_at__lte=now).select_related("member"):
        failed = LimitChange.objects.filter(restores=change, status=LimitChange.Status.FAILED)
        tries, last = failed.count(), failed.aggregate(at=Max("finished_at"))["at"]
        if last and now + EARLY < last + min(FIRST_PAUSE * 2 ** min(tries - 1, 10), LONGEST_PAUSE):
            continue
        former = change.restore_dollars
        wish = LimitWish(
            member=change.member,
            to_dollars=None if former is None else math.ceil(former),  # Cursor takes whole dollars
            reason=f"The temporary limit of {change.to_words} is over.",
            key=f"restore:{change.pk}:{tries}",
            incident=change.incident,
            kind=LimitChange.Reason.RESTORE,
            restores=change,
        )
        try:
            restore = record_wish(wish, SYSTEM, Origin.SYSTEM, now)
        except LimitRefused:
            continue  # another change of this member is under way: it replaces the temporary one
        if not restore.is_finished:
            yield restore

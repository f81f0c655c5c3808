"""Makes the demo's past: first collection, set-up, sixty days, what to look at."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.utils import timezone

from collector.models import SourceRun
from tracker import pipeline

from .colleagues import Colleagues
from .errands import errands, reopen_expected
from .foresight import foresee
from .outlook import Outlook
from .past import Watcher, run_hour, walk
from .setup import import_groups, set_up_budgets, set_up_channels
from .stories import tell_stories
from .world import World

HOUR = timedelta(hours=1)
PAST_THE_HOUR = timedelta(minutes=16)  # when people do what is planned


def make_past(anchor_at: datetime, days: int, world: World, watch: Watcher) -> None:
    """Live the `days` before `anchor_at`; what an earlier start left unfinished is continued."""
    end_at = anchor_at.replace(minute=0, second=0, microsecond=0)
    start_at = end_at - timedelta(days=days)
    set_up_channels()
    last = SourceRun.objects.order_by("-started_at").values_list("started_at", flat=True).first()
    if last is None:
        run_hour(start_at, world)
        import_groups(start_at)
    done_until = max(last.replace(minute=0, second=0, microsecond=0), start_at) if last else start_at
    hours = hours_between(done_until, end_at)
    if hours:
        foresight = foresee(hours, world)
        set_up_budgets(foresight)
        planned = [(at + PAST_THE_HOUR, errand) for at, errand in errands(end_at) if at > done_until]
        outlook = Outlook(foresight, also=(at - PAST_THE_HOUR for at, _ in planned))
        walk(hours, world, Colleagues(end_at, planned, foresight), outlook, watch)
    world.run_clock()
    pipeline.run(now := timezone.now(), client=world.client)
    reopen_expected(now)
    tell_stories()


def hours_between(start_at: datetime, end_at: datetime) -> Sequence[datetime]:
    """Whole hours after `start_at` up to `end_at`."""
    count = int((end_at - start_at) / HOUR)
    return [start_at + HOUR * number for number in range(1, count + 1)]

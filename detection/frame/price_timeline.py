"""The team's timeline of prices: models that were first used, and prices per token that changed."""

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Min

from collector.base.days import day_start, utc_day
from collector.models import MemberModelDay
from detection.models import PriceTimeline

from .load import load_price_changes
from .price_changes import DAYS_SINCE

# A model that the team used within so many days of the first day known may have been in use before.
SETTLED_DAYS = 14
DAY = timedelta(days=1)
Event = list[Any]  # model, day, ratio: see `PriceTimeline`
# The days, before the one it is looked for on, on which a change can have come.
SEEN_DAYS = DAYS_SINCE - 1


def keep_price_timeline(as_of: datetime) -> None:
    """Bring the timeline up to the last whole day before `as_of`: once a day, from where it stopped.

    All of it where older days have come since. A handful of queries for every fortnight that is looked at.
    """
    known_from = MemberModelDay.objects.order_by("day").values_list("day", flat=True).first()
    timeline, last = PriceTimeline.objects.first() or PriceTimeline(), utc_day(as_of) - DAY
    if known_from is None or last < known_from:
        return
    if timeline.first_day != known_from:
        timeline = PriceTimeline(pk=timeline.pk)
    if timeline.last_day and timeline.last_day >= last:
        return
    looks = list(look_days(timeline.last_day or known_from, last))
    begin = looks[-1] - (SEEN_DAYS - 1) * DAY
    uses = first_uses(max(begin, known_from + SETTLED_DAYS * DAY), last)
    changes = [change for day in looks for change in load_price_changes(day_start(day + DAY))]
    fresh: list[Event] = [[model, f"{day}", None] for model, day in uses]
    fresh += [[change.model, f"{change.day}", change.ratio] for change in changes if not change.is_move]
    earlier = [event for event in timeline.events if event[1] < f"{begin}"]
    timeline.events = without_echoes(earlier + [event for event in fresh if event[1] >= f"{begin}"])
    timeline.first_day, timeline.last_day = known_from, last
    timeline.save()


def without_echoes(events: list[Event]) -> list[Event]:
    """By day, without a change that shows again some days after it came, where an earlier look found it."""
    events_left, newest = [], dict[str, date]()
    for model, day, ratio in sorted(events, key=lambda event: (event[1], event[0])):
        if ratio is not None:
            came = date.fromisoformat(day)
            if came - newest.get(model, date.min) < DAYS_SINCE * DAY:
                continue
            newest[model] = came
        events_left.append([model, day, ratio])
    return events_left


def look_days(done: date, last: date) -> Iterator[date]:
    """Days whose views together see every change after `done`, the newest first."""
    yield last
    while (last := last - SEEN_DAYS * DAY) > done:
        yield last


def first_uses(first: date, last: date) -> list[tuple[str, date]]:
    """Models that were first charged for from `first` to `last`, both included, and when. Two queries."""
    paid = MemberModelDay.objects.filter(total_cents__gt=0).order_by()
    used = dict(paid.between(first, last).values_list("model").annotate(Min("day")))
    before = set(paid.filter(day__lt=first, model__in=used).values_list("model", flat=True).distinct())
    return [(model, day) for model, day in used.items() if model not in before]

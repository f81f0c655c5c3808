"""Daily totals as a flat file: a row per day, group, member, model and surface."""

from collections.abc import Iterator
from datetime import date
from itertools import groupby
from operator import itemgetter

from django.db.models import F

from collector.base.spreadsheets import harmless
from collector.models import MemberModelDay
from groups.assignments.membership import UNASSIGNED, held_group
from groups.models import Group
from groups.names import UNASSIGNED_NAME

COUNTS = (
    "requests",
    "billed_requests",
    "failed_requests",
    "max_mode_requests",
    "runs",
    "input_tokens",
    "output_tokens",
    "cache_write_tokens",
    "cache_read_tokens",
)
KEY = ("day", "member_id", "model", "surface")
SUMS = ("total_cents", "billed_cents", *COUNTS)
COLUMNS = (
    *("day", "group", "email", "name", "model", "surface", "spend_usd", "on_demand_usd", "included_usd"),
    *COUNTS,
)


def rows(first: date, last: date) -> Iterator[dict[str, object]]:
    """Yield the rows of `first` to `last`, both included, by day; money in dollars, exact.

    A day on which a billing cycle turns has one row too, though its totals are kept in two parts. Texts are
    safe in a spreadsheet.
    """
    groups = {UNASSIGNED: UNASSIGNED_NAME, **dict(Group.objects.values_list("pk", "name"))}
    days = (
        MemberModelDay.objects.between(first, last)
        .annotate(held_group=held_group(), email=F("member__email"), name=F("member__name"))
        .order_by(*KEY)
        .values(*KEY, "held_group", "email", "name", *SUMS)
    )
    for _, parts in groupby(days.day_by_day(), key=itemgetter(*KEY)):
        day, *others = parts
        for part in others:
            day |= {name: day[name] + part[name] for name in SUMS}
        total, billed = day["total_cents"], day["billed_cents"]
        yield {
            "day": day["day"].isoformat(),
            "group": harmless(groups[day["held_group"]]),
            "email": harmless(day["email"]),
            "name": harmless(day["name"]),
            "model": harmless(day["model"]),
            "surface": day["surface"],
            "spend_usd": total / 100,
            "on_demand_usd": billed / 100,
            "included_usd": (total - billed) / 100,
        } | {name: day[name] for name in COUNTS}

"""Daily totals as a flat file: a row per day, group, member, model and surface."""

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

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
COLUMNS = (
    *("day", "group", "email", "name", "model", "surface", "spend_usd", "on_demand_usd", "included_usd"),
    *COUNTS,
)


def rows(first: date, last: date) -> Iterator[dict[str, object]]:
    """Yield the rows of `first` to `last`, both included, by day; money in dollars, exact.

    A day on which a billing cycle turns has two rows, as its totals have. Texts are safe in a spreadsheet.
    """
    groups = {UNASSIGNED: UNASSIGNED_NAME, **dict(Group.objects.values_list("pk", "name"))}
    days = (
        MemberModelDay.objects.between(first, last)
        .annotate(held_group=held_group(), email=F("member__email"), name=F("member__name"))
        .order_by("day", "is_after_turn", "member_id", "model", "surface")
    )
    for day in days.values(
        "day", "held_group", "email", "name", "model", "surface", "total_cents", "billed_cents", *COUNTS
    ).iterator(chunk_size=2_000):
        total, billed = day["total_cents"], day["billed_cents"]
        yield {
            "day": day["day"].isoformat(),
            "group": harmless(groups[day["held_group"]]),
            "email": harmless(day["email"]),
            "name": harmless(day["name"]),
            "model": harmless(day["model"]),
            "surface": day["surface"],
            "spend_usd": in_dollars(total),
            "on_demand_usd": in_dollars(billed),
            "included_usd": in_dollars(total - billed),
        } | {name: day[name] for name in COUNTS}


def in_dollars(cents: Decimal) -> Decimal:
    return cents / 100

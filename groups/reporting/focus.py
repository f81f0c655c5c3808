"""Spend in the FinOps Foundation's common format, FOCUS 1.2: a row per member, model,
surface and day.

The columns and their rules: focus.finops.org, specification 1.2 (read November 2026). Columns that begin
with `x_` are our own.
"""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db.models import F

from collector.base.days import day_end, day_start, utc_day
from collector.base.spreadsheets import harmless
from collector.facts.cycles import months_later
from collector.models import BillingCycle, MemberModelDay
from groups.assignments.membership import UNASSIGNED, held_group
from groups.models import Group
from groups.names import UNASSIGNED_NAME

# What is the same in every row.
CONSTANTS = {
    "BillingAccountId": "cursor-team",
    "BillingAccountName": "Cursor team",
    "BillingAccountType": "Team",
    "BillingCurrency": "USD",
    "ChargeCategory": "Usage",
    "ChargeClass": "",
    "ChargeFrequency": "Usage-Based",
    "CommitmentDiscountStatus": "",
    "ConsumedUnit": "Tokens",
    "InvoiceId": "",
    "InvoiceIssuerName": "Cursor",
    "PricingCategory": "Standard",
    "PricingUnit": "Tokens",
    "ProviderName": "Cursor",
    "PublisherName": "Cursor",
    "ResourceType": "Member",
    "ServiceCategory": "AI and Machine Learning",
    "ServiceName": "Cursor",
    "ServiceSubcategory": "Generative AI",
    "SkuMeter": "Tokens",
    "SkuPriceDetails": "",
    "SubAccountType": "Billing group",
}


COLUMNS = (
    *sorted(
        [
            *CONSTANTS,
            "BilledCost",
            "BillingPeriodEnd",
            "BillingPeriodStart",
            "ChargeDescription",
            "ChargePeriodEnd",
            "ChargePeriodStart",
            "ConsumedQuantity",
            "ContractedCost",
            "EffectiveCost",
            "ListCost",
            "PricingQuantity",
            "ResourceId",
            "ResourceName",
            "SkuId",
            "SkuPriceId",
            "SubAccountId",
            "SubAccountName",
        ]
    ),
    "x_BilledRequests",
    "x_CacheReadTokens",
    "x_CacheWriteTokens",
    "x_FailedRequests",
    "x_IncludedCost",
    "x_InputTokens",
    "x_OutputTokens",
    "x_Requests",
    "x_Runs",
    "x_Surface",
)


Span = tuple[datetime, datetime]  # half-open


def rows(first: date, last: date) -> Iterator[dict[str, object]]:
    """Yield the rows of `first` to `last`, both included, by day. Texts are safe to open in a spreadsheet."""
    groups = {UNASSIGNED: UNASSIGNED_NAME, **dict(Group.objects.values_list("pk", "name"))}
    cycles = Cycles(list(BillingCycle.objects.order_by("start_at").values_list("start_at", "end_at")))
    days = (
        MemberModelDay.objects.between(first, last)
        .annotate(held_group=held_group(), email=F("member__email"), name=F("member__name"))
        .order_by("day", "is_after_turn", "member_id", "model", "surface")
    )
    for day in days.day_by_day():
        yield _row(day, groups, cycles)


class Cycles:
    """Which billing cycle an instant falls into, and where a cycle turns within a day."""

    def __init__(self, spans: list[Span]) -> None:
        self.spans = spans
        self.starts = [start_at for start_at, _ in spans]
        self.turns = {utc_day(start): start for start in self.starts if start != day_start(utc_day(start))}

    def at(self, instant: datetime) -> Span:
        """The cycle; a calendar month where none is known."""
        place = bisect_right(self.starts, instant) - 1
        if place >= 0 and instant < self.spans[place][1]:
            return self.spans[place]
        month = day_start(utc_day(instant).replace(day=1))
        return month, months_later(month, 1)

    def part_of(self, day: date, *, is_after_turn: bool) -> Span:
        """The day, or its part before or after the turn if a cycle turns within it."""
        start_at, end_at = day_start(day), day_end(day)
        turn = self.turns.get(day)
        if turn is None:
            return start_at, end_at
        return (turn, end_at) if is_after_turn else (start_at, turn)


def _row(day: Any, groups: dict[int, str], cycles: Cycles) -> dict[str, object]:
    charged_from, charged_to = cycles.part_of(day.day, is_after_turn=day.is_after_turn)
    cycle_start, cycle_end = cycles.at(charged_from)
    tokens = day.input_tokens + day.output_tokens + day.cache_write_tokens + day.cache_read_tokens
    total = day.total_cents / 100
    model = harmless(day.model or "unnamed")
    return CONSTANTS | {
        "BilledCost": day.billed_cents / 100,
        "EffectiveCost": total,
        "ListCost": total,
        "ContractedCost": total,
        "BillingPeriodStart": _focus_time(cycle_start),
        "BillingPeriodEnd": _focus_time(cycle_end),
        "ChargePeriodStart": _focus_time(charged_from),
        "ChargePeriodEnd": _focus_time(charged_to),
        "ChargeDescription": f"{day.requests} requests to {model}",
        "ConsumedQuantity": f"{tokens}.0",
        "PricingQuantity": f"{tokens}.0",
        "ResourceId": harmless(day.email),
        "ResourceName": harmless(day.name or day.email),
        "SkuId": model,
        "SkuPriceId": model,
        "SubAccountId": f"group-{day.held_group}" if day.held_group else "unassigned",
        "SubAccountName": harmless(groups[day.held_group]),
        "x_BilledRequests": day.billed_requests,
        "x_CacheReadTokens": day.cache_read_tokens,
        "x_CacheWriteTokens": day.cache_write_tokens,
        "x_FailedRequests": day.failed_requests,
        "x_IncludedCost": (day.total_cents - day.billed_cents) / 100,
        "x_InputTokens": day.input_tokens,
        "x_OutputTokens": day.output_tokens,
        "x_Requests": day.requests,
        "x_Runs": day.runs,
        "x_Surface": day.surface,
    }


def _focus_time(instant: datetime) -> str:
    return f"{instant:%Y-%m-%dT%H:%M:%SZ}"

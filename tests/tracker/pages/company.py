"""A small company with usage that no rule of thumb fits, and its figures added up from the raw events."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal

from django.db import transaction

from collector.facts.rollups import recompute_days
from collector.models import BillingCycle, DailyActivity, Member, Source, UsageEvent, Watermark
from groups.models import Assignment, Group

NOW = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
TODAY = NOW.date()
CYCLE_START = datetime(2026, 11, 4, 9, 12, tzinfo=UTC)
CYCLE_END = datetime(2026, 12, 4, 9, 12, tzinfo=UTC)
LAST_START = datetime(2026, 10, 4, 9, 12, tzinfo=UTC)
FIRST_DAY = date(2026, 9, 24)
MOVED_ON = date(2026, 11, 12)
# Cents that a request costs, about, and how often the model is taken.
MODELS = {"claude-opus-max": (160, 1), "claude-sonnet": (8, 6), "default": (1.5, 4), "gpt-5.2": (5, 3)}
FAILED_KIND = "Errored, Not Charged"

SEATS = {
    "ana.novak@acme.example": ("Ana Novak", "Platform > Core"),
    "ben.haddad@acme.example": ("Ben Haddad", "Platform > Core"),
    "cleo.rossi@acme.example": ("Cleo Rossi", "Platform > Infra"),
    "dan.osei@acme.example": ("Dan Osei", "Platform > Infra"),
    "eva.novak@acme.example": ("Eva Novak", "Data"),
    "finn.larsen@acme.example": ("Finn Larsen", None),
    "gail.brandt@acme.example": ("Gail Brandt", "Data"),
}
UNUSED = "gail.brandt@acme.example"
MOVER = "ben.haddad@acme.example"  # from Platform > Core to Data on MOVED_ON
LEAVER = "hal.silva@acme.example"
BOT = "service-account:42"


@transaction.atomic
def build(seed: int = 5) -> None:
    """Everything in the tables, through the same rollups that collection uses."""
    BillingCycle.objects.create(start_at=LAST_START, end_at=CYCLE_START, is_inferred=True)
    BillingCycle.objects.create(start_at=CYCLE_START, end_at=CYCLE_END)
    groups = {
        name: Group.objects.create(name=name, created_at=NOW)
        for name in sorted({g for _, g in SEATS.values() if g})
    }
    members = [make_member(email, name) for email, (name, _) in SEATS.items()]
    for member in members:
        if group := SEATS[member.email][1]:
            assign(member, groups[group], FIRST_DAY)
    assign(Member.objects.get(email=MOVER), groups["Data"], MOVED_ON)
    members.append(make_member(LEAVER, "Hal Silva", gone_at=NOW - timedelta(days=5)))
    members.append(make_member(BOT, "", kind=Member.Kind.SERVICE_ACCOUNT))
    rng = random.Random(seed)  # noqa: S311  made-up usage, no secret
    for level, member in enumerate(members, start=1):
        if member.email != UNUSED:
            make_usage(member, level, rng)
    recompute_days(FIRST_DAY, TODAY, NOW)
    Watermark.objects.create(source=Source.EVENTS, complete_until_at=NOW)


def make_member(email: str, name: str, **values) -> Member:
    return Member.objects.create(email=email, name=name, first_seen_at=NOW, last_seen_at=NOW, **values)


def assign(member: Member, group: Group, day: date) -> None:
    Assignment.objects.create(
        member=member, group=group, from_day=day, source="cursor", changed_by="test", changed_at=NOW
    )


def make_usage(member: Member, level: int, rng: random.Random) -> None:
    events = []
    for offset in range((TODAY - FIRST_DAY).days + 1):
        day = FIRST_DAY + timedelta(days=offset)
        count = rng.randrange(0, 4 * level) if day.weekday() < 5 or rng.random() < 0.2 else 0
        events += [make_event(member, day, rng) for _ in range(count)]
        if count and member.kind == Member.Kind.PERSON:
            make_activity(member, day, count, rng)
    UsageEvent.objects.bulk_create(event for event in events if event.occurred_at < NOW)


def make_event(member: Member, day: date, rng: random.Random) -> UsageEvent:
    model = rng.choices(list(MODELS), [weight for _, weight in MODELS.values()])[0]
    is_failed = rng.random() < 0.06
    cents = Decimal(0) if is_failed else Decimal(str(round(MODELS[model][0] * rng.lognormvariate(0, 0.5), 4)))
    return UsageEvent(
        member=member,
        occurred_at=datetime.combine(day, time(), UTC) + timedelta(milliseconds=rng.randrange(86_400_000)),
        model=model,
        kind=FAILED_KIND if is_failed else "Usage-based" if rng.random() < 0.5 else "Included in Business",
        charged_cents=cents,
        is_chargeable=not is_failed and rng.random() < 0.5,
        cache_read_tokens=rng.randrange(5_000, 90_000),
        first_seen_at=NOW,
        changed_at=NOW,
    )


def make_activity(member: Member, day: date, count: int, rng: random.Random) -> None:
    applies = rng.randrange(0, 2 * count)
    DailyActivity.objects.create(
        member=member, day=day, is_active=True, lines_added=20 * count, applies=applies,
        accepts=rng.randrange(0, applies + 1), tabs_accepted=count, client_version="2.1.4", updated_at=NOW,
    )  # fmt: skip


@dataclass(frozen=True)
class Fact:
    """One raw event, with what the tests ask of it."""

    email: str
    name: str
    at: datetime
    model: str
    cents: Decimal
    is_billed: bool
    is_served: bool
    context: int

    @property
    def group(self) -> str:
        if self.email == MOVER and self.at.date() >= MOVED_ON:
            return "Data"
        return SEATS.get(self.email, ("", None))[1] or "Unassigned"


def facts() -> list[Fact]:
    """Every stored event."""
    events = UsageEvent.objects.values_list(
        "member__email", "member__name", "occurred_at", "model", "charged_cents", "is_chargeable", "kind",
        "cache_read_tokens",
    )  # fmt: skip
    return [Fact(*values, kind != FAILED_KIND, context or 0) for *values, kind, context in events]


def within(found: Iterable[Fact], period: str) -> list[Fact]:
    """The facts of a period as the pages define it: whole days before today, or the cycle to the instant."""
    if period == "cycle":
        return [fact for fact in found if CYCLE_START <= fact.at < CYCLE_END]
    days = int(period.rstrip("dh")) if period != "24h" else 1
    midnight = datetime.combine(TODAY, time(), UTC)
    return [fact for fact in found if midnight - timedelta(days=days) <= fact.at < midnight]


def in_group(found: Iterable[Fact], group: str) -> list[Fact]:
    """The facts of whoever was in `group`, or below it, on the day."""
    return [fact for fact in found if fact.group == group or fact.group.startswith(group + " > ")]

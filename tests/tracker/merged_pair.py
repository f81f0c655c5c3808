"""Two members who are one, with rows in every table, and the whole database to compare."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.apps import apps

from collector.facts import rollups
from collector.models import (
    AiCodeCommit,
    BillingCycle,
    CursorGroup,
    CursorGroupMembership,
    DailyActivity,
    DirectoryGroup,
    Lease,
    Member,
    MemberAddress,
    MemberAnalyticsDay,
    MemberMerge,
    MemberModelDay,
    MemberModelHour,
    SpendSnapshot,
)
from detection.models import Exemption
from groups.budgets.models import BudgetStep, CycleBudget
from groups.models import Assignment, Group
from incidents.models import IncidentAnomaly, LimitChange, LimitRequest
from tests.detection.facts import make_event, make_member
from tests.incidents.factories import make_anomaly, make_incident
from tests.sums import KEPT
from tracker.models import SavingFollowUp

NOW = datetime(2026, 3, 17, 15, 0, 0, 123456, tzinfo=UTC)
DAY, EARLIER = date(2026, 3, 16), date(2026, 3, 3)
NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
SUMS = {kept.sums for kept in KEPT}
# Written whenever something is, and no fact.
STAMPS = {"updated_at", "writes"}


def make_pair() -> tuple[Member, Member]:
    """Ida under her old address and under her new one, with rows of each kind under both."""
    cycle = BillingCycle.objects.create(
        start_at=datetime(2026, 3, 1, tzinfo=UTC), end_at=datetime(2026, 4, 1, tzinfo=UTC)
    )
    old = make_member("ida@old.example", name="Ida", cursor_id="user_ida", role="member")
    new = make_member("ida@new.example", name="", first_seen_at=NOW - HOUR, last_seen_at=NOW)
    group = Group.objects.create(name="Core", created_at=NOW)
    vendor = CursorGroup.objects.create(cursor_id="g1", name="Core", first_seen_at=NOW, last_seen_at=NOW)
    directory = DirectoryGroup.objects.create(cursor_id="d1", name="D", first_seen_at=NOW, last_seen_at=NOW)
    for member in (old, new):
        fill(member, cycle, group, vendor, directory)
    make_event(old, NOON - timedelta(days=14), 5)
    make_event(new, NOON + HOUR, 87, input_tokens=5_000_000, ordinal=1)  # no key of a member
    for member in (old, new):
        days = {at.date() for at in member.usage_events.values_list("occurred_at", flat=True)}
        rollups.recompute({(member.pk, day) for day in days}, NOW)
    return old, new


def fill(
    member: Member, cycle: BillingCycle, group: Group, vendor: CursorGroup, directory: DirectoryGroup
) -> None:
    make_event(member, NOON, 10, input_tokens=7)  # the same one under both addresses
    make_event(member, NOON + HOUR, 2, input_tokens=member.pk)  # two of one millisecond
    MemberModelDay.objects.create(member=member, day=EARLIER, model="m", total_cents=100, updated_at=NOW)
    MemberModelHour.objects.create(
        member=member, hour_at=NOON - timedelta(days=13), model="m", total_cents=member.pk, updated_at=NOW
    )
    DailyActivity.objects.create(member=member, day=DAY, agent_requests=3, updated_at=NOW)
    MemberAnalyticsDay.objects.create(member=member, metric="tabs", day=DAY, count=3, updated_at=NOW)
    AiCodeCommit.objects.create(member=member, commit_hash="abc", day=DAY, ingested_at=NOW, updated_at=NOW)
    SpendSnapshot.objects.create(
        member=member, cycle=cycle, taken_at=NOON, confirmed_at=NOON, meaning="current", total_cents=500
    )
    CursorGroupMembership.objects.create(group=vendor, member=member, joined_at=NOON)
    directory.members.add(member)
    make_member(f"service-account:{member.pk}", kind="service_account", owner=member)
    MemberAddress.objects.create(email=f"former-{member.pk}@x.example", member=member, noted_at=NOON)
    Assignment.objects.create(
        member=member, group=group, from_day=DAY, source="manual", changed_by="ann", changed_at=NOON
    )
    CycleBudget.objects.create(member=member, amount_dollars=50)
    BudgetStep.objects.create(
        cycle=cycle,
        target=f"member:{member.pk}",
        percent=50,
        budget_cents=5000,
        spent_cents=2500,
        reached_at=NOON,
    )
    anomaly = make_anomaly(member)
    incident = make_incident(member)
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=NOON)
    Exemption.objects.create(member=member, cause="spend", kind="expected", created_at=NOON)
    LimitChange.objects.create(
        member=member, reason="r", origin="page", requested_at=NOON, key=f"k{member.pk}", to_dollars=5
    )
    LimitRequest.objects.create(member=member, dollars=5, reason="r", asked_at=NOON, expires_at=NOW)
    SavingFollowUp.objects.create(
        member=member,
        model="opus",
        instead="sonnet",
        raised_at=NOON,
        changed_at=NOON,
        token_share=1,
        cents_per_token=1,
    )


def whole_database() -> dict[str, list[dict[str, Any]]]:
    tables: dict[str, list[dict[str, Any]]] = {}
    for model in apps.get_models(include_auto_created=True):
        if model in (MemberMerge, Lease) or "Historical" in model.__name__ or not model._meta.managed:
            continue
        names = [f.attname for f in model._meta.concrete_fields if f.name not in STAMPS]
        rows = model._base_manager.order_by("pk")
        if model.__name__ in ("MemberModelDay", "MemberModelHour") or model in SUMS:
            names.remove("id")  # worked out again
        if model in SUMS:
            rows = rows.filter(day_rows__gt=0)
        rows = rows.values(*names)
        tables[model._meta.label] = sorted(rows, key=str)
    return tables

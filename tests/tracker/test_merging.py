"""Two members with rows in every table become one, and two again."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps

from collector.facts import rollups
from collector.facts.merging import MergeRefused, merge_members, preview_merge, undo_merge
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
    UsageEvent,
)
from detection.models import Anomaly, Exemption
from groups.budgets.models import BudgetStep, CycleBudget
from groups.models import Assignment, Group
from incidents.models import Incident, IncidentAnomaly, LimitChange, LimitRequest, TimelineEntry
from tests.detection.facts import make_event, make_member
from tests.incidents.factories import make_anomaly, make_incident
from tracker.models import SavingFollowUp

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 17, 15, 0, 0, 123456, tzinfo=UTC)
DAY, EARLIER = date(2026, 3, 16), date(2026, 3, 3)
NOON = datetime(2026, 3, 16, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
# Written whenever something is, and no fact.
STAMPS = {"updated_at", "writes"}


@pytest.fixture
def cycle() -> BillingCycle:
    return BillingCycle.objects.create(
        start_at=datetime(2026, 3, 1, tzinfo=UTC), end_at=datetime(2026, 4, 1, tzinfo=UTC)
    )


@pytest.fixture
def pair(cycle) -> tuple[Member, Member]:
    """Ida under her old address and under her new one, with rows of each kind under both."""
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
        if model.__name__ == "MemberModelDay" or model.__name__ == "MemberModelHour":
            names.remove("id")  # worked out again
        rows = model._base_manager.order_by("pk").values(*names)
        tables[model._meta.label] = sorted(rows, key=str)
    return tables


def test_every_table_about_a_member_follows_and_comes_back(pair):
    old, new = pair
    for relation in Member._meta.related_objects:
        table = relation.related_model
        if not table._meta.proxy:
            assert table._base_manager.filter(**{relation.field.name: new}).exists(), f"{table} is not tried"
    before = whole_database()
    record = merge_members(old, new, by="ann", now=NOW)
    assert not Member.objects.filter(email=new.email).exists()
    assert Member.objects.by_address("Ida@New.example") == old
    assert whole_database() != before
    undo_merge(record, by="ann", now=NOW)
    assert whole_database() == before
    again = merge_members(old, Member.objects.get(email=new.email), by="ann", now=NOW)
    merged = whole_database()
    undo_merge(again, by="ann", now=NOW)
    merge_members(old, Member.objects.get(email=new.email), by="ann", now=NOW)
    assert {label: len(rows) for label, rows in merged.items()} == {
        label: len(rows) for label, rows in whole_database().items()
    }


def test_what_is_the_same_counts_once_and_nothing_is_lost(pair):
    old, new = pair
    record = merge_members(old, new, by="ann", now=NOW)
    events = UsageEvent.objects.filter(member=old).order_by("occurred_at", "charged_cents")
    assert [(event.charged_cents, event.ordinal) for event in events] == [
        (500, 0),
        (1000, 0),
        (200, 0),
        (200, 1),
        (8700, 2),
    ]
    by_day = dict(MemberModelDay.objects.filter(total_cents__gt=0).values_list("day", "total_cents"))
    assert by_day[DAY] == 10_00 + 2_00 + 2_00 + 87_00
    assert MemberModelDay.objects.filter(day=EARLIER, model="m").get().total_cents == 100
    assert MemberModelHour.objects.get(model="m").total_cents == old.pk + new.pk
    assert DailyActivity.objects.get().agent_requests == 3
    assert MemberAnalyticsDay.objects.get().count == 3
    assert AiCodeCommit.objects.count() == 1
    assert SpendSnapshot.objects.get().total_cents == 1000  # both were listed at that moment
    assert Decimal(record.sums["after"]["cents"]) == 500 + 100 + 10_100
    assert (record.sums["kept"]["events"], record.sums["gone"]["events"]) == (3, 3)


def test_the_kept_members_own_wins_and_one_incident_goes_on(pair):
    old, new = pair
    kept = Incident.objects.get(member=old)
    merge_members(old, new, by="ann", now=NOW)
    assert Assignment.objects.get().member == old
    assert CycleBudget.objects.get().member == old
    assert Incident.objects.unresolved().get() == kept
    assert IncidentAnomaly.objects.filter(incident=kept).count() == 2
    assert TimelineEntry.objects.filter(text__contains="was merged into").count() == 2
    assert Anomaly.objects.open().count() == 1
    assert Exemption.objects.filter(member=old).count() == 2
    assert sorted(LimitChange.objects.values_list("status", flat=True)) == ["intended", "skipped"]
    assert sorted(LimitRequest.objects.values_list("status", flat=True)) == ["expired", "pending"]


@pytest.mark.parametrize("other", [None, NOW + 2 * HOUR])
def test_a_snooze_holds_for_both_incidents_or_for_neither(pair, other):
    old, new = pair
    Incident.objects.filter(member=old).update(snoozed_until=NOW + 9 * HOUR)
    Incident.objects.filter(member=new).update(snoozed_until=other)
    record = merge_members(old, new, by="ann", now=NOW)
    assert Incident.objects.unresolved().get().snoozed_until == other
    undo_merge(record, by="ann", now=NOW)
    assert Incident.objects.get(member=old).snoozed_until == NOW + 9 * HOUR


def test_a_preview_changes_nothing_and_knows_the_sums(pair):
    old, new = pair
    before = whole_database()
    record = preview_merge(old, new, by="ann", now=NOW)
    assert whole_database() == before
    assert not MemberMerge.objects.exists()
    assert record.counts["usage events"] >= 1
    assert record.sums["after"]["events"] == 5


def test_merges_are_undone_in_the_order_that_makes_sense(pair):
    old, new = pair
    third = make_member("ida@third.example")
    first = merge_members(old, new, by="ann", now=NOW)
    second = merge_members(old, third, by="ann", now=NOW)
    with pytest.raises(MergeRefused, match="later merge first"):
        undo_merge(first, by="ann", now=NOW)
    undo_merge(second, by="ann", now=NOW)
    undo_merge(first, by="ann", now=NOW)
    with pytest.raises(MergeRefused, match="already been undone"):
        undo_merge(first, by="ann", now=NOW)


def test_usage_that_came_after_the_merge_stays_with_the_kept_member(pair):
    old, new = pair
    record = merge_members(old, new, by="ann", now=NOW)
    make_event(old, NOW + HOUR, 3, changed_at=NOW + HOUR)
    rollups.recompute({(old.pk, NOW.date())}, NOW + HOUR)
    undo_merge(record, by="ann", now=NOW + 2 * HOUR)
    days = MemberModelDay.objects.filter(day=NOW.date(), total_cents__gt=0)
    assert list(days.values_list("member_id", "total_cents")) == [(old.pk, 300)]


@pytest.mark.parametrize(
    ("kind", "text"), [("service_account", "cannot be merged"), ("unattributed", "Unattributed")]
)
def test_different_kinds_are_not_merged(kind, text):
    ida, other = make_member("ida@x.example"), make_member("other", kind=kind)
    with pytest.raises(MergeRefused, match=text):
        merge_members(ida, other, by="ann", now=NOW)
    with pytest.raises(MergeRefused, match="two different"):
        merge_members(ida, ida, by="ann", now=NOW)

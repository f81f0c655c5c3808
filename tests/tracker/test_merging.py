"""Two members with rows in every table become one, and two again."""

from __future__ import annotations

from decimal import Decimal

import pytest
from django.db import IntegrityError

from collector.facts import merging, rollups
from collector.facts.merging import MergeRefused, merge_members, preview_merge, undo_merge
from collector.models import (
    AiCodeCommit,
    DailyActivity,
    Member,
    MemberAnalyticsDay,
    MemberMerge,
    MemberModelDay,
    MemberModelHour,
    SpendSnapshot,
    UsageEvent,
)
from detection.models import Anomaly, Exemption
from groups.budgets.models import CycleBudget
from groups.models import Assignment
from incidents.models import Incident, IncidentAnomaly, LimitChange, LimitRequest, TimelineEntry
from tests.detection.facts import make_event, make_member
from tests.incidents.factories import make_anomaly
from tests.tracker.merged_pair import DAY, EARLIER, HOUR, NOW, make_pair, whole_database

pytestmark = pytest.mark.django_db


@pytest.fixture
def pair() -> tuple[Member, Member]:
    return make_pair()


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
    DailyActivity.objects.filter(member=new).update(unread=["rejects"])
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
    activity = DailyActivity.objects.get()
    assert (activity.agent_requests, activity.unread) == (3, ["rejects"])
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


def test_an_incident_that_takes_over_an_earlier_onset_takes_over_when_its_usage_came(pair):
    old, new = pair
    Incident.objects.filter(member=old).update(onset_at=NOW - 2 * HOUR, onset_collected_at=NOW - HOUR)
    Incident.objects.filter(member=new).update(onset_at=NOW - 9 * HOUR, onset_collected_at=NOW - 8 * HOUR)
    merge_members(old, new, by="ann", now=NOW)
    kept = Incident.objects.unresolved().get()
    assert (kept.onset_at, kept.onset_collected_at) == (NOW - 9 * HOUR, NOW - 8 * HOUR)


@pytest.mark.parametrize("times", [1, 3])
def test_a_row_about_the_one_that_goes_that_is_written_meanwhile_moves_too(pair, monkeypatch, times):
    old, new = pair
    join, met = merging._join_members, []

    def join_while_a_run_writes(going):
        if len(met) < times:
            met.append(make_anomaly(going.gone, rule="drift"))
        join(going)

    monkeypatch.setattr(merging, "_join_members", join_while_a_run_writes)
    if times > 2:
        with pytest.raises(IntegrityError):
            merge_members(old, new, by="ann", now=NOW)
        assert Member.objects.filter(pk=new.pk).exists()
    merge_members(old, new, by="ann", now=NOW)
    assert not Member.objects.filter(pk=new.pk).exists()
    assert len(met) == times

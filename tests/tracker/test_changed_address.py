"""A member's address changes before an expensive day: what follows equals a run without the change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum

from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.facts import roster
from collector.facts.merging import finish_merges, undo_merge
from collector.models import Doubt, Member, MemberMerge, MemberModelDay, UsageEvent
from collector.sources import activity, events, members
from detection.engine import detect
from detection.models import Anomaly, Exemption
from groups.assignments.membership import current
from groups.models import Assignment, Group
from incidents.lifecycle import Actor, take_in, verdict
from incidents.models import Incident, Origin
from tests.collector import conftest as collector_fixtures
from tests.collector.fake_api import event, events_page, member

pytestmark = pytest.mark.django_db
told, client = collector_fixtures.told, collector_fixtures.client
TODAY = datetime(2026, 9, 16, tzinfo=UTC)
NOW = TODAY + timedelta(hours=15)
DAY, HOUR = timedelta(days=1), timedelta(hours=1)
OLD, NEW = "ida@old.example", "ida@new.example"
FIGURES = ("rule", "severity", "observed", "bound", "extra_cents", "onset_at")
FRESH = {"events": timedelta(0), "spend": timedelta(0)}


def history(address: str) -> list[dict[str, Any]]:
    """28 days of about $12 for Ida, and for eight colleagues of hers."""
    people = [address, *[f"c{number}@x.example" for number in range(8)]]
    return [
        event(
            TODAY - back * DAY + timedelta(hours=9 + part, seconds=number), email, chargedCents=395 + back % 5
        )
        for back in range(1, 29)
        for number, email in enumerate(people)
        for part in range(3)
    ]


def runaway(address: str) -> list[dict[str, Any]]:
    """$87 in three hours of today."""
    at = TODAY + timedelta(hours=11, minutes=30)
    return [event(at + n * timedelta(minutes=20), address, chargedCents=870) for n in range(10)]


def read_members(told, client, at: datetime, address: str) -> None:
    rows = [member(address, id="user_ida", name="Ida"), *[member(f"c{n}@x.example") for n in range(8)]]
    told.tell(members.PATH, {"teamMembers": rows})
    members.sync(client, Window(at, at, at))


def read_events(told, client, since: datetime, rows: list[dict[str, Any]], at: datetime) -> None:
    told.tell(reading.PATH, events_page(rows))
    events.sync(client, Window(since, at, at))


def judge(at: datetime) -> None:
    take_in(detect(at, data_ages=FRESH), at)


def begin(told, client) -> Member:
    """History, baseline, group, and an incident with a verdict, all under the old address."""
    read_members(told, client, TODAY - DAY, OLD)
    read_events(told, client, TODAY - 28 * DAY, history(OLD), TODAY)
    ida = Member.objects.get(email=OLD)
    group = Group.objects.create(name="Core", created_at=TODAY)
    Assignment.objects.create(
        member=ida, group=group, from_day=(TODAY - 20 * DAY).date(), source="hibob", changed_at=TODAY
    )
    incident = Incident.objects.create(
        member=ida, cause="requests", severity="warning", detected_at=TODAY, last_run_at=TODAY, message="m"
    )
    assert verdict(incident, Actor(None, "Ann"), Origin.PAGE, TODAY, "expected").won
    judge(TODAY)
    return ida


def outcome(ida: Member) -> dict[str, Any]:
    """Everything that must not depend on the address."""
    found = Anomaly.objects.filter(member=ida).order_by("rule")
    group = current(NOW.date())[ida.pk]
    incidents = Incident.objects.order_by("pk")
    spent = MemberModelDay.objects.filter(member=ida).values_list("day").order_by("day")
    return {
        "anomalies": list(found.values_list(*FIGURES)),
        "incidents": list(incidents.values_list("cause", "status", "verdict", "severity")),
        "group": group and group.name,
        "exempt": Exemption.objects.filter(member=ida).count(),
        "by_day": list(spent.annotate(Sum("total_cents"), Sum("requests"))),
        "team": MemberModelDay.objects.aggregate(Sum("total_cents"), Sum("requests")),
        "events": UsageEvent.objects.count(),
        "members": Member.objects.count(),
    }


def test_an_expensive_day_after_the_change_raises_what_it_raises_without(told, client):
    plays = {"without": [], "list first": ["list"], "events first": ["events", "list"]}
    results = {name: play(told, client, steps) for name, steps in plays.items()}
    assert results["list first"] == results["without"]
    assert results["events first"] == results["without"]
    anomalies = results["without"]["anomalies"]
    assert [row[:2] for row in anomalies] == [
        ("own_baseline", "warning"),
        ("spike", "warning"),
        ("team_spend", "info"),
    ]
    spike = anomalies[1]
    # The bound is five times the daily average of the week before: $11.92.
    assert (spike[2], round(spike[2] / (spike[3] / 5), 1)) == (8700, 7.3)
    assert results["without"]["by_day"][-1][1:] == (8700, 10)
    assert (results["without"]["members"], results["without"]["group"]) == (9, "Core")


def play(told, client, steps: list[str]) -> dict[str, Any]:
    """One run of the case, undone afterwards; what it led to."""
    with transaction.atomic():
        ida = begin(told, client)
        address = NEW if steps else OLD
        # The vendor tells the past under the new address too: read again are the last 24 hours.
        again = [row for row in history(address) if int(row["timestamp"]) >= (NOW - DAY).timestamp() * 1000]
        today = again + runaway(address)
        if "list" in steps and steps[0] == "list":
            read_members(told, client, NOW, address)
        read_events(told, client, NOW - DAY, today, NOW)
        if steps and steps[0] == "events":
            assert Member.objects.filter(email=NEW).exists()
            read_members(told, client, NOW, address)
        judge(NOW)
        for known in {OLD, address}:
            assert Member.objects.by_address(known) == ida
        result = outcome(ida)
        # All of it once more changes nothing.
        read_members(told, client, NOW + HOUR, address)
        read_events(told, client, NOW - DAY, today, NOW)
        judge(NOW)
        assert outcome(ida) == result
        transaction.set_rollback(True)
    return result


def test_a_number_that_daily_usage_tells_with_both_addresses_is_one_member(told, client):
    read_events(told, client, NOW - DAY, [event(NOW - 2 * HOUR, OLD), event(NOW - HOUR, NEW)], NOW)
    assert Member.objects.count() == 2
    for address in (OLD, NEW, NEW):
        row = {"userId": 7, "day": "2026-09-16", "date": 1, "email": address, "agentRequests": 4}
        told.tell(activity.PATH, {"data": [row], "pagination": {"totalUsers": 1, "totalPages": 1}})
        activity.sync(client, Window(TODAY, NOW, NOW))
    kept = Member.objects.get()
    assert (kept.email, kept.numeric_id) == (OLD, "7")
    assert Member.objects.by_address(NEW) == kept
    assert UsageEvent.objects.filter(member=kept).count() == 2


def test_a_member_with_much_usage_is_merged_by_the_next_collection_in_parts(told, client, monkeypatch):
    monkeypatch.setattr(roster, "MOST_EVENTS_AT_ONCE", 0)
    read_members(told, client, TODAY, OLD)
    read_events(told, client, TODAY, [event(NOW - HOUR, NEW)], NOW)
    read_members(told, client, NOW, NEW)
    read_members(told, client, NOW, NEW)
    assert MemberMerge.objects.get().is_under_way
    assert Member.objects.filter(email__in=[OLD, NEW]).count() == 2
    finish_merges(NOW)
    read_members(told, client, NOW + HOUR, NEW)
    kept = Member.objects.get(email__in=[OLD, NEW])
    assert (kept.email, kept.cursor_id, kept.usage_events.count()) == (NEW, "user_ida", 1)
    assert not Doubt.objects.still_open().filter(kind="identity").exists()


def test_two_that_a_person_separated_are_not_merged_by_themselves_again(told, client):
    read_members(told, client, TODAY, OLD)
    read_events(told, client, TODAY, [event(NOW - HOUR, NEW)], NOW)
    read_members(told, client, NOW, NEW)
    record = MemberMerge.objects.get()
    assert (record.merged_by, record.kept_email, record.gone_email) == ("Cursor", OLD, NEW)
    assert Member.objects.get(cursor_id="user_ida").email == NEW
    undo_merge(record, by="ann", now=NOW)
    assert Member.objects.get(cursor_id="user_ida").email == OLD
    read_members(told, client, NOW + HOUR, NEW)
    assert Member.objects.filter(email__in=[OLD, NEW]).count() == 2
    assert Doubt.objects.still_open().filter(kind="identity").count() == 1


def test_an_address_of_somebody_who_held_a_seat_is_not_merged_by_itself(told, client):
    read_members(told, client, TODAY, OLD)
    Member.objects.create(email=NEW, role="member", first_seen_at=TODAY, last_seen_at=TODAY)
    read_members(told, client, NOW, NEW)
    assert not MemberMerge.objects.exists()
    assert Doubt.objects.still_open().filter(kind="identity").count() == 1

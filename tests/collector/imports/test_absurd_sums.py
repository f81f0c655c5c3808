"""Amounts each of which could be, and that together are more than a team can spend."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from collector.collecting.windows import Window
from collector.cursor.errors import CursorApiError
from collector.facts.reconcile import reconcile
from collector.imports.usage import import_usage
from collector.models import Doubt, Member, MemberModelDay, SpendSnapshot, TeamModelDay, UsageEvent
from collector.sources import events, spend
from tests.collector.fake_api import event, events_page, spend_page, spend_row
from tests.collector.imports.rows import ONE, TEAM

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 15, 10, tzinfo=UTC)
SECOND, HOUR = timedelta(seconds=1), timedelta(hours=1)
WINDOW = Window(AT - HOUR, AT + HOUR, AT + HOUR)


def collect(told, client, *amounts: float, **fields) -> None:
    rows = [
        event(AT + n * SECOND / 1000, "ana@x.com", chargedCents=cents, **fields)
        for n, cents in enumerate(amounts)
    ]
    told.tell(events.PATH, events_page(rows))
    events.sync(client, WINDOW)


def test_events_that_add_up_to_an_absurd_day_leave_the_others_of_their_hour(told, client):
    collect(told, client, 42, *[10**7] * 1000, 50_000)
    assert {row.charged_cents for row in UsageEvent.objects.all()} == {42, 50_000}
    assert MemberModelDay.objects.get().total_cents == TeamModelDay.objects.get().total_cents == 50_042
    doubt = Doubt.objects.still_open().get()
    assert (doubt.kind, doubt.rows, doubt.cents) == ("too_much", 1000, 10**10 - 1)


def test_a_large_event_of_a_day_that_can_be_is_stored(told, client):
    collect(told, client, *[10**7] * 999)
    assert MemberModelDay.objects.get().total_cents == 999 * 10**7
    assert not Doubt.objects.exists()


def test_a_day_whose_small_events_add_up_to_too_much_fails_the_source(told, client, monkeypatch):
    monkeypatch.setattr("collector.sources.event_rows.MOST_TOGETHER", Decimal(1000))
    with pytest.raises(CursorApiError, match="2026-09-15 add up to more than a team can spend"):
        collect(told, client, 600, 500, 10**6)
    assert not UsageEvent.objects.exists()
    assert Doubt.objects.still_open().filter(kind="too_much").exists()


def test_so_do_small_events_beside_no_large_one(told, client, monkeypatch):
    monkeypatch.setattr("collector.sources.event_rows.MOST_TOGETHER", Decimal(1000))
    with pytest.raises(CursorApiError, match="2026-09-15 add up to more than a team can spend"):
        collect(told, client, 600, 500)


def test_what_usage_was_worth_counts_as_well(told, client):
    collect(told, client, 42, *[0] * 1000, tokenUsage={"inputTokens": 1, "totalCents": 10**7})
    assert not UsageEvent.objects.exists()


def test_the_rows_of_a_file_are_held_to_the_same(write):
    costs = [*["100000"] * 1000, "0.42"]
    rows = [
        ONE.replace("0.42", cost).replace(":00.123", f":{n // 100:02}.{n % 100:03}")
        for n, cost in enumerate(costs)
    ]
    result = import_usage(write(TEAM + "".join(rows)), AT)
    assert MemberModelDay.objects.get().total_cents == 42
    assert (result.new, result.absurd, result.repeated) == (1, 1000, 0)
    assert "1,000 not imported: their days add up to more than a team can spend" in list(result.lines)


def test_a_cycle_whose_days_add_up_to_more_than_a_column_holds_is_not_compared(told, client):
    told.tell(spend.PATH, spend_page([spend_row("ana@x.com", overallSpendCents=5)], start=AT - 96 * HOUR))
    spend.sync(client, Window(AT, AT, AT))
    ana = Member.objects.get()
    for days in (1, 2):
        day = (AT - days * 24 * HOUR).date()
        MemberModelDay.objects.create(member=ana, day=day, total_cents=9 * 10**9, updated_at=AT)
    assert reconcile(AT) == []


def test_spend_of_all_members_that_no_team_can_have_fails_the_source(told, client):
    rows = [
        spend_row(f"a{n}@x.com", userId=f"user_{n}", overallSpendCents=10**9, spendCents=0) for n in range(10)
    ]
    told.tell(spend.PATH, spend_page(rows, start=AT - 24 * HOUR))
    with pytest.raises(CursorApiError, match="adds up to more than a team can spend"):
        spend.sync(client, Window(AT, AT, AT))
    assert not SpendSnapshot.objects.exists()
    told.tell(spend.PATH, spend_page(rows[:9], start=AT - 24 * HOUR))
    spend.sync(client, Window(AT, AT, AT))
    assert [row.snapshot_total_cents for row in reconcile(AT)] == [9 * 10**9]


def test_days_that_each_can_be_stored_stop_no_collection_together(told, client):
    told.tell(spend.PATH, spend_page([spend_row("ana@x.com")], start=AT - 24 * HOUR))
    spend.sync(client, Window(AT, AT, AT))
    for day in (AT, AT + 24 * HOUR):
        rows = [event(day + n * SECOND, "ana@x.com", chargedCents=10**7) for n in range(600)]
        told.tell(events.PATH, events_page(rows))
        events.sync(client, Window(day - HOUR, day + HOUR, day + HOUR))
    assert [row.total_cents for row in MemberModelDay.objects.all()] == [600 * 10**7] * 2
    assert not reconcile(AT + 25 * HOUR)

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from collector.collecting.windows import Window
from collector.cursor.events import PATH
from collector.facts.reconcile import CycleSums, explain_difference, reconcile
from collector.models import Reconciliation, Watermark
from collector.sources import events, spend
from tests.collector.fake_api import event, events_page, spend_page, spend_row

START = datetime(2026, 9, 14, 21, 23, 8, tzinfo=UTC)
NOW = datetime(2026, 9, 16, 10, tzinfo=UTC)


def sums(events_total: int, snapshot: int | None, **known) -> CycleSums:
    told = None if snapshot is None else Decimal(snapshot)
    return CycleSums(Decimal(events_total), Decimal(0), told, told, **known)


@pytest.mark.parametrize(
    ("known", "parts"),
    [
        (sums(100, 100), {}),
        (sums(100, None), {}),
        (sums(100, 90, no_seat=Decimal(10)), {"no_seat": -10}),
        (sums(100, 70, no_seat=Decimal(10), recent=Decimal(25)), {"no_seat": -10, "late": -20}),
        (sums(100, 70, recent=Decimal(5)), {"late": -5, "unexplained": -25}),
        (sums(100, 130, recent=Decimal(5)), {"late": 5, "unexplained": 25}),
        (sums(100, 130, is_history_missing=True), {"outside_retention": 30}),
    ],
)
def test_the_parts_add_up_to_the_difference(known, parts):
    assert {part["reason"]: Decimal(part["cents"]) for part in explain_difference(known)} == parts


def read(told, client, at: datetime, rows: list[dict], overall: int, **fields) -> None:
    told.tell(
        spend.PATH,
        spend_page([spend_row("ana@x.com", overallSpendCents=overall, spendCents=5, **fields)], start=START),
    )
    told.tell(PATH, events_page(rows))
    window = Window(START, at, at)
    spend.sync(client, window)
    events.sync(client, window)


@pytest.mark.django_db
def test_a_cycle_is_compared_and_the_difference_is_stored_once(told, client):
    rows = [
        event(START, "ana@x.com", chargedCents=100),
        event(START + timedelta(hours=1), None, chargedCents=7, isChargeable=False),
        event(NOW - timedelta(minutes=30), "ana@x.com", chargedCents=3),
    ]
    read(told, client, NOW, rows, overall=100)
    for _ in range(2):
        reconcile(NOW)
        row = Reconciliation.objects.get()
        assert (row.events_total_cents, row.events_billed_cents) == (110, 103)
        assert (row.snapshot_total_cents, row.snapshot_on_demand_cents) == (100, 5)
        assert {part["reason"]: Decimal(part["cents"]) for part in row.explanation} == {
            "no_seat": -7,
            "late": -3,
        }


@pytest.mark.django_db
def test_history_that_the_api_does_not_give_explains_what_is_missing(told, client):
    read(told, client, NOW, [event(NOW - timedelta(hours=5), "ana@x.com", chargedCents=100)], overall=130)
    Watermark.objects.filter(source="events").update(complete_from_at=START + timedelta(days=1))
    reconcile(NOW)
    assert Reconciliation.objects.get().explanation == [{"reason": "outside_retention", "cents": "30.000000"}]


@pytest.mark.django_db
def test_an_answer_of_uncertain_meaning_is_not_compared(told, client):
    told.tell(spend.PATH, spend_page([spend_row("ana@x.com", overallSpendCents=None)], start=START))
    spend.sync(client, Window(NOW, NOW, NOW))
    reconcile(NOW)
    row = Reconciliation.objects.get()
    assert (row.snapshot_total_cents, row.snapshot_on_demand_cents, row.explanation) == (None, None, [])

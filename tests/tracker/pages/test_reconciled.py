"""Cursor's own total beside the sum of its events: the difference is said, with its parts."""

import pytest

from collector.models import BillingCycle, Reconciliation
from tests.tracker.pages import company
from tracker.reports.cycle import reconciled

SAID = (
    "Cursor&#x27;s own total is $950.00, $50.00 less than its events&#x27; $1,000.00: "
    "-$51.20 spent without a seat (service accounts, no e-mail), which Cursor&#x27;s list excludes; "
    "+$1.20 of the last hour, which one side may not have yet (as of 23 Nov 2026, 14:30 UTC)"
)


def make_comparison(**changed):
    values = {
        "events_total_cents": 100_000,
        "events_billed_cents": 20_000,
        "snapshot_total_cents": 95_000,
        "explanation": [{"reason": "no_seat", "cents": "-5120"}, {"reason": "late", "cents": "120"}],
    } | changed
    cycle = BillingCycle.objects.get(start_at=company.CYCLE_START)
    return Reconciliation.objects.create(cycle=cycle, taken_at=company.NOW, **values)


@pytest.mark.parametrize("path", ["/", "/chargeback"])
def test_the_difference_stands_beside_the_cycle_with_its_parts(acme, client, path):
    assert "own total" not in client.get(path).text
    make_comparison()
    assert SAID in client.get(path).text


def test_under_a_filter_there_is_nothing_to_compare(acme, client):
    make_comparison()
    assert "own total" not in client.get("/?group=Data").text


def test_whoever_may_not_see_everybody_does_not_see_the_team_s_total(acme, client, monkeypatch):
    make_comparison()
    monkeypatch.setattr("tracker.views.chargeback.visible_ids", lambda access, day: frozenset())
    assert "own total" not in client.get("/chargeback").text


def test_no_difference_and_no_total_are_said_too(acme):
    assert reconciled(make_comparison(snapshot_total_cents=100_000, explanation=[]).cycle).said == (
        "Cursor's own total is the same as of 23 Nov 2026, 14:30 UTC"
    )
    Reconciliation.objects.update(snapshot_total_cents=None)
    assert reconciled(Reconciliation.objects.get().cycle).said == (
        "Cursor's answer has no total of its own for the cycle"
    )


def test_the_json_has_it_as_a_field_of_its_own(acme, client):
    assert client.get("/api/stats").json()["reconciliation"] is None
    make_comparison()
    assert client.get("/api/stats").json()["reconciliation"] == {
        "takenAt": "2026-11-23T14:30:00Z",
        "eventsCents": "100000.000000",
        "cursorCents": "95000.000000",
        "parts": [{"reason": "no_seat", "cents": "-5120"}, {"reason": "late", "cents": "120"}],
    }

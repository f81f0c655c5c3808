"""Late events, revised costs, retention: what the API shows at an instant."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from sandbox.company.instants import to_ms

from .conftest import NOW

DAY = timedelta(days=1)


def identity(row):
    return row["timestamp"], row.get("userEmail"), row["model"]


def test_truth_is_what_the_pages_show(api, sandbox):
    start, end = NOW - 8 * DAY, NOW - DAY
    rows = api.events(startDate=to_ms(start), endDate=to_ms(end) - 1)
    truth = sandbox.truth(start, end)
    assert rows[::-1] == truth.rows
    assert truth.count == len(rows) > 500
    assert truth.charged_cents == sum(Decimal(str(row["chargedCents"])) for row in rows)
    billed = sum(Decimal(str(row["chargedCents"])) for row in rows if row["isChargeable"])
    assert truth.billed_cents == billed


def test_a_late_event_appears_within_its_hours_and_nothing_ever_goes(sandbox):
    window = NOW - 2 * DAY, NOW
    complete = {identity(row) for row in sandbox.truth(*window).rows}
    sandbox.behaviour.update(late_share=0.1, late_hours=12)
    seen = {identity(row) for row in sandbox.truth(*window).rows}
    assert seen < complete
    sandbox.clock.advance(hours=6)
    later = {identity(row) for row in sandbox.truth(*window).rows}
    assert seen < later < complete
    sandbox.clock.advance(hours=6)
    assert {identity(row) for row in sandbox.truth(*window).rows} == complete


def test_about_the_asked_share_is_late(sandbox):
    """Far more than twelve hours of delay: what is late has not come by now."""
    total = sandbox.truth().count
    sandbox.behaviour.update(late_share=0.1, late_hours=1_000_000)
    assert 0.08 < 1 - sandbox.truth().count / total < 0.12


def test_a_revised_event_keeps_its_identity_and_settles_at_its_true_cost(sandbox):
    """On a day late in a cycle, when part of the requests is billed."""
    sandbox.clock.advance(days=-6)
    window = NOW - DAY * (7), NOW - DAY * 6
    final = sandbox.truth(*window)
    sandbox.behaviour.update(revised_share=0.2, revised_hours=24)
    early = sandbox.truth(*window)
    assert [identity(row) for row in early.rows] == [identity(row) for row in final.rows]
    changed = [pair for pair in zip(early.rows, final.rows, strict=True) if pair[0] != pair[1]]
    assert 0.05 < len(changed) / final.count < 0.2
    assert any(before["kind"] != after["kind"] for before, after in changed)
    assert early.charged_cents < final.charged_cents
    assert early.billed_cents < final.billed_cents
    sandbox.clock.advance(hours=24)
    assert sandbox.truth(*window).rows == final.rows


def test_spend_shows_what_the_events_show_while_some_are_late_or_revised(api, sandbox):
    sandbox.behaviour.update(late_share=0.2, revised_share=0.2)
    cycle_start = datetime(2026, 9, 14, 21, 23, 8, tzinfo=UTC)
    rows = api.post("/teams/spend", pageSize=100)["teamMemberSpend"]
    emails = {row["email"].lower() for row in rows}
    events = [row for row in sandbox.truth(cycle_start).rows if row.get("userEmail") in emails]
    overall = sum(Decimal(str(row["overallSpendCents"])) for row in rows)
    assert overall == sum(Decimal(str(row["chargedCents"])) for row in events)


def test_events_older_than_the_retention_are_gone(sandbox):
    sandbox.behaviour.update(retention_days=7)
    rows = sandbox.truth().rows
    assert to_ms(NOW - 7 * DAY) <= int(rows[0]["timestamp"]) < to_ms(NOW - 6 * DAY)


def test_an_unknown_switch_is_refused(sandbox):
    with pytest.raises(TypeError, match="unknown switch: colour"):
        sandbox.behaviour.update(colour="red")

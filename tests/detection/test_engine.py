"""One run over stored facts: what is written, and that repeating it changes nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.facts.merging import merge_members
from collector.models import BillingCycle, Member
from detection import engine
from detection.engine import detect
from detection.models import Anomaly, DetectionSettings
from detection.replay.backtest import backtest
from detection.replay.past import load_history

from .facts import FRESH, NOW, make_event, make_events, make_member, runaway, ten_dollar_days

pytestmark = pytest.mark.django_db


def table():
    return list(Anomaly.objects.order_by("rule").values())


def test_eighty_dollars_after_a_month_of_tens_is_found_with_onset_and_reason():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)

    report = detect(NOW, data_ages=FRESH)

    assert {anomaly.rule for anomaly in report.opened} == {"own_baseline", "spike", "expensive_model"}
    spike = Anomaly.objects.get(rule="spike")
    assert (spike.member, spike.cause, spike.observed, spike.expected) == (ana, "spend", 8000, 1000)
    assert spike.extra_cents == 7000
    # 5 x $10 = $50 is exceeded by the sixth event
    assert spike.onset_at == datetime(2026, 3, 17, 10, 30, tzinfo=UTC)
    assert sum(part["cents"] for part in spike.explanation["parts"]) == pytest.approx(7000, abs=1)
    assert spike.message.startswith(
        "Ana Ruiz spent $80 in 24 h, 8.0x their daily average of $10 (since 10:30 UTC): "
    )


def test_a_runaway_of_somebody_without_a_history_is_stored_with_what_is_known():
    for number in range(10):
        ten_dollar_days(make_member(f"member{number}@example.com"))
    newcomer = make_member()
    make_events(newcomer, [NOW - timedelta(minutes=minute + 1) for minute in range(600)], 2)
    detect(NOW, data_ages=FRESH)
    found = Anomaly.objects.get(member=newcomer, rule="own_baseline")
    assert (found.operands["requests"], found.operands["level_cents"]) == (600, None)
    assert "usually nothing" in found.message


def test_a_second_run_changes_nothing():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    detect(NOW, data_ages=FRESH)
    before = table()

    report = detect(NOW, data_ages=FRESH)

    assert table() == before
    assert (len(report.opened), len(report.still)) == (0, 3)


def test_members_merged_while_they_are_judged_are_judged_as_one(monkeypatch):
    ana, again = make_member(), make_member("ana@new.example")
    ten_dollar_days(again)
    runaway(again)
    describe = engine._describe_findings

    def merge_meanwhile(*args):
        described = describe(*args)
        if Member.objects.count() == 2:
            merge_members(ana, again, by="ada", now=NOW)
        return described

    monkeypatch.setattr(engine, "_describe_findings", merge_meanwhile)
    report = detect(NOW, data_ages=FRESH)
    assert {anomaly.member for anomaly in report.opened} == {ana}
    assert "spike" in {anomaly.rule for anomaly in report.opened}


def test_stale_events_neither_open_nor_clear():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    stale = {"events": timedelta(hours=9), "spend": timedelta(minutes=5)}

    assert detect(NOW, data_ages=stale).opened == ()
    detect(NOW, data_ages=FRESH)
    report = detect(NOW + timedelta(days=3), data_ages=stale)

    assert report.cleared == ()
    assert "spike" in {gap.rule for gap in report.no_data}
    assert Anomaly.objects.open().count() == 3


def test_what_no_longer_holds_is_cleared_and_continues_when_it_returns_within_the_cooldown():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    detect(NOW, data_ages=FRESH)

    later = NOW + timedelta(days=2)
    assert len(detect(later, data_ages=FRESH).cleared) == 3
    for minute in range(8):
        make_event(ana, later + timedelta(hours=1, minutes=minute), 10)
    report = detect(later + timedelta(hours=2), data_ages=FRESH)

    assert len(report.returned) == 3
    assert report.opened == ()
    assert Anomaly.objects.open().count() == Anomaly.objects.count() == 3


def test_what_returns_smaller_within_the_cooldown_is_told_by_what_it_is_now():
    ana = make_member()
    ten_dollar_days(ana)
    make_event(ana, NOW - timedelta(hours=1), 300)
    detect(NOW, data_ages=FRESH)
    later = NOW + timedelta(days=2)
    detect(later, data_ages=FRESH)
    make_event(ana, later + timedelta(hours=1), 80)
    report = detect(later + timedelta(hours=2), data_ages=FRESH)
    assert {anomaly.message.partition(" (")[0] for anomaly in report.returned} == {
        "Ana Ruiz spent $80 in 24 h, 8.0x their usual $10",
        "Ana Ruiz spent $80 in 24 h, 8.0x their daily average of $10",
        "Ana Ruiz paid $80 per request in 24 h, 80x their usual $1.00",
    }


def test_a_limit_that_is_exceeded_again_in_a_new_cycle_tells_the_new_cycles_spend():
    DetectionSettings.objects.update_or_create(pk=1, defaults={"cycle_limit_dollars": 400})
    turn = NOW + timedelta(hours=1)
    BillingCycle.objects.create(start_at=turn - timedelta(days=30), end_at=turn)
    BillingCycle.objects.create(start_at=turn, end_at=turn + timedelta(days=30))
    ana = make_member()
    make_event(ana, NOW - timedelta(hours=1), 900)
    detect(NOW, data_ages=FRESH)
    detect(turn, data_ages=FRESH)
    make_event(ana, turn + timedelta(hours=13), 500)
    (anomaly,) = detect(turn + timedelta(hours=14), data_ages=FRESH).returned
    assert anomaly.message.startswith("Ana Ruiz spent $500 in this cycle, over the limit of $400")


def test_what_passes_out_of_view_raises_nothing_new_and_lasts():
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)
    whole, passing = NOW + timedelta(hours=25), NOW + timedelta(hours=31)
    settings = DetectionSettings()
    history = load_history(NOW.date(), passing.date(), settings)
    assert backtest(history, settings, [passing]) == []
    assert len(backtest(history, settings, [whole, passing])) == 1

    assert detect(passing, data_ages=FRESH).opened == ()
    assert "expensive_model" in {anomaly.rule for anomaly in detect(whole, data_ages=FRESH).opened}
    assert [anomaly.rule for anomaly in detect(passing, data_ages=FRESH).still] == ["expensive_model"]

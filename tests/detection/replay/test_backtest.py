"""Past days replayed: the same as if detection had run each hour, and nothing written."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from collector.models import BillingCycle, Member, SourceRun
from detection.engine import detect
from detection.findings.wording import at_onset
from detection.models import Anomaly, DetectionSettings
from tests.detection.facts import (
    FRESH,
    NOW,
    count_hour,
    make_day,
    make_event,
    make_events,
    make_member,
    runaway,
)

pytestmark = pytest.mark.django_db
FIELDS = {
    "email",
    "rules",
    "metric",
    "onset_at",
    "detected_at",
    "ended_at",
    "severity",
    "observed_cents",
    "expected_cents",
    "extra_cents",
    "message",
}


@pytest.fixture(autouse=True)
def now(time_machine):
    time_machine.move_to(NOW + timedelta(days=4))


@pytest.fixture
def ana():
    """Ten requests of a dollar on each day but yesterday's, as events and as daily figures, then the
    runaway."""
    member = make_member()
    for back in range(2, 32):
        day = (NOW - timedelta(days=back)).date()
        make_day(member, day, 10)
        hours = [datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for hour in range(5, 15)]
        make_events(member, hours, 1)
    runaway(member)
    return member


def backtest(*arguments):
    out = StringIO()
    call_command("backtest", "--from", "2026-03-16", "--to", "2026-03-19", "--json", *arguments, stdout=out)
    return json.loads(out.getvalue())


def test_one_incident_per_stretch_with_all_its_rules(ana):
    (incident,) = backtest()
    assert set(incident) == FIELDS
    assert incident["email"] == "ana@example.com"
    assert set(incident["rules"]) == {"own_baseline", "spike", "expensive_model"}
    # the third request of ten dollars: $30 in three requests, thirty of them dearer than usual
    assert incident["detected_at"] <= "2026-03-17T11:00:00+00:00"
    # at 11:00 on the 18th the last 24 h hold $20; the 12 h in which late events may come go by
    assert incident["ended_at"] == "2026-03-18T23:00:00+00:00"
    assert (incident["observed_cents"], incident["expected_cents"], incident["extra_cents"]) == (
        8000,
        1000,
        7000,
    )


def test_it_finds_what_hourly_runs_would_have_found_and_writes_nothing(ana):
    (incident,) = backtest()
    assert Anomaly.objects.count() == 0
    for hour in range(16):
        detect(NOW.replace(hour=hour), data_ages=FRESH)
    stored = Anomaly.objects.order_by("detected_at", "pk")
    assert stored[0].detected_at.isoformat() == incident["detected_at"]
    assert {anomaly.rule for anomaly in stored} == set(incident["rules"])
    # It is told by the rule that says most, and began when the first of them crossed its bound.
    told = Anomaly.objects.get(rule="own_baseline")
    assert incident["message"] == at_onset(told.message, stored[0].onset_at, told.detected_at)
    assert incident["onset_at"] == stored[0].onset_at.isoformat() <= incident["detected_at"]


def test_days_still_to_come_are_refused(ana):
    day = f"{NOW + timedelta(days=5):%Y-%m-%d}"
    with pytest.raises(CommandError, match=f"The first day, {day}, is in the future."):
        call_command("backtest", "--from", day, "--to", day)


def test_days_of_which_nothing_is_known_are_not_called_calm(ana):
    stderr = StringIO()
    call_command(
        "backtest", "--from=2020-01-01", "--to=2020-01-03", "--json", stdout=StringIO(), stderr=stderr
    )
    assert "No usage is known from 2020-01-01 to 2020-01-03" in stderr.getvalue()


def test_a_budget_is_replayed_with_what_people_who_left_had_spent():
    start_at = datetime(2026, 3, 10, tzinfo=UTC)
    BillingCycle.objects.create(start_at=start_at, end_at=start_at + timedelta(days=30))
    for member in (make_member(), make_member("ben@example.com", gone_at=NOW)):
        make_event(member, datetime(2026, 3, 16, 9, tzinfo=UTC), 60)
    (incident,) = backtest("--set", "team_budget.dollars=100", "--set", "own_baseline.sensitivity=0")
    assert (incident["rules"], incident["observed_cents"]) == (["team_budget"], 12_000)


def test_who_left_is_replayed_until_they_left(ana):
    (before,) = backtest()
    Member.objects.filter(pk=ana.pk).update(gone_at=datetime(2026, 3, 17, 11, tzinfo=UTC))
    (until,) = backtest()
    assert until["detected_at"] == before["detected_at"]
    assert until["ended_at"] == "2026-03-17T11:00:00+00:00"
    Member.objects.filter(pk=ana.pk).update(gone_at=datetime(2026, 3, 1, tzinfo=UTC))
    assert backtest() == []


@pytest.mark.parametrize("days", [14, 42])
def test_a_cycle_is_replayed_from_its_start_however_short_the_history(days, time_machine):
    time_machine.move_to(datetime(2026, 3, 28, tzinfo=UTC))
    BillingCycle.objects.create(
        start_at=datetime(2026, 3, 1, 21, tzinfo=UTC), end_at=datetime(2026, 4, 1, 21, tzinfo=UTC)
    )
    member, at = make_member(), datetime(2026, 3, 2, 9, tzinfo=UTC)
    make_event(member, at, 600)
    make_day(member, at.date(), 600)
    tried = ("--set", "cycle_limit.dollars=500", "--set", f"own_baseline.days={days}")
    (incident,) = backtest("--from", "2026-03-25", "--to", "2026-03-26", *tried)
    assert (incident["rules"], incident["observed_cents"]) == (["cycle_limit"], 60_000)


def test_settings_are_tried_without_being_saved(ana):
    assert backtest("--set", "floor.dollars=100", "--set", "expensive_model.multiplier=0") == []
    assert DetectionSettings.get_solo().floor_dollars == 50


def test_events_that_came_later_are_unknown_until_then(ana):
    imported_at = NOW - timedelta(days=1)
    SourceRun.objects.create(source="events", status="ok", started_at=imported_at, finished_at=imported_at)
    came_at = NOW + timedelta(hours=6, minutes=30)
    ana.usage_events.filter(occurred_at__gte=imported_at).update(first_seen_at=came_at)
    count_hour(ana.usage_events.last())
    (incident,) = backtest()
    assert incident["detected_at"] == "2026-03-17T22:00:00+00:00"
    assert incident["onset_at"] < "2026-03-17T13:00"


@pytest.mark.parametrize(
    ("setting", "sentence"),
    [
        ("spike.nonsense=4", "write one of cycle_limit_dollars, "),
        (
            "spike.multiplier=-4",
            "spike.multiplier: A multiplier cannot be negative. Enter 0 to switch this check off.",
        ),
        ("spike.multiplier", "such as spike.multiplier=4"),
    ],
)
def test_a_setting_that_is_none_is_refused_with_a_sentence(setting, sentence):
    with pytest.raises(CommandError, match=sentence):
        call_command("backtest", "--set", setting)


def test_days_in_disorder_are_refused():
    with pytest.raises(CommandError, match="The first day, 2026-03-19, is after the last, 2026-03-16."):
        call_command("backtest", "--from", "2026-03-19", "--to", "2026-03-16")


def test_nothing_stored_is_nothing_found():
    assert backtest() == []

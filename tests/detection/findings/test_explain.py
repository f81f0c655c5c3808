"""Why: parts that add up, and an onset that happened."""

import itertools
from datetime import UTC, datetime

import pandas as pd
import pytest

from detection.assess import assess
from detection.engine import describe_finding
from detection.findings.explain import explain
from detection.findings.finding import Finding, FindingWindow
from detection.models import DetectionSettings
from detection.replay.replay import Replay, hour_of
from detection.vocabulary import Cause, Rule, Severity
from tests.detection.company import daily_steps, small_history

START, END = datetime(2026, 3, 16, 15, tzinfo=UTC), datetime(2026, 3, 17, 15, tzinfo=UTC)


def finding(window_cents, expected_cents):
    return Finding(
        rule=Rule.OWN_BASELINE,
        cause=Cause.SPEND,
        severity=Severity.WARNING,
        metric="spend_24h",
        observed=window_cents,
        bound=expected_cents,
        expected=expected_cents,
        window=FindingWindow(START, END, "rolling"),
        member_id=1,
        window_cents=window_cents,
        expected_cents=expected_cents,
    )


def events(*rows):
    """Each row: model, cents, weight."""
    table = pd.DataFrame(rows, columns=["model", "cents", "weight"])
    at = pd.date_range(START, periods=len(table), freq="10min")
    return table.assign(member_id=1, at=at, requests=1.0, tokens=table["weight"], billed=0.0)


def sums(**models):
    """Each model: cents, requests, weight in all."""
    return pd.DataFrame.from_dict(models, orient="index", columns=["cents", "requests", "weight"])


def parts(explanation):
    return {part.name: part.cents for part in explanation.parts}


def test_twice_the_requests_at_the_same_cost_are_all_volume():
    usual = sums(sonnet=[1000, 100, 1000])  # ten cents and weight ten a request
    why = explain(finding(200, 100), events(*[("sonnet", 10, 10)] * 20), usual, usual)
    assert parts(why) == {"volume": 100, "model_mix": 0, "context": 0, "price": 0}
    assert (why.more_requests, why.sentence) == (10, "10 more requests (+$1.00)")


def test_the_same_requests_on_a_model_that_costs_the_team_five_times_as_much_are_all_mix():
    usual, team = sums(sonnet=[1000, 100, 1000]), sums(sonnet=[1000, 100, 1000], opus=[500, 10, 100])
    why = explain(finding(500, 100), events(*[("opus", 50, 10)] * 10), usual, team)
    assert parts(why) == {"volume": 0, "model_mix": 400, "context": 0, "price": 0}
    assert (why.model, why.sentence) == ("opus", "more expensive model opus (+$4.00)")


def test_three_times_the_tokens_at_the_same_price_are_all_context():
    usual = sums(sonnet=[1000, 100, 1000])
    why = explain(finding(300, 100), events(*[("sonnet", 30, 30)] * 10), usual, usual)
    assert parts(why) == {"volume": 0, "model_mix": 0, "context": 200, "price": 0}
    assert why.sentence == "longer context or less cache on sonnet (+$2.00)"


def test_what_shorter_context_saves_is_put_down_to_the_model_that_saved_it():
    usual = sums(sonnet=[1000, 100, 1000], opus=[5000, 100, 1000])
    rows = [("opus", 20, 4)] * 10 + [("sonnet", 12, 12)]
    why = explain(finding(212, 100), events(*rows), usual, usual)
    (context,) = (part for part in why.parts if part.name == "context")
    assert context.cents < 0
    assert context.model == "opus"


def test_the_same_tokens_at_twice_the_price_are_all_price():
    usual = sums(sonnet=[1000, 100, 1000])
    why = explain(finding(200, 100), events(*[("sonnet", 20, 10)] * 10), usual, usual)
    assert parts(why) == {"volume": 0, "model_mix": 0, "context": 0, "price": 100}


def test_the_costliest_hours_are_named_in_order():
    usual = sums(sonnet=[1000, 100, 1000])
    cheap, dear = ("sonnet", 1, 10), ("sonnet", 90, 10)
    why = explain(finding(200, 100), events(*[cheap] * 6, *[dear] * 6, *[cheap] * 6), usual, usual)
    assert why.hours[1] == ("2026-03-16T16:00Z", 540.0)
    assert len(why.hours) == 3


@pytest.mark.slow
def test_of_five_hundred_findings_the_parts_sum_to_the_extra_and_the_onset_event_exists():
    history = small_history()
    policy = DetectionSettings(
        floor_dollars=0,
        spike_multiplier="1.2",
        expensive_model_multiplier="1.2",
        expensive_model_min_dollars=0,
        own_baseline_sensitivity="1",
        drift_multiplier=1,
        cycle_limit_dollars=5,
        cycle_outlier_multiplier="1.5",
        daily_requests_limit=10,
        confirm_by_own_history=False,
    )
    steps = daily_steps(30)
    replay = Replay(history, steps[0], steps[-1], days=44)
    rows = history.rows
    hours = set(zip(rows["member_id"], rows["hour"], strict=True))
    checked = 0
    for as_of in itertools.chain(steps):
        for found in assess(replay.frame(as_of), policy, [], None).findings[:25]:
            told = describe_finding(found, replay.detail(found, as_of), history.names, as_of)
            total = sum(part["cents"] for part in told.explanation["parts"])
            assert total == pytest.approx(found.extra_cents, abs=1), told.message
            assert (found.member_id, hour_of(told.onset_at)) in hours, told.message
            assert told.onset_at < as_of
            checked += 1
    assert checked >= 500

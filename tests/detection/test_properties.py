"""What must hold whatever people spend."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from collector.base.days import day_start
from detection.assess import assess
from detection.findings.finding import Finding
from detection.frame.baseline import learn, worth_a_look
from detection.frame.outlier_days import OUTLINED_TIMES, outlier_days
from detection.models import DetectionSettings
from detection.replay.backtest import backtest, backtests
from detection.replay.replay import Replay, hour_of, steps
from detection.rules import own_baseline
from detection.rules.spike import recent_average

from .company import LAST, daily_steps, raised, small_history
from .frames import make_frame

NO_FLOORS = {
    "floor_dollars": 0,
    "expensive_model_min_dollars": 0,
    "confirm_by_own_history": False,
    "info_findings": True,
}

dollars = st.one_of(st.just(0.0), st.floats(0.05, 500))
companies = st.integers(1, 12).flatmap(
    lambda members: st.tuples(
        st.lists(st.lists(dollars, min_size=20, max_size=20), min_size=members, max_size=members),
        st.lists(st.lists(dollars, min_size=30, max_size=30), min_size=members, max_size=members),
    )
)


def figures(frame, **changes):
    """What stands, by member and rule: cents observed, bound, expected, extra."""
    found = assess(frame, DetectionSettings(**(NO_FLOORS | changes)), [], None).findings
    return {(finding.member_id, finding.rule.value): _cents(finding) for finding in found}


def _cents(finding: Finding):
    return np.array([finding.observed, finding.bound, finding.expected, finding.extra_cents])


@settings(max_examples=40, deadline=None)
@given(companies, st.sampled_from([0.5, 2.0, 8.0]))
def test_spend_scaled_by_k_scales_the_dollars_of_findings_by_k(company, k):
    days, hours = map(np.array, company)
    ones = {"day_requests": (days > 0) * 10, "hour_requests": (hours > 0) * 10}
    plain = figures(make_frame(days, hours, **ones))
    scaled = figures(make_frame(days * k, hours * k, **ones))
    in_dollars = {key for key in plain if key[1] != "team_requests"}
    assert set(scaled) == set(plain)
    for key in in_dollars:
        assert scaled[key] == pytest.approx(plain[key] * k, rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(companies, st.randoms(use_true_random=False))
def test_the_order_of_members_changes_nothing(company, random):
    days, hours = map(np.array, company)
    order = list(range(len(days)))
    random.shuffle(order)
    plain = make_frame(days, hours)
    shuffled = replace(make_frame(days[order], hours[order]), member_ids=plain.member_ids[order])
    expected, found = figures(plain), figures(shuffled)
    assert set(found) == set(expected)
    assert all(found[key] == pytest.approx(expected[key]) for key in found)


@settings(max_examples=40, deadline=None)
@given(companies)
def test_an_idle_member_changes_no_one_elses_own_finding(company):
    days, hours = map(np.array, company)
    policy = DetectionSettings(**NO_FLOORS)

    def own(frame):
        found = own_baseline.findings_in(frame, policy, learn(frame, policy))
        return {finding.member_id: (finding.observed, finding.bound) for finding in found}

    with_idle = make_frame(np.vstack([days, np.zeros((1, 20))]), np.vstack([hours, np.zeros((1, 30))]))
    assert own(with_idle) == own(make_frame(days, hours))


def test_the_order_of_rows_changes_nothing():
    history = small_history()
    shuffled = replace(history, rows=history.rows.sample(frac=1, random_state=5))
    as_of = daily_steps(1)[-1]

    def cents(past):
        return Replay(past, as_of, as_of, days=44).frame(as_of).hours.cents

    np.testing.assert_allclose(cents(shuffled), cents(history))


def test_running_the_past_twice_finds_the_same():
    assert raised(small_history()) == raised(small_history())


def test_the_past_does_not_know_what_comes_later():
    history = small_history()
    cut = daily_steps(5)[0]
    known = replace(history, rows=history.rows[history.rows["hour"] < hour_of(cut)])
    early = [incident for incident in raised(history) if incident.detected_at < cut]
    blind = [incident for incident in raised(known) if incident.detected_at < cut]
    assert [(each.email, each.detected_at, each.onset_at) for each in early] == [
        (each.email, each.detected_at, each.onset_at) for each in blind
    ]


def test_an_hour_that_came_late_is_seen_only_from_then_on():
    history = small_history()
    as_of = daily_steps(1)[-1]
    late = history.rows.assign(known=history.rows["known"].clip(lower=hour_of(as_of) + 1))
    assert Replay(replace(history, rows=late), as_of, as_of, days=44).frame(as_of).hours.cents.sum() == 0
    assert as_of.date() > LAST


def test_whoever_cannot_be_over_a_bound_is_left_out_without_a_loss(monkeypatch):
    replay = Replay(small_history(), *[day_start(LAST)] * 2, days=44)
    frame, policy = replay.frame(day_start(LAST)), DetectionSettings(own_baseline_sensitivity=1)
    few = assess(frame, policy, [], None, replay.read_work)
    assert few.findings
    assert len(worth_a_look(frame, policy)) < len(frame.member_ids)
    everybody = np.arange(len(frame.member_ids))
    monkeypatch.setattr("detection.assess.worth_a_look", lambda frame, settings: everybody)
    assert assess(frame, policy, [], None, replay.read_work) == few


def test_settings_replayed_together_find_what_each_finds_by_itself():
    changes = ({}, {"floor_dollars": 10, "own_baseline_sensitivity": 2}, {"own_baseline_days": 30})
    policies = [DetectionSettings(**change) for change in changes]
    hours = steps(LAST - timedelta(days=13), LAST, 12)
    together = backtests(small_history(), policies, hours)
    assert len(set(map(len, together))) > 1
    assert together == [backtest(small_history(), policy, hours) for policy in policies]


@given(st.lists(st.one_of(st.just(0), st.integers(1, 50_000)), min_size=1, max_size=40))
def test_pages_outline_the_days_that_the_spike_rule_would_call_so(cents):
    average, days = recent_average(np.array([cents], dtype=float), len(cents))
    over = np.array(cents) > OUTLINED_TIMES * average[0] + 1e-6
    spend = [Decimal(figure) for figure in cents]
    assert outlier_days(spend, spend) == list(over & (days[0] > 0))

"""Each rule on a frame made by hand: just under its bound nothing, just over it one finding."""

from dataclasses import replace

import numpy as np
import pytest

from detection.assess import assess
from detection.frame.baseline import learn
from detection.frame.evidence import Evidence, EvidenceKind
from detection.frame.frame import Caps
from detection.models import DetectionSettings
from detection.rules import (
    OF_THE_DAY,
    cycle_limit,
    cycle_outlier,
    daily_limits,
    drift,
    expensive_model,
    members_limited,
    own_baseline,
    plan,
    spike,
    team,
    team_budget,
)
from detection.vocabulary import Severity
from tests.detection.frames import last_hour, make_frame, steady


def find(rule, frame, **changes):
    settings = DetectionSettings(**changes)
    return rule.findings_in(frame, settings, *([learn(frame, settings)] if rule in OF_THE_DAY else []))


def told(findings):
    return [(finding.member_id, finding.rule.value, finding.severity.value) for finding in findings]


@pytest.mark.parametrize(
    ("dollars", "found"), [(400, []), (401, ["warning"]), (800, ["warning"]), (801, ["critical"])]
)
def test_cycle_limit_is_exceeded_only_above_it_and_critical_over_twice(dollars, found):
    frame = make_frame([[1]], cycle_dollars=[dollars])
    assert [finding.severity for finding in find(cycle_limit, frame, cycle_limit_dollars=400)] == found


def test_daily_requests_of_a_closed_day_are_still_judged_after_midnight():
    # 500 requests yesterday, none today
    frame = make_frame([[5, 5]], day_requests=[[20, 500]])
    (finding,) = find(daily_limits, frame, daily_requests_limit=100)
    assert (finding.observed, finding.metric, finding.operands["day"]) == (500, "requests_day", "2026-03-16")
    assert finding.severity == Severity.CRITICAL


def test_daily_tokens_count_today_so_far():
    # ten requests of a thousand tokens within the last hour
    frame = make_frame([[0]], last_hour(5))
    (finding,) = find(daily_limits, frame, daily_tokens_limit=9_999)
    assert (finding.observed, finding.is_provisional) == (10_000, True)
    assert find(daily_limits, frame, daily_tokens_limit=10_000) == []


@pytest.mark.parametrize(("dollars", "found"), [(49.99, []), (50, []), (50.01, [(1, "spike", "warning")])])
def test_spike_needs_five_times_the_average_of_ten_dollars(dollars, found):
    assert told(find(spike, make_frame([steady(10)], last_hour(dollars)))) == found


def test_spike_looks_back_over_days_with_spend_so_that_a_holiday_does_not_lower_the_average():
    after_holiday = [10] * 10 + [0] * 20 + [0, 0]
    (finding,) = find(spike, make_frame([after_holiday], last_hour(60)))
    assert finding.expected == 1000


def test_spike_of_somebody_whose_days_always_varied_as_much_is_information():
    uneven = [1, 40, 2, 60, 1, 3, 50, 2, 1, 45] * 3 + [0, 0]
    frame = make_frame([uneven], last_hour(120))
    assert told(find(spike, frame)) == [(1, "spike", "info")]
    assert told(find(spike, frame, confirm_by_own_history=False)) == [(1, "spike", "warning")]


def test_own_baseline_names_the_bound_it_exceeded():
    (finding,) = find(own_baseline, make_frame([steady(10)], last_hour(60)))
    # 10 x e^(3.25 x 0.48) = $47.59 is below the floor of $50
    assert (finding.observed, round(finding.expected), finding.bound) == (6000, 1000, 5000)
    (finding,) = find(own_baseline, make_frame([steady(10)], last_hour(60)), floor_dollars=0)
    assert finding.bound == pytest.approx(4758.8, abs=0.1)


def test_own_baseline_leaves_a_steady_heavy_user_alone():
    frame = make_frame([steady(300), *[steady(3)] * 20], last_hour(320, *[3] * 20))
    assert find(own_baseline, frame) == []
    assert told(find(team, frame))[0] == (1, "team_spend", "info")


def test_a_release_day_that_lifts_everybody_is_no_incident():
    team_of_ten = [steady(20)] * 10
    assert len(find(own_baseline, make_frame(team_of_ten, last_hour(110, *[20] * 9)))) == 1
    assert find(own_baseline, make_frame(team_of_ten, last_hour(110, *[45] * 9))) == []


def test_a_joiner_who_grows_into_the_teams_habits_is_no_incident():
    joiner = [0] * 27 + [1, 1, 2] + [0, 0]
    team_of_ten = [steady(dollars) for dollars in (4, 8, 12, 20, 30, 40, 50, 60, 80, 100)]
    frame = make_frame([joiner, *team_of_ten], last_hour(55, *[0] * 10))
    assert find(own_baseline, frame) == []
    assert len(find(own_baseline, make_frame([joiner], last_hour(55)))) == 1


def test_somebody_without_a_history_is_found_only_where_spend_and_requests_are_beyond_the_teams():
    team_of_ten = [steady(dollars) for dollars in (4, 5, 6, 7, 8, 8, 9, 10, 11, 12)]
    nothing_yet = [0] * 32

    def found(dollars, requests):
        hours = last_hour(dollars, *[0] * 10)
        frame = make_frame([nothing_yet, *team_of_ten], hours, hour_requests=[[requests]] + [[0]] * 10)
        return told(find(own_baseline, frame))

    assert found(2000, 900) == [(1, "own_baseline", "critical")]
    assert found(2000, 12) == []
    assert found(20, 900) == []


def test_a_mondays_usual_height_is_no_incident_on_a_monday():
    # four weeks, Mondays $60 and other days $8; the frame is of a Tuesday, its last day a Monday
    weeks = [8, 60, 8, 8, 8, 0, 0] * 4
    days = [*weeks[3:], *weeks[:3]][:28]
    frame = make_frame([[*days, 0, 0]], last_hour(75))
    assert find(own_baseline, frame) == []


def test_dearer_requests_are_found_from_three_times_on_and_not_under_twenty_dollars():
    # $10 in 10 requests a day, then 10 requests of $4
    found = find(expensive_model, make_frame([steady(10)], last_hour(40), hour_requests=[[10]]))
    assert told(found) == [(1, "expensive_model", "warning")]
    figures = (found[0].observed, found[0].expected, found[0].extra_cents)
    assert figures == pytest.approx((400, 100, 3000))
    assert find(expensive_model, make_frame([steady(2)], last_hour(19), hour_requests=[[10]])) == []


def test_drift_is_found_when_a_week_doubles_and_doubles_again():
    days = [10] * 30 + [40, 45, 50, 55, 60, 60, 65]
    (finding,) = find(drift, make_frame([days]))
    assert (finding.rule.value, finding.metric) == ("drift", "spend_7d")
    assert finding.extra_cents == 30_500


def test_one_burst_is_no_drift():
    assert find(drift, make_frame([[10] * 30 + [10, 10, 900, 10, 10, 10, 10]])) == []


def test_drift_that_is_over_is_no_drift_any_more():
    assert find(drift, make_frame([[10] * 30 + [40, 45, 50, 55, 60, 60, 8]])) == []


def test_team_comparison_is_information_unless_checks_alarm_alone():
    frame = make_frame(
        [steady(2)] * 10 + [steady(4)] * 10,
        last_hour(101, *[3] * 19),
        day_requests=[steady(8)] * 10 + [steady(12)] * 10,
        hour_requests=[[200]] + [[10]] * 19,
    )
    # the mean is $3 and the deviation $1, so the floor of $50 is the bound
    assert told(find(team, frame)) == [(1, "team_spend", "info"), (1, "team_requests", "info")]
    alone = find(team, frame, confirm_by_own_history=False)
    assert told(alone) == [(1, "team_spend", "critical"), (1, "team_requests", "critical")]
    assert [(finding.daily_cents, finding.extra_cents) for finding in alone] == [(10_100, 9_800), (10_100, 0)]


def test_where_all_are_alike_nobody_is_unlike_the_team():
    assert find(team, make_frame([steady(3)] * 20, last_hour(100, *[3] * 19))) == []


def test_team_comparison_reads_its_window():
    # a dear week long ago does not raise the mean of the last three days
    days = [[100] * 7 + [2, 3] * 10 + [0, 0]] * 6
    frame = make_frame(days, last_hour(60, *[2] * 5))
    settings = {"confirm_by_own_history": False}
    assert len(find(team, frame, team_window_days=7, **settings)) == 1
    assert find(team, frame, team_window_days=40, **settings) == []


def test_a_team_of_seven_can_have_an_outlier():
    days = [steady(1), steady(2), *[steady(1)] * 5]
    found = find(team, make_frame(days, last_hour(50_000, *[1] * 6)), confirm_by_own_history=False)
    assert told(found) == [(1, "team_spend", "critical")]


def test_cycle_outlier_is_context_about_ten_times_the_median():
    frame = make_frame([[1]] * 7, cycle_dollars=[601, 60, 60, 60, 60, 60, 0])
    assert told(find(cycle_outlier, frame)) == [(1, "cycle_outlier", "info")]
    alone = find(cycle_outlier, frame, confirm_by_own_history=False)
    assert told(alone) == [(1, "cycle_outlier", "warning")]


@pytest.mark.parametrize(
    ("dollars", "found"), [(99, []), (100, ["warning"]), (110, ["warning"]), (111, ["critical"])]
)
def test_team_budget_is_reached_at_it_and_critical_over_110_percent(dollars, found):
    frame = make_frame([[1], [1]], cycle_dollars=[dollars - 10, 10])
    assert [finding.severity for finding in find(team_budget, frame, team_budget_dollars=100)] == found


def test_exhausted_plans_are_noted_when_asked_for():
    frame = make_frame([[1]], cycle_dollars=[30])
    assert find(plan, frame) == []
    assert told(find(plan, frame, plan_exhausted=True)) == [(1, "plan_exhausted", "info")]


def test_members_at_their_cap_make_one_finding_of_the_team():
    frame = make_frame([[1]] * 4, cycle_dollars=[1, 1, 1, 1])
    caps = Caps(np.array([5000.0, 4999.0, 0.0, 100.0]), np.array([5000.0, 5000.0, 0.0, np.nan]))
    (finding,) = find(members_limited, replace(frame, caps=caps))
    assert (finding.member_id, finding.operands) == (None, {"member_ids": [1]})


SETTINGS_THAT_SWITCH_OFF = {
    "cycle_limit_dollars": {"cycle_limit"},
    "daily_requests_limit": {"daily_requests"},
    "daily_tokens_limit": {"daily_tokens"},
    "team_multiplier": {"team_spend", "team_requests"},
    "spike_multiplier": {"spike"},
    "cycle_outlier_multiplier": {"cycle_outlier"},
    "expensive_model_multiplier": {"expensive_model"},
    "own_baseline_sensitivity": {"own_baseline"},
    "drift_multiplier": {"drift"},
    "team_budget_dollars": {"team_budget"},
}


@pytest.mark.parametrize("field", SETTINGS_THAT_SWITCH_OFF)
def test_zero_switches_exactly_its_rule_off(field):
    frame = make_frame(
        [[10] * 30 + [40, 45, 50, 55, 60, 60, 65], *[steady(2)] * 6, *[steady(4)] * 6],
        last_hour(900, *[3] * 12),
        day_requests=[[10] * 37, *[steady(8)] * 6, *[steady(12)] * 6],
        hour_requests=[[200]] + [[10]] * 12,
        cycle_dollars=[900] + [20] * 12,
    )
    everything = {
        "cycle_limit_dollars": 100,
        "daily_requests_limit": 15,
        "daily_tokens_limit": 15_000,
        "team_budget_dollars": 50,
        "info_findings": True,
    }

    def rules(**changes):
        settings = DetectionSettings(**(everything | changes))
        return {finding.rule.value for finding in assess(frame, settings, [], None).findings}

    assert rules() == set().union(*SETTINGS_THAT_SWITCH_OFF.values())
    assert rules(**{field: 0}) == rules() - SETTINGS_THAT_SWITCH_OFF[field]


@pytest.mark.parametrize(
    "days",
    [[[0] * 30], [[]], [[0] * 29 + [5]], np.zeros((0, 30)), np.zeros((12, 30))],
)
def test_little_or_nothing_is_no_error_and_no_alarm(days):
    frame = make_frame(days, cycle_dollars=[0] * len(days))
    settings = DetectionSettings(cycle_limit_dollars=1, team_budget_dollars=1, info_findings=True)
    assert assess(frame, settings, [], None).findings == ()


def test_own_baseline_finds_dear_models_on_a_day_that_is_not_otherwise_unusual():
    """$10 a day; then $45 in 24 h, alone not over 4.8 times the usual, at four times the usual price."""
    as_ever = make_frame([steady(10)], last_hour(45))
    dear = replace(as_ever, hours=as_ever.hours._replace(weight=as_ever.hours.weight / 4))
    assert find(own_baseline, as_ever, floor_dollars=20) == []
    assert told(find(own_baseline, dear, floor_dollars=20)) == [(1, "own_baseline", "critical")]


def test_a_newcomer_who_spends_what_the_team_spends_now_and_then_is_no_incident():
    """Twenty members at $5 a day and one at $400; a newcomer at $300, or at $500."""
    days = [*[steady(5)] * 20, steady(400), []]

    def first_day(dollars):
        return make_frame(days, last_hour(*[0] * 21, dollars), hour_requests=last_hour(*[0] * 21, 400))

    assert find(own_baseline, first_day(300)) == []
    assert [finding.member_id for finding in find(own_baseline, first_day(500))] == [22]


@pytest.mark.parametrize(("kind", "severity"), [(None, "info"), (EvidenceKind.CONTEXT, "warning")])
def test_longer_context_confirms_expensive_requests_under_the_floor(kind, severity):
    # four requests a day at $3, and today four at $12: 3 deviations beyond the usual are enough, not 4
    frame = make_frame([steady(12)], [[48]], day_requests=[steady(4)], hour_requests=[[4]])
    settings = DetectionSettings(info_findings=True)
    baseline = learn(frame, settings)
    if kind:
        baseline = replace(
            baseline,
            evidence={0: (Evidence(kind, "4 times the usual context"),)},
            is_proved=np.ones_like(baseline.is_proved),
        )
    (finding,) = expensive_model.findings_in(frame, settings, baseline)
    assert finding.severity.value == severity

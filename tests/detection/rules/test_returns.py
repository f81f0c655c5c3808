"""Days and prices that come back after weeks: what a member did before is not unusual again."""

from dataclasses import replace

import numpy as np
import pytest

from detection.frame.frame import Past
from detection.rules import expensive_model, own_baseline
from tests.detection.frames import last_hour, make_frame
from tests.detection.rules.test_rules import find, told


def dear_day(dollars, days, weights):
    """24 h at six times the usual price of a token; `weights`: how many times it each day before paid."""
    frame = make_frame([days], last_hour(dollars))
    measures = frame.past.days
    weight = measures.weight / np.array([1.0] * (measures.weight.shape[1] - len(weights)) + weights)
    now = frame.hours._replace(weight=frame.hours.weight / 6)
    return replace(frame, past=Past(measures._replace(weight=weight)), hours=now)


@pytest.mark.parametrize(("earlier", "found"), [([2, 2], 1), ([80, 2], 1), ([80, 80], 0)])
def test_what_a_member_spent_twice_weeks_ago_is_not_unusual_again(earlier, found):
    days = [*earlier, *[2] * 26, 0, 0]
    assert len(find(own_baseline, dear_day(85, days, [1] * 30))) == found


def test_what_was_called_a_real_problem_twice_is_unusual_again():
    frame = dear_day(85, [80, 80, *[2] * 26, 0, 0], [1] * 30)
    is_problem = frame.past.days.cents == 8000
    assert len(find(own_baseline, replace(frame, past=Past(frame.past.days, is_problem)))) == 1


@pytest.mark.parametrize(
    ("yesterdays", "found"), [([80, 80, 0, 0], 1), ([0, 0, 0, 80, 80, 2, 2, 2, 2, 2, 0, 0], 0)]
)
def test_an_excess_of_this_week_does_not_excuse_itself(yesterdays, found):
    assert len(find(own_baseline, dear_day(85, [2] * 28 + yesterdays, [1] * (28 + len(yesterdays))))) == found


@pytest.mark.parametrize(("times", "found"), [(1, 1), (6, 0)])
def test_the_price_at_which_most_money_goes_is_not_unusual_however_few_the_days(times, found):
    days, weights = [10] * 27 + [400, 0, 0], [1] * 27 + [times, 1, 1]
    assert len(find(own_baseline, dear_day(45, days, weights), floor_dollars=20)) == found


@pytest.mark.parametrize(("requests", "severity"), [(400, "warning"), (80, "info")])
def test_nor_is_the_cost_per_request_at_which_most_money_goes(requests, severity):
    days, made = [10] * 27 + [400, 0, 0], [10] * 27 + [requests, 0, 0]
    frame = make_frame(
        [days], last_hour(60), day_requests=[made], hour_requests=[[12]]
    )  # $5 each, usually $1
    assert told(find(expensive_model, frame)) == [(1, "expensive_model", severity)]


def test_requests_that_cost_far_more_are_unusual_whatever_busy_days_came_to():
    days, made = [80, 80, *[10] * 28, 0, 0], [80, 80, *[10] * 28, 0, 0]
    frame = make_frame(
        [days], last_hour(60), day_requests=[made], hour_requests=[[12]]
    )  # $5 each, usually $1
    assert told(find(expensive_model, frame)) == [(1, "expensive_model", "warning")]

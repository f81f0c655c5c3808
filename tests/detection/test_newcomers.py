"""Somebody without a history in a team too small to say much."""

from dataclasses import replace

import numpy as np
import pytest

from collector.models import Surface
from detection.frame.baseline import learn, prove
from detection.frame.evidence import Work, WorkNames
from detection.frame.frame import Past
from detection.models import DetectionSettings
from detection.rules import own_baseline

from .frames import make_frame, steady


@pytest.mark.parametrize(
    ("others", "amount", "found"), [(3, 170, [4]), (3, 130, []), (1, 170, [2]), (0, 9000, [])]
)
def test_a_newcomer_to_a_small_team_is_found_beyond_what_people_of_its_habits_may_differ_by(
    others, amount, found
):
    # ten dollars and ten requests a day: exp(0.81 × 4 × √(0.39² + 0.7²)) = 13.4 times as much is the bound
    days = [steady(10)] * others + [[0]]
    hours, requests = [[10]] * others + [[amount]], [[10]] * others + [[amount]]
    frame, settings = make_frame(days, hours, hour_requests=requests), DetectionSettings()
    assert [
        finding.member_id for finding in own_baseline.findings_in(frame, settings, learn(frame, settings))
    ] == found


@pytest.mark.parametrize(("requests", "dollars", "found"), [(20, 60, [10]), (19, 60, []), (20, 24, [])])
def test_a_newcomer_is_found_by_what_shows_that_nobody_was_at_the_keyboard(requests, dollars, found):
    days, hours = [steady(10)] * 9 + [[0]], [[10]] * 9 + [[dollars]]
    frame = make_frame(days, hours, hour_requests=[[10]] * 9 + [[requests]])
    hour = int(frame.as_of.timestamp()) // 3600 - 1
    columns = (hour, 0, 0, dollars * 100.0, requests, dollars * 1000.0, 7, requests)
    run = Work(*(np.array([value]) for value in columns))

    def read(member_ids):
        return {10: run}, WorkNames(["auto"], [Surface.CLOUD_AGENT.value])

    settings = DetectionSettings()
    baseline = prove(frame, settings, learn(frame, settings), read)
    assert [finding.member_id for finding in own_baseline.findings_in(frame, settings, baseline)] == found


@pytest.mark.parametrize(("price", "found"), [(1, []), (4, [10])])
def test_a_newcomer_with_few_requests_is_found_by_what_a_token_costs(price, found):
    frame = make_frame([steady(10)] * 9 + [[0]], [[10]] * 9 + [[60]], hour_requests=[[10]] * 9 + [[3]])
    weight = frame.hours.weight.copy()
    weight[9] /= price
    frame = replace(frame, hours=frame.hours._replace(weight=weight))
    settings = DetectionSettings()
    findings = own_baseline.findings_in(frame, settings, learn(frame, settings))
    assert [finding.member_id for finding in findings] == found


@pytest.mark.parametrize(("others", "found"), [(2, [10]), (3, [])])
def test_a_newcomer_who_pays_for_a_token_what_a_quarter_of_the_team_pays_is_no_incident(others, found):
    frame = make_frame([steady(10)] * 9 + [[0]], [[10]] * 9 + [[60]], hour_requests=[[10]] * 9 + [[3]])
    days, hours = frame.past.days, frame.hours
    at_four_times = np.array([1] * (9 - others) + [4] * others)
    days = days._replace(weight=days.weight / np.append(at_four_times, 1)[:, None])
    hours = hours._replace(weight=hours.weight / np.append(at_four_times, 4)[:, None])
    frame, settings = replace(frame, past=Past(days), hours=hours), DetectionSettings()
    findings = own_baseline.findings_in(frame, settings, learn(frame, settings))
    assert [finding.member_id for finding in findings] == found

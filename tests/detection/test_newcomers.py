"""Somebody without a history in a team too small to say much."""

import pytest

from detection.frame.baseline import learn
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

"""Requests: those of a busy day prove nothing, far more of them do."""

import pytest

from detection.rules import own_baseline
from tests.detection.frames import last_hour, make_frame, steady
from tests.detection.rules.test_rules import find, told


@pytest.mark.parametrize(
    ("requests", "found"),
    [(20, []), (118, []), (400, [(1, "own_baseline", "warning")])],  # 47.6 are unusual, 119 far beyond
)
def test_own_baseline_allows_less_spend_where_far_more_requests_show_that_it_is_no_busy_day(requests, found):
    uneven = [5, 20, 8, 30, 6, 12, 25, 9, 7, 15] * 3 + [0, 0]
    frame = make_frame([uneven], last_hour(70), hour_requests=[[requests]])
    assert told(find(own_baseline, frame)) == found


def test_far_more_requests_than_ever_alarm_from_half_the_floor_on():
    def found(dollars, requests):
        return told(
            find(own_baseline, make_frame([steady(2)], last_hour(dollars), hour_requests=[[requests]]))
        )

    assert found(30, 400) == [(1, "own_baseline", "warning")]
    assert found(24, 400) == []
    assert found(30, 60) == []

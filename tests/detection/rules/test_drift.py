"""What is called a slow drift, and what is only a busy week."""

from detection.models import DetectionSettings
from detection.rules import drift
from tests.detection.frames import make_frame


def test_four_busy_days_are_no_drift():
    def findings(days):
        return drift.findings_in(make_frame([days]), DetectionSettings())

    assert findings([10] * 33 + [70, 70, 70, 70]) == []
    assert len(findings([10] * 32 + [70, 70, 70, 70, 70])) == 1


def test_a_night_of_far_more_requests_makes_no_drift_of_the_days_around_it():
    def findings(week):
        return drift.findings_in(make_frame([[10] * 30 + week]), DetectionSettings())

    assert findings([14, 14, 0, 15, 200, 300, 15]) == []
    assert len(findings([20, 30, 200, 300, 60, 75, 90])) == 1


def test_requests_that_climb_are_a_drift_at_a_steady_cost():
    requests = [20] * 30 + [30, 45, 60, 75, 100, 120, 150]
    frame = make_frame([[0.5 * number for number in requests]], day_requests=[requests])
    (finding,) = drift.findings_in(frame, DetectionSettings())
    assert finding.operands["z"] > drift.LEAST_Z


def test_a_climb_that_all_share_is_no_members_drift():
    week = [[12, 16, 21, 28, 37, 49, 65]] * 11
    assert drift.findings_in(make_frame([[10] * 30 + days for days in week]), DetectionSettings()) == []


def test_four_working_days_of_a_fortnight_are_a_drift_of_somebody_who_works_no_more():
    usual = [10, 0, 0] * 10
    (finding,) = drift.findings_in(make_frame([[*usual, *climbing([30, 60, 90, 120])]]), DetectionSettings())
    assert finding.operands["active_days"] < 5


def climbing(amounts):
    return [amount for day in amounts for amount in (0, 0, day)][-14:]


def test_a_climb_is_less_clear_the_less_is_known_of_the_days_before():
    week = [15, 25, 30, 40, 45, 50, 60]
    long, short = (
        drift.findings_in(make_frame([[10] * days + week]), DetectionSettings())[0].operands["z"]
        for days in (30, 8)
    )
    assert long > short + 0.5

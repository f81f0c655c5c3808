"""MTTD, MTTI and MTTR of ten incidents, worked out by hand."""

from __future__ import annotations

from datetime import timedelta
from statistics import mean

import pytest

from incidents import times
from incidents.models import Incident, Status, Verdict

from .factories import NOON, make_incident, make_member

pytestmark = pytest.mark.django_db


def minutes(number: float) -> timedelta:
    return timedelta(minutes=number)


def at(number: float):
    """Noon and so many minutes."""
    return NOON + minutes(number)


# Minutes from noon, when each was detected: onset, stored, alerted, acknowledged, resolved and by whom.
#                                                   detect = alert - onset   identify   resolve
TEN: list[dict] = [
    # 1 plain: data 20, scan 10, delivery 2                32        8         60 person
    {"onset": -30, "stored": -10, "alerted": 2, "acked": 10, "resolved": 60, "by": "Ada"},
    # 2 slow data: data 170, scan 10, delivery 0          180       30        120 person
    {"onset": -180, "stored": -10, "alerted": 0, "acked": 30, "resolved": 120, "by": "Bob"},
    # 3 never acknowledged, resolved itself                62        -        240 automatic
    {"onset": -60, "stored": -50, "alerted": 2, "resolved": 240},
    # 4 acknowledged, resolved itself                      45       55        180 automatic
    {"onset": -40, "stored": -20, "alerted": 5, "acked": 60, "resolved": 180},
    # 5 without onset: from detection                       4       16         90 person
    {"alerted": 4, "acked": 20, "resolved": 90, "by": "Ada"},
    # 6 expected: left out altogether
    {
        "onset": -600,
        "stored": -1,
        "alerted": 1,
        "acked": 500,
        "resolved": 900,
        "by": "Ada",
        "verdict": "expected",
    },
    # 7 reopened, open again: first alert and answer count 25        5          -
    {"onset": -20, "stored": -15, "alerted": 5, "acked": 10, "reopened": 1},
    # 8 never alerted, acknowledged on the page             -        -         30 person
    {"onset": -50, "stored": -40, "acked": 15, "resolved": 30, "by": "Bob"},
    # 9 acknowledged before the alert got through         160        -        150 person
    {
        "onset": -100,
        "stored": -90,
        "alerted": 60,
        "acked": 30,
        "resolved": 150,
        "by": "Bob",
        "verdict": "real",
    },
    # 10 onset corrected from -10 to -300; stored unknown 302       98          - open
    {"onset": -10, "corrected": -300, "alerted": 2, "acked": 100, "verdict": "too_small"},
]


def instant(told: dict, name: str):
    return at(told[name]) if name in told else None


def make(number: int, told: dict) -> Incident:
    resolved, acked, alerted = (instant(told, name) for name in ("resolved", "acked", "alerted"))
    status = Status.RESOLVED if resolved else Status.ACKNOWLEDGED if acked else Status.OPEN
    return make_incident(
        make_member(f"member{number}@example.com"),
        status=status,
        onset_at=instant(told, "onset"),
        onset_corrected_at=instant(told, "corrected"),
        onset_collected_at=instant(told, "stored"),
        alerted_at=alerted,
        acknowledged_at=acked,
        acknowledged_by="Ada" if acked else "",
        resolved_at=resolved,
        resolved_by=told.get("by", ""),
        reopened_count=told.get("reopened", 0),
        verdict=told.get("verdict", ""),
    )


@pytest.fixture
def found() -> times.TimesSummary:
    for number, told in enumerate(TEN, start=1):
        make(number, told)
    return times.summary(Incident.objects.all())


def spread(of: times.Spread) -> tuple:
    """n, mean, median and p90 in minutes."""
    return (of.n, *(span and round(span.total_seconds() / 60, 2) for span in (of.mean, of.median, of.p90)))


def test_mttd_runs_from_the_onset_to_the_first_alert(found):
    # 32 180 62 45 4 25 160 302, sorted 4 25 32 45 62 160 180 302: sum 810; p90 is the 8th of 8
    assert spread(found.mttd) == (8, 101.25, 53.5, 302)


def test_mttd_is_shown_as_its_three_lags(found):
    assert spread(found.data_lag) == (7, round(mean([20, 170, 10, 20, 5, 10, 10]), 2), 10, 170)
    # scan: 10 10 50 20 15 40 90, and 300 where it is not known when the data came
    assert spread(found.scan_lag) == (8, 66.88, 30, 300)
    assert spread(found.delivery_lag) == (8, 10, 3, 60)  # 2 0 2 5 4 5 60 2: sum 80


def test_mtti_runs_from_the_alert_to_the_first_answer(found):
    assert spread(found.mtti) == (6, 35.33, 23, 98)  # 8 30 55 16 5 98: sum 212
    assert (found.never_acknowledged, found.acknowledged_before_alert) == (1, 2)


def test_mttr_runs_from_detection_to_resolution_people_and_automatic_apart(found):
    assert spread(found.mttr) == (7, 124.29, 120, 240)  # 60 120 240 180 90 30 150: sum 870
    assert spread(found.mttr_by_people) == (5, 90, 90, 150)
    assert spread(found.mttr_automatic) == (2, 210, 210, 240)


def test_what_counts_nowhere_is_counted(found):
    assert (found.n, found.left_out) == (9, 1)
    assert (found.never_alerted, found.without_onset, found.unresolved, found.reopened) == (1, 1, 2, 1)
    assert (found.judged, found.judged_real, found.precision) == (3, 1, 1 / 3)


def test_nothing_gives_no_figure_and_not_zero():
    empty = times.summary([])
    assert (empty.n, empty.mttd, empty.precision) == (0, times.Spread(), None)


def test_p90_is_what_nine_in_ten_did_not_exceed():
    assert times.Spread.over(minutes(number) for number in range(1, 11)).p90 == minutes(9)
    assert times.Spread.over([minutes(5), None]).p90 == minutes(5)


def test_planned_spend_is_left_out_like_expected():
    incident = make_incident(verdict=Verdict.PLANNED, planned_until=at(999))
    assert times.summary([incident]).left_out == 1


def test_no_time_is_negative_though_a_clock_was_set_back():
    incident = make(1, {"onset": -10, "stored": 5, "alerted": -30, "acked": -20, "resolved": -20})
    spans = times.times_of(incident)
    assert (spans.detect, spans.delivery_lag, spans.resolve) == (minutes(0),) * 3
    assert (spans.scan_lag, spans.identify) == (minutes(10), minutes(10))

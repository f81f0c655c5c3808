"""From how many deviations on a price, a cost or spend with evidence is unusual."""

from dataclasses import replace

import numpy as np
import pytest

from detection.frame.baseline import learn
from detection.frame.evidence import Evidence, EvidenceKind
from detection.models import DetectionSettings
from detection.rules import expensive_model, own_baseline
from tests.detection.frames import last_hour, make_frame, steady


def found_by(rule, frame, **changes):
    settings = DetectionSettings(**changes)
    return rule.findings_in(frame, settings, learn(frame, settings))


@pytest.mark.parametrize(("times", "found"), [(2.1, 0), (2.5, 1)])
def test_the_price_of_a_token_proves_something_from_three_deviations_on(times, found):
    as_ever = make_frame([steady(10)], last_hour(45))
    dear = replace(as_ever, hours=as_ever.hours._replace(weight=as_ever.hours.weight / times))
    assert len(found_by(own_baseline, dear, floor_dollars=20)) == found


@pytest.mark.parametrize(("dollars", "found"), [(53, 0), (55, 1)])
def test_with_evidence_spend_need_not_be_twice_the_usual(dollars, found):
    # $30 a day: 1.8 times as much, e^(4 × 0.375 × 0.39)
    frame, settings = make_frame([steady(30)], last_hour(dollars)), DetectionSettings()
    baseline = replace(
        learn(frame, settings),
        evidence={0: (Evidence(EvidenceKind.NEW_MODEL, "a model is new for them"),)},
        is_proved=np.ones((1, frame.rolling.cents.shape[1]), dtype=bool),
    )
    assert len(own_baseline.findings_in(frame, settings, baseline)) == found


@pytest.mark.parametrize(("dollars", "severity"), [(70, "info"), (92, "warning")])
def test_over_the_floor_a_cost_per_request_is_confirmed_from_three_deviations_on(dollars, severity):
    # two requests a day at $10, today two at $35 or $46: 2.6 and 3.2 deviations, so few requests stray widely
    frame = make_frame([steady(20)], last_hour(dollars), day_requests=[steady(2)], hour_requests=last_hour(2))
    (finding,) = found_by(expensive_model, frame, info_findings=True)
    assert finding.severity.value == severity

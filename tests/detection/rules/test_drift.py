"""What is called a slow drift, and what is only a busy week."""

from detection.models import DetectionSettings
from detection.rules import drift
from tests.detection.frames import make_frame


def test_four_busy_days_are_no_drift():
    def findings(days):
        return drift.findings_in(make_frame([days]), DetectionSettings())

    assert findings([10] * 33 + [70, 70, 70, 70]) == []
    assert len(findings([10] * 32 + [70, 70, 70, 70, 70])) == 1

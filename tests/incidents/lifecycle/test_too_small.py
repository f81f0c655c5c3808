"""A verdict "too small", from the run that found the spend to the runs after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from collector.models import BillingCycle, MemberModelDay, UsageEvent
from detection.engine import detect
from detection.models import DetectionSettings
from incidents import lifecycle
from incidents.models import Incident, Verdict
from tests.detection.facts import FRESH, NOW, count_hour, make_day, make_member, runaway
from tests.incidents.factories import ADA

pytestmark = pytest.mark.django_db
OFF = {
    "own_baseline_sensitivity": 0,
    "spike_multiplier": 0,
    "expensive_model_multiplier": 0,
    "drift_multiplier": 0,
    "team_multiplier": 0,
    "cycle_outlier_multiplier": 0,
    "confirm_by_own_history": False,
}


@pytest.fixture(autouse=True)
def company():
    """Ana at $10 a day, at $50 and more in the last week, at $80 today; five others at a dollar a month."""
    BillingCycle.objects.create(
        start_at=datetime(2026, 3, 1, tzinfo=UTC), end_at=datetime(2026, 4, 1, tzinfo=UTC)
    )
    ana = make_member()
    for back, dollars in enumerate([65, 60, 60, 55, 50, 45, 40] + [10] * 30, start=1):
        make_day(ana, (NOW - timedelta(days=back)).date(), dollars)
    runaway(ana)
    for number in range(5):
        make_day(make_member(f"member{number}@example.com"), NOW.date().replace(day=2), 1)


def standing(at: datetime) -> list[str]:
    report = detect(at, data_ages=FRESH)
    return [anomaly.rule for anomaly in (*report.opened, *report.still, *report.returned)]


@pytest.mark.parametrize(
    ("rule", "setting"),
    [
        ("own_baseline", {"own_baseline_sensitivity": 1}),
        ("spike", {"spike_multiplier": "1.5"}),
        ("expensive_model", {"expensive_model_multiplier": 2}),
        ("drift", {"drift_multiplier": 2}),
        ("cycle_limit", {"cycle_limit_dollars": 300}),
        ("cycle_outlier", {"cycle_outlier_multiplier": 10}),
    ],
)
def test_as_much_is_quiet_at_the_next_run_and_twice_as_much_is_found(rule, setting):
    DetectionSettings.objects.create(**OFF | setting)
    report = detect(NOW, data_ages=FRESH)
    assert [anomaly.rule for anomaly in report.opened] == [rule]
    lifecycle.take_in(report, NOW)
    assert lifecycle.verdict(Incident.objects.get(), ADA, "page", NOW, Verdict.TOO_SMALL).won

    assert standing(NOW + timedelta(minutes=5)) == []

    MemberModelDay.objects.update(total_cents=F("total_cents") * 2)
    UsageEvent.objects.update(charged_cents=F("charged_cents") * 2)
    count_hour(UsageEvent.objects.last())
    assert standing(NOW + timedelta(minutes=10)) == [rule]

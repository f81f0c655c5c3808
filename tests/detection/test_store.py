"""What becomes of an anomaly that is found again."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detection.findings.finding import Finding, FindingWindow
from detection.models import Anomaly
from detection.store import DescribedFinding, known_anomalies, store
from detection.vocabulary import Cause, Rule, Severity
from tests.incidents.factories import HOUR, NOON, make_anomaly

pytestmark = pytest.mark.django_db
DAY = timedelta(hours=24)


@pytest.mark.parametrize(
    ("before", "detected_at"),
    [("info", NOON), ("warning", NOON - 200 * HOUR), ("critical", NOON - 200 * HOUR)],
)
def test_information_that_becomes_an_alarm_is_detected_then(before, detected_at):
    since = NOON - 200 * HOUR
    make_anomaly(severity=before, detected_at=since, last_seen_at=NOON - HOUR, onset_at=since)
    anomaly = Anomaly.objects.get()
    finding = Finding(
        rule=Rule.SPIKE,
        cause=Cause.SPEND,
        severity=Severity.CRITICAL,
        metric="spend_24h",
        observed=50_000.0,
        bound=25_000.0,
        expected=5_000.0,
        window=FindingWindow(NOON - timedelta(hours=24), NOON, "rolling"),
        member_id=anomaly.member_id,
    )
    item = DescribedFinding(finding, since, "gpt-5", {}, "Carl spent $500.")
    store([item], known_anomalies(NOON, DAY), as_of=NOON, judged=frozenset())
    anomaly.refresh_from_db()
    assert (anomaly.severity, anomaly.detected_at, anomaly.onset_at) == ("critical", detected_at, since)


@pytest.mark.parametrize(("rule", "hours"), [("own_baseline", 24), ("drift", 14 * 24)])
def test_what_is_back_before_its_rule_has_forgotten_it_is_the_same_anomaly(rule, hours):
    make_anomaly(rule=rule, detected_at=NOON, last_seen_at=NOON, cleared_at=NOON)  # a Monday
    within, after = (known_anomalies(NOON + hours * HOUR + wait, DAY) for wait in (-HOUR, 0 * HOUR))
    assert (len(within), len(after)) == (1, 0)

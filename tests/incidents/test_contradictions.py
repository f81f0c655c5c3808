"""Settings that contradict each other are refused where they are saved, with the reason at the field."""

from datetime import time

import pytest
from django.core.exceptions import ValidationError

from detection.models import DetectionSettings
from incidents.models import Channel, IncidentSettings
from tests.incidents.factories import make_channel

pytestmark = pytest.mark.django_db


def refused_fields(row) -> set[str]:
    try:
        row.full_clean()
    except ValidationError as problem:
        return set(problem.message_dict)
    return set()


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, set()),
        ({"quiet_from": time(22), "quiet_until": time(6)}, set()),
        ({"quiet_from": time(22), "quiet_until": time(22)}, {"quiet_until"}),
        ({"sends_alerts": False, "sends_digests": False}, set()),
        ({"sends_alerts": False, "sends_digests": False, "sends_budgets": False}, {"is_enabled"}),
    ],
)
def test_a_channel_that_would_notify_nobody_is_refused(changes, expected):
    assert refused_fields(make_channel(**changes)) == expected


@pytest.mark.parametrize("changes", [{"is_enabled": False}, {"sends_alerts": False}])
def test_an_escalation_to_a_silent_channel_is_refused(changes):
    second = make_channel("webhook", name="second")
    first = make_channel(escalate_to=second, escalate_after_minutes=30)
    assert refused_fields(first) == set()
    Channel.objects.filter(pk=second.pk).update(**changes)
    assert refused_fields(Channel.objects.get(pk=first.pk)) == {"escalate_to"}


def test_critical_ones_never_wait_longer_than_warnings():
    row = IncidentSettings(asks_member_first=True, channels_wait_critical_minutes=31)
    assert refused_fields(row) == {"channels_wait_critical_minutes"}
    row.channels_wait_warning_minutes = 31
    assert refused_fields(row) == set()


def test_nobody_has_more_days_than_are_loaded():
    row = DetectionSettings(own_baseline_days=14, own_baseline_min_days=15)
    assert "own_baseline_min_days" in refused_fields(row)
    row.own_baseline_min_days = 14
    assert refused_fields(row) == set()

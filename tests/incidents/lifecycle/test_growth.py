"""An incident that grows speaks up: half as much again, and one floor more, than when it last alerted."""

from __future__ import annotations

import pytest

from collector.models import Member
from detection.models import Anomaly, DetectionSettings
from incidents import lifecycle
from incidents.lifecycle import take_in
from incidents.models import Incident, Notification, Origin, TimelineStep
from tests.incidents.factories import ADA, HOUR, NOON, make_anomaly, make_channel, run_at

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def critical_at_278_dollars() -> None:
    DetectionSettings.objects.create(floor_dollars=50)
    make_channel()
    make_anomaly(severity="critical", operands={"daily_cents": 27_800.0})
    take_in(run_at(NOON), NOON)


def grow_to(dollars: float, hour: float) -> int:
    """Alerts recorded by the run of that hour."""
    heard = alerts()
    Anomaly.objects.update(operands={"daily_cents": dollars * 100})
    take_in(run_at(NOON + hour * HOUR), NOON + hour * HOUR)
    return alerts() - heard


def alerts() -> int:
    return Notification.objects.filter(kind="alert").count()


def incident() -> Incident:
    return Incident.objects.get()


def nothing() -> None:
    """It stays as it was opened."""


def acknowledge() -> None:
    lifecycle.acknowledge(incident(), ADA, Origin.PAGE, NOON)


def resolve() -> None:
    lifecycle.resolve(incident(), ADA, Origin.PAGE, NOON)


@pytest.mark.parametrize(
    ("step", "status"), [(nothing, "open"), (acknowledge, "acknowledged"), (resolve, "open")]
)
def test_one_that_grows_by_half_alerts_again_whatever_was_done_about_it(step, status):
    step()
    assert grow_to(333, 1) == 0  # not half as much again
    assert grow_to(416.9, 2) == 0
    assert grow_to(417, 3) == 1
    assert incident().status == status
    assert "from $278.00 at the last alert to $417.00" in incident().timeline.order_by("-pk")[0].text
    assert grow_to(600, 4) == 0  # counted from the last alert on
    assert grow_to(625.5, 5) == 1


def test_one_floor_more_is_needed_too():
    DetectionSettings.objects.update(floor_dollars=200)
    assert grow_to(470, 1) == 0
    assert grow_to(478, 2) == 1


def test_without_a_floor_half_as_much_again_is_enough():
    DetectionSettings.objects.update(floor_dollars=0)
    assert grow_to(417, 1) == 1


def test_what_a_person_resolved_stays_resolved_at_the_figures_that_they_saw():
    assert grow_to(400, 1) == 0
    assert grow_to(416, 2) == 0
    resolve()
    assert grow_to(420, 3) == 0  # half as much again as at the alert, and what they had seen
    assert grow_to(466, 4) == 1


def test_a_snoozed_one_stays_silent_and_alerts_when_it_wakes():
    lifecycle.snooze(incident(), ADA, Origin.PAGE, NOON, NOON + 5 * HOUR)
    assert grow_to(2_780, 1) == grow_to(2_790, 2) == 0
    assert not incident().timeline.filter(step=TimelineStep.WORSENED).exists()
    lifecycle.expire_snoozes(NOON + 5 * HOUR)
    assert alerts() == 2
    assert grow_to(2_900, 6) == 0


def test_an_incident_of_a_former_version_is_measured_by_what_it_told():
    Incident.objects.update(alerted_cents=None, stated_cents=None, extra_cents=27_000)
    assert grow_to(405, 1) == 1


def test_one_whose_member_has_left_lists_its_growth_in_no_run():
    Member.objects.update(is_removed=True)
    assert [grow_to(600, hour) for hour in (1, 2, 3)] == [0, 0, 0]
    assert list(incident().timeline.values_list("step", flat=True)) == ["opened"]
    assert incident().stated_cents == 60_000

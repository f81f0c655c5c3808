"""A run of a machine whose clock was wrong must not decide about later ones."""

from __future__ import annotations

from datetime import timedelta

import pytest

from incidents.lifecycle import take_in
from incidents.models import Notification
from incidents.notifying import outbox
from tests.incidents.factories import HOUR, NOON, clear, make_anomaly, make_channel, run_at
from tests.incidents.slack_stand_in import Fault

pytestmark = pytest.mark.django_db


def test_an_incident_seen_by_a_clock_that_ran_days_ahead_resolves_itself_all_the_same():
    anomaly = make_anomaly()
    take_in(run_at(NOON + 50 * HOUR), NOON + 50 * HOUR)
    clear(anomaly, NOON + HOUR)
    hours = (NOON + HOUR, NOON + HOUR, NOON + 2 * HOUR)  # one of them twice
    assert [take_in(run_at(now), now).resolved for now in hours] == [0, 0, 1]


def test_an_alert_that_a_clock_days_ahead_recorded_is_sent_when_the_clock_is_right_again(slack):
    make_channel()
    make_anomaly()
    take_in(run_at(NOON + 50 * HOUR), NOON + 50 * HOUR)
    assert outbox.deliver_due(NOON).sent == 1
    assert len(slack.roots) == 1


def test_an_alert_of_a_clock_days_ahead_that_fails_waits_as_any_other_before_it_is_tried_again(slack):
    make_channel()
    make_anomaly()
    take_in(run_at(NOON + 50 * HOUR), NOON + 50 * HOUR)
    slack.faults += [Fault(503)] * 3
    tries = [outbox.deliver_due(NOON + timedelta(minutes=minutes)).failed for minutes in range(5)]
    assert tries == [1, 0, 1, 0, 0]


def test_an_alert_that_a_process_days_ahead_had_leased_as_it_died_is_sent_when_the_clock_is_right_again(
    slack,
):
    make_channel()
    make_anomaly()
    take_in(run_at(NOON), NOON)
    assert outbox.lease(list(Notification.objects.all()), NOON + 50 * HOUR)
    assert outbox.deliver_due(NOON).sent == 1
    assert len(slack.roots) == 1


def test_an_alert_that_failed_at_a_process_days_ahead_is_tried_when_the_clock_is_right_again(slack):
    make_channel()
    make_anomaly()
    take_in(run_at(NOON), NOON)
    slack.faults.append(Fault(429, headers={"Retry-After": "9000"}))
    assert outbox.deliver_due(NOON + 50 * HOUR).failed == 1
    assert outbox.deliver_due(NOON).sent == 1


def test_an_alert_that_a_process_days_ahead_sent_is_escalated_when_nobody_answers(slack):
    other = make_channel("slack", name="on call", target="C2", sends_alerts=False)
    make_channel(escalate_to=other, escalate_after_minutes=30)
    make_anomaly()
    take_in(run_at(NOON), NOON)
    assert outbox.deliver_due(NOON + 50 * HOUR).sent == 1
    assert [outbox.deliver_due(NOON + HOUR).escalated for _ in range(2)] == [1, 0]

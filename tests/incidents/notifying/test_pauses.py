"""A service that asks to wait is left alone until then, and keeps no other channel waiting."""

from __future__ import annotations

import pytest

from incidents.lifecycle import take_in
from incidents.models import Notification
from incidents.notifying import outbox
from tests.incidents.factories import HOUR, NOON, make_anomaly, make_channel, make_member, run_at
from tests.incidents.notifying.test_delivery_apart import MINUTE, sent_through
from tests.incidents.slack_stand_in import Fault
from tests.incidents.steps import open_incidents

pytestmark = pytest.mark.django_db


def test_a_channel_that_asks_for_a_pause_is_sent_nothing_until_then_and_others_go_on(slack):
    busy = make_channel(target="C1")
    other = make_channel(name="other", target="C2")
    slack.faults.append(Fault(429, headers={"Retry-After": "600"}))
    open_incidents(2)
    outbox.deliver_due(NOON)
    for minute in range(1, 10):
        make_anomaly(make_member(f"later{minute}@x.io"))
        take_in(run_at(NOON + minute * MINUTE), NOON + minute * MINUTE)
        outbox.deliver_due(NOON + minute * MINUTE)
    assert (sent_through(busy), sent_through(other)) == (0, 11)
    assert len([sent for _, sent in slack.calls if sent["channel"] == "C1"]) == 1
    outbox.deliver_due(NOON + 11 * MINUTE)
    assert sent_through(busy) == 11


@pytest.mark.parametrize(("asked", "hours"), [("1800", 0.5), ("99999999", 1)])
def test_a_pause_lasts_an_hour_at_most_and_ends_with_a_test_that_gets_through(slack, asked, hours):
    channel = make_channel()
    slack.faults.append(Fault(429, headers={"Retry-After": asked}))
    open_incidents()
    outbox.deliver_due(NOON)
    channel.refresh_from_db()
    assert channel.paused_until - NOON == pytest.approx(hours * HOUR, abs=MINUTE)
    assert outbox.deliver_due(NOON + hours * HOUR - MINUTE).sent == 0
    outbox.send_test(channel, NOON)
    channel.refresh_from_db()
    assert channel.paused_until is None


def test_an_alert_on_a_channel_that_pauses_escalates_after_its_minutes(slack):
    on_call = make_channel(name="on call", target="C2", sends_alerts=False)
    make_channel(escalate_to=on_call, escalate_after_minutes=30, paused_until=NOON + 2 * HOUR)
    open_incidents()
    outbox.deliver_due(NOON + 29 * MINUTE)
    assert sent_through(on_call) == 0
    outbox.deliver_due(NOON + 31 * MINUTE)
    assert sent_through(on_call) == 1


def test_what_a_person_tries_again_is_sent_though_its_channel_pauses(slack):
    channel = make_channel(paused_until=NOON + 2 * HOUR)
    open_incidents()
    Notification.objects.update(status="given_up")
    Notification.objects.all().send_again(NOON)
    channel.refresh_from_db()
    assert channel.paused_until is None
    assert outbox.deliver_due(NOON).sent == 1

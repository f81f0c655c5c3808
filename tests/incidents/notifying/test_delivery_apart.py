"""No channel, recipient or message keeps another from being delivered; nothing is sent twice."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from datetime import time as time_of_day
from datetime import timedelta

import pytest
from django.core.management import call_command

from incidents import lifecycle
from incidents.channels import http, registry
from incidents.lifecycle import take_in
from incidents.models import Channel, Incident, IncidentSettings, Notification
from incidents.notifying import outbox
from tests.incidents.factories import ADA, HOUR, NOON, make_anomaly, make_channel, make_member, run_at
from tests.incidents.slack_stand_in import Fault
from tests.incidents.steps import open_incidents

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
THREE = "ann@x.io, bob@x.io, cleo@x.io"


@pytest.fixture
def hanging_webhook(monkeypatch) -> Iterator[str]:
    """An address that takes connections and sends a byte now and then."""
    monkeypatch.setattr(http, "TOTAL_SECONDS", 0.3)
    listener = socket.create_server(("127.0.0.1", 0))

    def drip() -> None:
        while True:
            try:
                connection, _ = listener.accept()
                for _ in range(100):
                    connection.sendall(b"H")
                    time.sleep(0.05)
            except OSError:
                return

    threading.Thread(target=drip, daemon=True).start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}/hook"
    listener.close()


def sent_through(channel: Channel) -> int:
    return Notification.objects.filter(channel=channel, status="sent").count()


def test_a_hanging_webhook_a_refused_mailbox_and_a_busy_slack_keep_nobody_else_from_hearing(
    hanging_webhook, slack, mailbox
):
    """The drill: within one delivery everybody else is notified, and nothing is sent twice."""
    make_channel("webhook", name="a hanging hook", target=hanging_webhook)
    mail = make_channel("email", name="b mail", target=THREE)
    busy = make_channel("slack", name="c busy", target="C1")
    quiet = make_channel("slack", name="d other Slack", target="C2")
    mailbox.refused = {"bob@x.io": "550 no such mailbox"}
    slack.faults.append(Fault(429, headers={"Retry-After": "30"}))
    open_incidents(2)

    began = time.monotonic()
    report = outbox.deliver_due(NOON)

    assert time.monotonic() - began < 10
    assert [sent_through(channel) for channel in (mail, busy, quiet)] == [2, 0, 2]
    assert report.sent == 4
    assert [mail["To"] for mail in mailbox.mails] == ["ann@x.io, bob@x.io, cleo@x.io"] * 2
    assert "refused bob@x.io" in Notification.objects.filter(channel=mail).first().error
    for minute in range(1, 6):
        outbox.deliver_due(NOON + minute * MINUTE)
    assert sent_through(busy) == 2
    assert (len(mailbox.mails), len(slack.roots)) == (2, 4)
    steps = Incident.objects.first().timeline.filter(step="alerted").values_list("text", flat=True)
    assert [text.partition(";")[0] for text in steps] == ["b mail", "d other Slack", "c busy"]


def test_a_slow_channel_has_its_own_budget_of_time(monkeypatch):
    make_channel("webhook", name="a slow hook")
    fast = make_channel("slack", name="slack")
    passed = [0.0]

    def answer_late(channel, parcel) -> str:
        passed[0] += 14
        return "id"

    monkeypatch.setattr(outbox.time, "monotonic", lambda: passed[0])
    monkeypatch.setitem(registry.SENDERS, "webhook", answer_late)
    monkeypatch.setitem(registry.SENDERS, "slack", lambda channel, parcel: "ts")
    open_incidents(25)
    outbox.deliver_due(NOON)
    assert sent_through(fast) == 25
    assert 0 < Notification.objects.filter(channel__kind="webhook", status="sent").count() < 25


def test_the_channel_comes_first_whose_oldest_message_has_waited_longest(monkeypatch):
    order = []
    for kind in ("slack", "webhook"):
        monkeypatch.setitem(
            registry.SENDERS, kind, lambda channel, parcel: order.append(channel.name) or "id"
        )
    make_channel("slack", name="a new")
    old = make_channel("webhook", name="z old")
    open_incidents()
    Notification.objects.filter(channel=old).update(created_at=NOON - HOUR)
    outbox.deliver_due(NOON)
    assert order == ["z old", "a new"]


def test_an_unforeseen_fault_of_one_channel_stops_no_other(monkeypatch):
    make_channel("webhook", name="a broken")
    fine = make_channel("slack", name="b fine")
    monkeypatch.setitem(registry.SENDERS, "slack", lambda channel, parcel: "ts")
    plan = outbox.plan

    def stumble(rows, channel, policy):
        if channel.name == "a broken":
            raise RuntimeError("not foreseen")
        return plan(rows, channel, policy)

    monkeypatch.setattr(outbox, "plan", stumble)
    open_incidents()
    assert outbox.deliver_due(NOON).sent == 1 == sent_through(fine)


def test_a_refused_mailbox_concerns_its_message_alone_and_is_not_tried_for_hours(mailbox):
    make_channel("email", audience="member", target="")
    mailbox.refused = {"member0@example.com": "550 no such mailbox"}
    open_incidents(3)
    report = outbox.deliver_due(NOON)
    assert (report.sent, report.given_up) == (2, 1)
    assert "refused every recipient (550)" in Notification.objects.get(status="given_up").error
    refused = Incident.objects.get(member__email="member0@example.com")
    assert refused.timeline.filter(step="undelivered").exists()


def test_a_mailbox_that_is_full_for_now_is_tried_again_and_holds_nobody_up(mailbox):
    make_channel("email", audience="member", target="")
    mailbox.refused = {"member0@example.com": "452 mailbox full"}
    open_incidents(3)
    report = outbox.deliver_due(NOON)
    assert (report.sent, report.failed, report.given_up) == (2, 1, 0)
    mailbox.refused = {}
    assert outbox.deliver_due(NOON + HOUR).sent == 1


def test_a_member_whose_address_breaks_a_line_leaves_the_others_their_messages(mailbox):
    make_channel("email")
    make_anomaly(make_member("ann\nlee@acme.example", name="Ann"))
    open_incidents(2)
    assert outbox.deliver_due(NOON).sent == 2
    assert not Notification.objects.filter(status="sending").exists()


def test_a_member_without_an_address_is_skipped_and_listed(mailbox):
    make_channel("email", audience="member", target="")
    make_anomaly(make_member("not-an-address", name="Ann"))
    open_incidents(2)
    report = outbox.deliver_due(NOON)
    assert (report.sent, report.given_up) == (2, 1)
    assert "Ann has no e-mail address" in Notification.objects.get(status="given_up").error
    assert Channel.objects.get().last_ok_at is not None


def test_a_message_that_cannot_be_written_stops_no_other(monkeypatch):
    make_channel("slack")
    monkeypatch.setitem(registry.SENDERS, "slack", lambda channel, parcel: "ts")
    open_incidents(2)
    first = Incident.objects.first()
    describe = outbox.messages.describe

    def stumble(incident, *arguments, **options):
        if incident.pk == first.pk:
            raise ValueError("no address can be made of this")
        return describe(incident, *arguments, **options)

    monkeypatch.setattr(outbox.messages, "describe", stumble)
    report = outbox.deliver_due(NOON)
    assert (report.sent, report.failed) == (1, 1)
    assert not Notification.objects.filter(status="sending").exists()


def test_what_another_process_has_taken_over_is_neither_given_up_nor_marked(monkeypatch):
    """The lease ran out while this process was sending, and another one sends now."""
    IncidentSettings.objects.create(give_up_after=1)
    make_channel("webhook")
    open_incidents()

    def lose_the_lease(channel, parcel) -> str:
        Notification.objects.update(lease="another", leased_until=NOON + HOUR)
        raise registry.DeliveryError("too late")

    monkeypatch.setitem(registry.SENDERS, "webhook", lose_the_lease)
    assert outbox.deliver_due(NOON).given_up == 0
    row = Notification.objects.get()
    assert (row.status, row.lease) == ("sending", "another")
    assert not row.incident.timeline.filter(step="undelivered").exists()


def test_an_incident_that_cannot_be_woken_leaves_the_others_and_what_is_due_their_turn(slack):
    """Critical ones go to a channel too whose time zone this machine has lost."""
    make_channel("slack", name="fine")
    quiet = {"quiet_from": time_of_day(22), "quiet_until": time_of_day(7), "timezone": "Mars/Base"} | {
        "is_loud_when_critical": False
    }
    first, second, due = open_incidents(3)
    lifecycle.snooze(first, ADA, "page", NOON, NOON + MINUTE)
    lifecycle.snooze(second, ADA, "page", NOON, NOON + MINUTE)
    Incident.objects.filter(pk=first.pk).update(severity="critical")
    make_channel("slack", name="lost", least_severity="critical", **quiet)
    report = outbox.deliver_due(NOON + MINUTE)
    assert not report.is_ok
    assert Incident.objects.get(pk=second.pk).snoozed_until is None
    assert Incident.objects.get(pk=due.pk).status == "alerted"


class TestCatchingUp:
    def test_a_channel_added_while_an_incident_is_open_hears_of_it_once(self, slack):
        open_incidents()
        outbox.deliver_due(NOON)
        make_channel("slack")
        assert [outbox.deliver_due(NOON + n * MINUTE).sent for n in (1, 2)] == [1, 0]
        assert Incident.objects.get().alerted_at == pytest.approx(NOON + MINUTE, abs=MINUTE)

    @pytest.mark.parametrize(
        "change",
        [
            {"is_enabled": True},
            {"least_severity": "warning"},
            {"sends_alerts": True},
            {"audience": "everybody"},
        ],
    )
    def test_a_channel_that_begins_to_listen_hears_of_what_is_open(self, slack, change):
        deaf = {
            "is_enabled": False,
            "least_severity": "critical",
            "sends_alerts": False,
            "audience": "groups",
        }
        make_channel("slack", **{name: deaf[name] for name in change})
        open_incidents()
        assert outbox.deliver_due(NOON).sent == 0
        Channel.objects.update(**change)
        assert outbox.deliver_due(NOON + MINUTE).sent == 1

    def test_nobody_hears_late_of_what_is_resolved_or_snoozed_or_about_somebody_who_left(self, slack):
        open_incidents(3)
        resolved, snoozed, left = Incident.objects.order_by("pk")
        lifecycle.resolve(resolved, ADA, "page", NOON)
        lifecycle.snooze(snoozed, ADA, "page", NOON, NOON + HOUR)
        left.member.is_removed = True
        left.member.save()
        make_channel("slack")
        assert outbox.deliver_due(NOON + MINUTE).sent == 0
        assert outbox.deliver_due(NOON + HOUR).sent == 1

    def test_what_was_given_up_while_the_channel_failed_is_sent_when_it_is_mended(self, slack):
        IncidentSettings.objects.create(give_up_after=1)
        channel = make_channel("slack")
        open_incidents()
        slack.faults.append(Fault(error="invalid_auth"))
        assert outbox.deliver_due(NOON).given_up == 1
        assert outbox.deliver_due(NOON + MINUTE).sent == 0
        outbox.send_test(channel, NOON + 2 * MINUTE)
        assert [outbox.deliver_due(NOON + n * MINUTE).sent for n in (3, 4)] == [1, 0]

    def test_channels_of_the_environment_are_there_after_migrating(self, settings):
        settings.ALERT_EMAIL_TO = ["oncall@example.com"]
        call_command("migrate", verbosity=0)
        assert Channel.objects.get().audience == "everybody"
        take_in(run_at(NOON), NOON)
        assert Channel.objects.count() == 1

"""Recorded, leased, sent, retried, given up: on a Slack and an SMTP server on loopback."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from incidents import lifecycle
from incidents.channels import slack as slack_channel
from incidents.models import Channel, IncidentSettings, Notification
from incidents.notifying import outbox
from incidents.notifying.backlog import backlog
from tests.incidents.factories import ADA, HOUR, NOON, make_channel
from tests.incidents.slack_stand_in import Fault
from tests.incidents.steps import open_incidents, states, texts

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def test_the_environment_makes_one_channel_of_each_kind_once(slack, mailbox, settings):
    settings.SLACK_CHANNEL_ID = "C0123456789"
    settings.ALERT_EMAIL_TO = ["oncall@example.com"]
    settings.WEBHOOK_URL = "http://127.0.0.1:9/hook"
    for _ in range(2):
        outbox.deliver_due(NOON)
    assert list(Channel.objects.values_list("name", "kind", "seed", "target")) == [
        ("E-mail", "email", "email", ""),
        ("Slack", "slack", "slack", ""),
        ("Webhook", "webhook", "webhook", ""),
    ]


def test_an_alert_goes_out_once_on_slack_and_by_mail_and_dates_the_incident(slack, mailbox):
    make_channel("slack")
    make_channel("email")
    (incident,) = open_incidents()
    report = outbox.deliver_due(NOON + 5 * MINUTE)
    assert (report.sent, report.waiting, report.is_ok) == (2, 0, True)
    assert outbox.deliver_due(NOON + 6 * MINUTE).sent == 0
    (message,) = slack.roots
    for said in (
        "Member0",
        "member0@example.com",
        "claude-4.6-opus-high",
        "$362.00",
        "2 Mar 2026, 09:00 UTC",
    ):
        assert said in texts(message)
    assert "/users/member0@example.com" in texts(message)
    assert [button["action_id"] for button in message["blocks"][-1]["elements"]] == [
        "acknowledge",
        "resolve",
        "expected",
        "snooze",
        "planned",
    ]
    (mail,) = mailbox.mails
    assert mail["Subject"] == "Warning: Carl spent $412 in 24 h, 8.2x the usual $50."
    assert {part.get_content_type() for part in mail.walk()} >= {"text/plain", "text/html"}
    incident.refresh_from_db()
    assert incident.status == "alerted"
    assert NOON + 5 * MINUTE <= incident.alerted_at < NOON + 6 * MINUTE


@pytest.mark.parametrize(
    ("fault", "reason", "next_try"),
    [
        (Fault(429, headers={"Retry-After": "90"}), "slow down for 90 s", 90),
        (Fault(429), "slow down for 60 s", 60),
        (Fault(500), "Slack is failing (HTTP 500)", 60),
        (Fault(error="invalid_auth"), "set SLACK_BOT_TOKEN", 60),
        (Fault(error="channel_not_found"), "invite the app", 60),
        (Fault(error="msg_too_long"), "too long for Slack", 60),
    ],
)
def test_slack_failing_waits_says_why_and_leaves_mail_alone(slack, mailbox, fault, reason, next_try):
    make_channel("slack")
    make_channel("email")
    open_incidents()
    slack.faults += [fault, fault]  # slack_sdk itself repeats a 500 once
    report = outbox.deliver_due(NOON)
    assert (report.sent, report.failed) == (1, 1)
    assert len(mailbox.mails) == 1
    waiting = Notification.objects.get(status="waiting")
    assert reason in waiting.error
    assert reason in Channel.objects.get(kind="slack").last_error
    assert timedelta(seconds=next_try) <= waiting.due_at - NOON < timedelta(seconds=next_try + 20)
    slack.faults.clear()
    assert outbox.deliver_due(NOON + HOUR).sent == 1
    assert Channel.objects.get(kind="slack").last_error == ""
    assert len(slack.roots) == 1


def test_slack_hanging_times_out_and_is_tried_later(slack, monkeypatch):
    monkeypatch.setattr(slack_channel, "TIMEOUT_SECONDS", 0.2)
    make_channel()
    open_incidents()
    slack.faults += [Fault(hang=1), Fault(hang=1)]
    assert outbox.deliver_due(NOON).failed == 1
    assert "could not be reached" in Notification.objects.get().error


def test_a_refused_token_is_tried_once_a_run_and_a_bad_message_stops_no_other(slack, caplog):
    make_channel()
    open_incidents(2)
    slack.faults.append(Fault(error="invalid_auth"))
    outbox.deliver_due(NOON)
    assert states() == [("alert", "waiting", 1), ("alert", "waiting", 0)]
    assert caplog.messages[-1].startswith("channel slack channel: ")  # by its name
    slack.faults.append(Fault(error="msg_too_long"))
    outbox.deliver_due(NOON + HOUR)
    assert sorted(row[1] for row in states()) == ["sent", "waiting"]


def test_given_up_after_the_policys_tries_and_said_on_the_timeline_and_in_the_backlog(slack):
    IncidentSettings.objects.create(give_up_after=2)
    make_channel()
    (incident,) = open_incidents()
    slack.faults += [Fault(error="channel_not_found")] * 2
    outbox.deliver_due(NOON)
    report = outbox.deliver_due(NOON + HOUR)
    assert (report.given_up, report.is_ok) == (1, False)
    assert outbox.deliver_due(NOON + 2 * HOUR).sent == 0
    entry = incident.timeline.get(step="undelivered")
    assert "channel_not_found" in entry.text
    left = backlog(NOON + 2 * HOUR)
    assert (left.given_up, [channel.name for channel in left.troubled_channels]) == (
        1,
        ["slack channel"],
    )


def test_pauses_double_up_to_six_hours_and_never_undercut_what_was_asked():
    minutes = [outbox.pause(tries, None).total_seconds() / 60 for tries in range(1, 13)]
    assert minutes == [1, 2, 4, 8, 16, 32, 64, 128, 256, 360, 360, 360]
    assert outbox.pause(1, timedelta(minutes=30)) == timedelta(minutes=30)


def test_a_lost_lease_is_sent_once_more_and_a_second_loss_is_given_up_aloud(slack, monkeypatch):
    make_channel()
    (incident,) = open_incidents()

    def die(*args):
        raise KeyboardInterrupt  # the process ends between sending and noting it

    monkeypatch.setattr(outbox, "sent", die)
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_due(NOON)
    assert outbox.deliver_due(NOON + 14 * MINUTE).sent == 0  # the lease still holds
    with pytest.raises(KeyboardInterrupt):
        outbox.deliver_due(NOON + 16 * MINUTE)
    assert len(slack.roots) == 2
    report = outbox.deliver_due(NOON + HOUR)
    assert (report.given_up, len(slack.roots)) == (1, 2)
    assert "may have arrived" in incident.timeline.get(step="undelivered").text


def test_of_two_processes_only_one_sends(slack):
    make_channel()
    open_incidents()
    rows = list(Notification.objects.all())
    assert outbox.lease(rows, NOON)
    assert outbox.lease(rows, NOON) == ""
    assert outbox.deliver_due(NOON).sent == 0
    assert Notification.objects.get().tries == 1


def test_a_channel_that_was_switched_off_gives_its_messages_up(slack):
    channel = make_channel()
    open_incidents()
    channel.is_enabled = False
    channel.save()
    assert outbox.deliver_due(NOON).given_up == 1
    assert slack.roots == []


def test_healthz_counts_what_was_given_up_and_names_nobody(slack, client):
    IncidentSettings.objects.create(give_up_after=1)
    make_channel()
    open_incidents()
    slack.faults.append(Fault(error="channel_not_found"))
    outbox.deliver_due(NOON)
    Notification.objects.update(created_at=timezone.now())
    told = client.get("/healthz").json()["notifications"]
    assert told == {"waiting": 0, "oldest_waiting_at": None, "given_up": 1, "failing_channels": 1}


def test_a_name_that_somebody_has_given_away_keeps_no_run_from_taking_anomalies_in(settings):
    settings.WEBHOOK_URL = "http://127.0.0.1:9/hook"
    IncidentSettings.objects.create(asks_member_first=True)
    for name in ("Webhook", "Webhook (2)", "The member concerned"):
        make_channel(name=name, is_enabled=False)
    assert len(open_incidents()) == 1
    assert set(Channel.objects.exclude(seed=None).values_list("seed", "name")) == {
        ("webhook", "Webhook (3)"),
        ("member", "The member concerned (2)"),
    }


def test_an_alert_that_did_not_get_through_waits_for_the_end_of_a_snooze(slack):
    make_channel()
    (incident,) = open_incidents()
    slack.faults.append(Fault(error="is_archived"))
    outbox.deliver_due(NOON)
    lifecycle.snooze(incident, ADA, "page", NOON, NOON + 5 * MINUTE)
    assert [outbox.deliver_due(NOON + minutes * MINUTE).sent for minutes in (1, 2, 4)] == [0, 0, 0]
    assert outbox.deliver_due(NOON + 5 * MINUTE).sent == 3  # with what happened since
    assert len(slack.roots) == 1

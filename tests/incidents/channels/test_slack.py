"""What Slack shows as incidents go on, on a Slack of one's own."""

from __future__ import annotations

import pytest

from incidents import lifecycle
from incidents.channels import slack as slack_channel
from incidents.channels.base import Parcel
from incidents.lifecycle import take_in
from incidents.models import Incident, Notification, Origin, Verdict
from incidents.notifying import outbox
from incidents.notifying.messages import Digest
from tests.incidents.factories import ADA, BOB, HOUR, NOON, make_anomaly, make_channel, make_member, run_at
from tests.incidents.slack_stand_in import Fault
from tests.incidents.steps import open_incidents, texts

pytestmark = pytest.mark.django_db


def test_the_message_changes_and_its_thread_tells_as_the_incident_goes_on(slack):
    make_channel()
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    outbox.deliver_due(NOON + HOUR)
    (message,) = slack.roots
    assert "Acknowledged by Ada Byron" in texts(message)
    assert [button["action_id"] for button in message["blocks"][-1]["elements"]] == [
        "resolve",
        "expected",
        "snooze",
        "planned",
    ]
    lifecycle.verdict(incident, ADA, Origin.SLACK, NOON + 2 * HOUR, Verdict.EXPECTED)
    outbox.deliver_due(NOON + 2 * HOUR)
    (message,) = slack.roots
    assert "Resolved by Ada Byron (expected)" in texts(message)
    assert message["blocks"][-1]["type"] == "context"  # no buttons on what is over
    assert slack.thread == [
        "Acknowledged by Ada Byron (page) · 2 Mar 2026, 13:00 UTC",
        "Verdict by Ada Byron (Slack): expected · 2 Mar 2026, 14:00 UTC",
    ]


def test_whoever_takes_on_a_reopened_incident_is_shown_with_their_own_time(slack):
    make_channel()
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
    lifecycle.reopen(incident, ADA, Origin.PAGE, NOON + 3 * HOUR)
    lifecycle.acknowledge(incident, BOB, Origin.PAGE, NOON + 4 * HOUR)
    outbox.deliver_due(NOON + 4 * HOUR)
    (message,) = slack.roots
    assert "Acknowledged by Bob Kahn, 2 Mar 2026, 16:00 UTC" in texts(message)


def test_three_at_once_are_single_and_four_are_one_summary_with_a_link_each(slack):
    make_channel()
    open_incidents(3)
    outbox.deliver_due(NOON)
    assert len(slack.roots) == 3
    slack.messages.clear()
    for number in range(10, 14):
        make_anomaly(make_member(f"late{number}@example.com"))
    take_in(run_at(NOON + HOUR), NOON + HOUR)
    outbox.deliver_due(NOON + HOUR)
    (summary,) = slack.roots
    assert summary["text"] == "4 incidents"
    for incident in Incident.objects.filter(member__email__startswith="late"):
        assert f"/incidents/{incident.pk}|" in texts(summary)
    assert Incident.objects.filter(status="alerted").count() == 7


def test_a_step_of_one_incident_edits_the_summary_that_told_of_it(slack):
    make_channel()
    incidents = open_incidents(5)
    outbox.deliver_due(NOON)
    lifecycle.resolve(incidents[2], ADA, Origin.PAGE, NOON + HOUR)
    outbox.deliver_due(NOON + HOUR)
    (summary,) = slack.roots
    assert texts(summary).count("✅") == 1
    assert all(f"/incidents/{incident.pk}|" in texts(summary) for incident in incidents)
    assert slack.thread == ["Resolved by Ada Byron (page) · 2 Mar 2026, 13:00 UTC"]


def test_a_hundred_at_once_stay_within_slacks_limits_and_are_all_linked(slack):
    make_channel()
    incidents = open_incidents(100)
    outbox.deliver_due(NOON)
    assert len(slack.roots) == 2  # of 80 and 20
    for message in slack.roots:
        assert len(message["blocks"]) <= 50
        assert all(len(block["text"]["text"]) <= 3000 for block in message["blocks"] if "text" in block)
        assert len(texts(message)) < 13_200
    everything = "".join(map(texts, slack.roots))
    assert all(f"/incidents/{incident.pk}|" in everything for incident in incidents)


def test_slack_down_for_a_day_tells_everything_in_order_once_it_is_back(slack):
    make_channel()
    (incident,) = open_incidents()
    slack.faults.append(Fault(error="invalid_auth"))
    outbox.deliver_due(NOON)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    outbox.deliver_due(NOON + 24 * HOUR)
    assert len(slack.roots) == 1
    assert "Acknowledged by Ada Byron" in texts(slack.roots[0])
    assert slack.thread == ["Acknowledged by Ada Byron (page) · 2 Mar 2026, 13:00 UTC"]
    incident.refresh_from_db()
    assert (incident.status, incident.alerted_at is not None) == ("acknowledged", True)


def test_an_update_waits_for_its_alert(slack):
    make_channel()
    (incident,) = open_incidents()
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON)
    Notification.objects.filter(kind="alert").update(due_at=NOON + HOUR)
    assert outbox.deliver_due(NOON).sent == 0
    assert outbox.deliver_due(NOON + HOUR).sent == 2


def test_a_limit_that_comes_with_200_is_waited_for(slack):
    make_channel()
    open_incidents()
    slack.faults.append(Fault(error="ratelimited", method="chat.postMessage"))
    assert outbox.deliver_due(NOON).failed == 1
    assert Notification.objects.get().error.startswith("Slack asks to slow down for 60 s")


def test_a_message_deleted_in_slack_is_posted_anew(slack):
    make_channel()
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    slack.messages.clear()
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    outbox.deliver_due(NOON + HOUR)
    assert "Acknowledged by Ada Byron" in texts(slack.roots[0])


@pytest.mark.parametrize(
    "fault",
    [
        Fault(500, is_late=True, method="chat.postMessage"),
        Fault(hang=1, is_late=True, method="chat.postMessage"),
        Fault(error="fatal_error", is_late=True, method="chat.postMessage"),
    ],
)
@pytest.mark.parametrize("may_read", [True, False])
def test_a_message_that_got_through_unnoticed_is_found_again_if_the_app_may_read(
    slack, monkeypatch, fault, may_read
):
    monkeypatch.setattr(slack_channel, "TIMEOUT_SECONDS", 0.3)
    slack.may_read = may_read
    make_channel()
    (incident,) = open_incidents()
    slack.faults.append(fault)
    assert outbox.deliver_due(NOON).failed == 1
    assert outbox.deliver_due(NOON + HOUR).sent == 1
    assert len(slack.roots) == (1 if may_read else 2)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    slack.faults.append(fault)  # of the answer in the thread
    assert outbox.deliver_due(NOON + HOUR).failed == 1
    assert outbox.deliver_due(NOON + 2 * HOUR).sent == 1
    assert len(slack.thread) == (1 if may_read else 2)


@pytest.mark.parametrize("ts", [{}, {"ts": None}, {"ts": 1700000000.5}, {"ts": "None"}, {"ts": "1" * 500}])
def test_a_message_that_slack_took_and_did_not_name_is_sent_and_followed_by_a_new_one(slack, monkeypatch, ts):
    make_channel()
    (incident,) = open_incidents()
    monkeypatch.setattr(slack, "answer", lambda method, sent: {"ok": True, "channel": "C1", **ts})
    assert outbox.deliver_due(NOON).sent == 1
    assert Notification.objects.get().remote_id == ""
    monkeypatch.undo()
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    outbox.deliver_due(NOON + HOUR)
    assert "Acknowledged by Ada Byron" in texts(slack.roots[0])


@pytest.mark.parametrize(
    "history", [{}, {"messages": None}, {"messages": [None, {"metadata": None}, {"metadata": {"key": []}}]}]
)
def test_a_history_of_another_shape_finds_no_message(slack, monkeypatch, history):
    parcel = Parcel("notification-1", "test", Digest("Title", (), (), ""), sent_since=NOON)
    monkeypatch.setattr(slack, "answer", lambda method, sent: {"ok": True, **history})
    assert slack_channel.find_posted(parcel, "C1", "") == ""


@pytest.mark.parametrize("user", [None, [], "U1", {"profile": []}, {"profile": {"email": 1}, "team_id": []}])
def test_a_user_of_another_shape_has_no_address(slack, monkeypatch, user):
    monkeypatch.setattr(slack, "answer", lambda method, sent: {"ok": True, "user": user})
    assert slack_channel.find_user("U1", "T1").email == ""

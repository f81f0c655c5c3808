"""The member is asked first: who hears when, what an answer changes, and what it does not."""

from __future__ import annotations

from datetime import date, time, timedelta

import pytest

from detection.models import Anomaly
from incidents.actions.answers import save_answer
from incidents.lifecycle import take_in
from incidents.models import Channel, Incident, IncidentSettings, MemberAnswer, Notification, Origin
from incidents.notifying import outbox
from tests.incidents.factories import (
    NOON,
    make_anomaly,
    make_channel,
    make_member,
    make_runaway,
    run_at,
)
from tests.incidents.slack_stand_in import Fault
from tests.incidents.steps import texts

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
Reply = MemberAnswer.Reply


@pytest.fixture(autouse=True)
def policy(slack):
    """Switched on, the member in Slack, one channel for everybody."""
    slack.emails["U1"] = "carl@example.com"
    make_channel()
    return IncidentSettings.objects.create(asks_member_first=True)


def opened(severity: str = "warning", **fields) -> Incident:
    member = fields.pop("member", None) or make_member()
    take_in_of = make_anomaly(member, severity=severity, **fields)
    take_in(run_at(NOON), NOON)
    return Incident.objects.get(findings__anomaly=take_in_of)


def rooms(slack) -> list[str]:
    """Where messages of their own were posted, in order."""
    return [message["channel"] for message in slack.roots]


def answer(incident: Incident, reply: str, at, until: date | None = None):
    question = incident.timeline.filter(step="opened").get()
    return save_answer(question, reply, until, Origin.SLACK, at)


@pytest.mark.parametrize("method", ["users.lookupByEmail", "conversations.open"])
def test_a_member_whom_slack_does_not_name_clearly_gets_a_mail(
    slack, monkeypatch, settings, mailoutbox, method
):
    settings.EMAIL_CONFIGURED, answer_of = True, slack.answer
    odd = {"ok": True, "user": None, "channel": []}
    monkeypatch.setattr(
        slack, "answer", lambda called, sent: odd if called == method else answer_of(called, sent)
    )
    opened()
    outbox.deliver_due(NOON)
    assert [mail.to for mail in mailoutbox] == [["carl@example.com"]]


def test_a_warning_goes_to_the_member_at_once_and_to_the_channel_after_half_an_hour(slack):
    incident = opened()
    outbox.deliver_due(NOON)
    assert rooms(slack) == ["DU1"]
    outbox.deliver_due(NOON + 29 * MINUTE)
    assert rooms(slack) == ["DU1"]
    outbox.deliver_due(NOON + 30 * MINUTE)
    assert rooms(slack) == ["DU1", "C0123456789"]
    incident.refresh_from_db()
    assert incident.alerted_at - NOON < MINUTE  # the member's message is the first alert


def test_a_critical_one_goes_to_both_at_once(slack):
    opened("critical")
    outbox.deliver_due(NOON)
    assert sorted(rooms(slack)) == ["C0123456789", "DU1"]


def test_switched_off_nobody_is_asked_and_the_channel_hears_at_once(slack, policy):
    policy.asks_member_first = False
    policy.save()
    opened()
    outbox.deliver_due(NOON)
    assert rooms(slack) == ["C0123456789"]
    assert not Channel.objects.filter(audience="member").exists()


def test_the_question_is_in_the_second_person_with_its_cause_and_three_answers(slack):
    member = make_member()
    make_runaway(member, NOON - timedelta(hours=3))
    opened(member=member, message="Carl spent $412 in 24 h, 8.2x their usual $50 (since 09:00 UTC)")
    outbox.deliver_due(NOON)
    (message,) = slack.roots
    assert message["text"] == "Warning: you spent $412 in 24 h, 8.2x your usual $50"
    assert "20 of 24 requests come from one cloud agent" in texts(message)
    (actions,) = [block for block in message["blocks"] if block["type"] == "actions"]
    assert [element["action_id"] for element in actions["elements"]] == [
        "answer_expected",
        "answer_stopped",
        "answer_not_me",
    ]
    assert "/incidents/" not in texts(message)  # a member may not see that page


def test_a_service_accounts_owner_is_asked_and_answers_for_it(slack):
    account = make_member("bot@example.com", kind="service_account", owner=make_member())
    incident = opened(member=account, message="Bot spent $412 in 24 h, 8.2x their usual $50")
    outbox.deliver_due(NOON)
    (message,) = slack.roots
    assert message["channel"] == "DU1"
    assert message["text"] == "Warning: Bot spent $412 in 24 h, 8.2x their usual $50"
    assert answer(incident, Reply.STOPPED, NOON + 5 * MINUTE).won
    assert incident.timeline.get(step="answered").actor_name == "Carl"


@pytest.mark.parametrize("owner", [{}, {"is_removed": True}, {"gone_at": NOON}])
def test_without_an_owner_on_the_team_the_channel_hears_at_once(slack, owner):
    person = make_member(**owner) if owner else None
    opened(member=make_member("bot@example.com", kind="service_account", owner=person))
    outbox.deliver_due(NOON)
    assert rooms(slack) == ["C0123456789"]


@pytest.mark.parametrize(
    ("reply", "until", "text"),
    [
        (Reply.EXPECTED, date(2026, 3, 8), "It's expected until 8 Mar 2026"),
        (Reply.STOPPED, None, "I stopped it"),
    ],
)
def test_an_answer_stands_on_the_timeline_and_the_channel_is_spared(slack, reply, until, text):
    incident = opened()
    outbox.deliver_due(NOON)
    assert answer(incident, reply, NOON + 5 * MINUTE, until).won
    outbox.deliver_due(NOON + 60 * MINUTE)
    assert rooms(slack) == ["DU1"]
    assert incident.timeline.last().sentence == f"Answered by Carl (Slack): {text}"
    incident.refresh_from_db()
    assert (incident.status, incident.verdict, incident.acknowledged_at) == ("alerted", "", None)


def test_not_me_reaches_the_channel_at_once(slack):
    incident = opened()
    outbox.deliver_due(NOON)
    answer(incident, Reply.NOT_ME, NOON + 5 * MINUTE)
    outbox.deliver_due(NOON + 5 * MINUTE)
    assert rooms(slack) == ["DU1", "C0123456789"]
    assert not Notification.objects.waiting().exists()


def test_not_me_is_broadcast_where_the_channel_had_been_alerted(slack):
    incident = opened("critical")
    outbox.deliver_due(NOON)
    answer(incident, Reply.NOT_ME, NOON + 5 * MINUTE)
    outbox.deliver_due(NOON + 5 * MINUTE)
    (reply,) = [
        message
        for message in slack.messages.values()
        if message.get("thread_ts") and message["channel"] == "C0123456789"
    ]
    assert "Not me" in reply["text"]
    assert reply["reply_broadcast"] in (True, "1", "true")


def test_the_first_answer_counts_and_the_second_changes_nothing():
    incident = opened()
    answer(incident, Reply.STOPPED, NOON + MINUTE)
    second = answer(incident, Reply.NOT_ME, NOON + 2 * MINUTE)
    assert (second.won, second.message) == (False, "Already answered: I stopped it.")
    assert incident.timeline.filter(step="answered").count() == 1


def test_an_answer_to_the_first_question_does_not_speak_for_what_grew_since(slack):
    incident = opened(operands={"daily_cents": 41_200.0})
    outbox.deliver_due(NOON)
    later = NOON + 60 * MINUTE
    outbox.deliver_due(later)
    Anomaly.objects.update(operands={"daily_cents": 400_000.0})
    take_in(run_at(later), later)
    outbox.deliver_due(later)
    assert Notification.objects.waiting().count() == 1  # the channel waits for an answer about the growth
    assert answer(incident, Reply.STOPPED, later + MINUTE).won  # the link of the first mail
    outbox.deliver_due(later + 31 * MINUTE)
    assert not Notification.objects.filter(status="withdrawn").exists()
    assert Notification.objects.filter(entry__step="worsened", status="sent").count() == 2


@pytest.mark.parametrize(
    ("reply", "until", "complaint"),
    [
        (Reply.EXPECTED, None, "Choose the last day"),
        (Reply.EXPECTED, date(2026, 3, 1), "Choose today or a later day"),
        ("whatever", None, "Choose one of the answers"),
    ],
)
def test_an_answer_without_sense_is_not_kept(reply, until, complaint):
    outcome = answer(opened(), reply, NOON, until)
    assert not outcome.won and complaint in outcome.message
    assert not MemberAnswer.objects.exists()


def test_somebody_unknown_to_slack_gets_an_email(slack, mailbox):
    slack.emails.clear()
    opened()
    outbox.deliver_due(NOON)
    (mail,) = mailbox.mails
    assert mail["To"] == "carl@example.com"
    assert mail["Subject"] == "Warning: Carl spent $412 in 24 h, 8.2x the usual $50".replace("Carl", "you")
    assert "https://costs.example.com/answers/" in mail.get_body(("plain",)).get_content()
    assert rooms(slack) == []


def test_where_no_message_reaches_the_member_the_channel_does_not_wait(slack):
    opened()
    slack.faults.append(Fault(error="invalid_auth", method="users.lookupByEmail"))
    outbox.deliver_due(NOON)
    outbox.deliver_due(NOON + MINUTE)
    assert "C0123456789" in rooms(slack)


def test_the_members_quiet_hours_hold(slack):
    make_channel(
        name="member",
        target="",
        audience="member",
        quiet_from=time(11),
        quiet_until=time(14),
        is_loud_when_critical=False,
    )
    opened("critical")
    outbox.deliver_due(NOON)
    assert rooms(slack) == ["C0123456789"]
    outbox.deliver_due(NOON + 121 * MINUTE)
    assert rooms(slack) == ["C0123456789", "DU1"]


def test_the_team_and_service_accounts_are_asked_nothing(slack):
    make_anomaly(team=True, rule="team_budget", cause="budget")
    robot = make_member("service-account:7", kind="service_account")
    opened(member=robot)
    outbox.deliver_due(NOON)
    assert set(rooms(slack)) == {"C0123456789"}


def test_where_the_members_channel_is_disabled_before_the_question_is_sent_the_channel_does_not_wait(slack):
    opened()
    Channel.objects.filter(audience="member").update(is_enabled=False)
    outbox.deliver_due(NOON)
    outbox.deliver_due(NOON + MINUTE)
    assert rooms(slack) == ["C0123456789"]

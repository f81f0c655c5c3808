"""What e-mail says, on a real SMTP server."""

from __future__ import annotations

import json
import socket
import time

import pytest
import responses

from incidents import lifecycle
from incidents.lifecycle.moves import write
from incidents.models import IncidentSettings, Notification, Origin, TimelineStep
from incidents.notifying import outbox
from tests.collector.base.test_deadline import peer
from tests.incidents.factories import ADA, HOUR, NOON, make_anomaly, make_channel
from tests.incidents.steps import open_incidents

pytestmark = pytest.mark.django_db
RESEND = "https://api.resend.com/emails"


def test_mail_hears_of_the_end_and_of_nothing_between(mailbox):
    make_channel("email")
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
    outbox.deliver_due(NOON + 2 * HOUR)
    first, last = mailbox.mails
    assert last["In-Reply-To"] == first["Message-ID"]
    assert last["Subject"].startswith("Resolved: Carl spent $412 in 24 h")


def test_mail_hears_nothing_of_what_follows_the_end(mailbox):
    make_channel("email")
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + HOUR)
    write(incident, TimelineStep.LIMIT, "from $80.00 to $200, in force.", NOON + 2 * HOUR)  # it was temporary
    outbox.deliver_due(NOON + 3 * HOUR)
    assert len(mailbox.mails) == 2


def test_mail_refused_by_the_server_is_tried_again(mailbox):
    make_channel("email")
    open_incidents()
    mailbox.refusal = "451 4.7.1 try later"
    assert outbox.deliver_due(NOON).failed == 1
    assert "SMTPDataError 451" in Notification.objects.get().error
    mailbox.refusal = ""
    assert outbox.deliver_due(NOON + HOUR).sent == 1


@pytest.mark.parametrize(
    ("setting", "value", "lacking"), [("EMAIL_USE_TLS", True, "STARTTLS"), ("EMAIL_HOST_USER", "ops", "AUTH")]
)
def test_a_server_without_encryption_or_login_is_named_as_such(mailbox, settings, setting, value, lacking):
    setattr(settings, setting, value)
    settings.EMAIL_HOST_PASSWORD = "made-up"
    make_channel("email")
    open_incidents()
    assert outbox.deliver_due(NOON).failed == 1
    assert "does not offer what EMAIL_URL asks for" in (error := Notification.objects.get().error)
    assert lacking in error


def test_mail_that_was_taken_is_not_sent_again_by_a_server_that_says_no_goodbye(settings, monkeypatch):
    taken = []

    def take(connection: socket.socket) -> None:
        connection.sendall(b"220 hello\r\n")
        with connection.makefile("rb") as lines:
            for line in lines:
                match line.strip().upper():
                    case b"DATA":
                        connection.sendall(b"354 go on\r\n")
                    case b".":
                        taken.append(line)
                        connection.sendall(b"250 taken\r\n")
                    case b"QUIT":
                        time.sleep(3)
                    case text if text.startswith((b"EHLO", b"MAIL", b"RCPT")):
                        connection.sendall(b"250 fine\r\n")

    monkeypatch.setattr("incidents.channels.email.CALL_SECONDS", 1)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_CONFIGURED = True
    make_channel("email")
    open_incidents()
    with peer(take) as port:
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", port
        assert outbox.deliver_due(NOON).sent == 1
        assert outbox.deliver_due(NOON + HOUR).failed == 0
    assert len(taken) == 1


def test_as_a_digest_mail_waits_for_its_hour_and_holds_everything(mailbox):
    IncidentSettings.objects.create(email_mode="digest", email_digest_hour=8)
    make_channel("email")
    open_incidents(2)
    assert outbox.deliver_due(NOON).sent == 0
    assert outbox.deliver_due(NOON + 20 * HOUR).sent == 2
    (mail,) = mailbox.mails
    assert mail["Subject"] == "2 incidents"


def test_a_question_to_the_member_does_not_wait_for_the_hour_of_the_daily_mail(mailbox):
    IncidentSettings.objects.create(email_mode="digest", email_digest_hour=8, asks_member_first=True)
    make_channel("email", audience="member", target="")
    open_incidents()
    assert outbox.deliver_due(NOON).sent == 1
    assert mailbox.mails[0]["To"] == "member0@example.com"


def test_a_personal_channel_writes_to_each_member_alone_and_hears_nothing_of_the_team(mailbox):
    make_channel("email", target="{member}")
    make_anomaly(team=True, cause="budget", rule="team_budget")
    open_incidents(5)
    assert outbox.deliver_due(NOON).sent == 5
    assert sorted(mail["To"] for mail in mailbox.mails) == [f"member{n}@example.com" for n in range(5)]


@pytest.fixture
def resend(settings):
    """Resend as RESEND_API_KEY sets it up, answered in the test."""
    settings.EMAIL_BACKEND = "anymail.backends.resend.EmailBackend"
    settings.ANYMAIL = {"RESEND_API_KEY": "re_made_up", "REQUESTS_TIMEOUT": 5}
    settings.EMAIL_CONFIGURED = True
    settings.DEFAULT_FROM_EMAIL = "Costs <costs@example.com>"
    with responses.RequestsMock() as http:
        yield http


def test_resend_gets_both_bodies_and_the_same_message_id_at_every_try(resend):
    resend.post(RESEND, status=500)
    resend.post(RESEND, json={"id": "0195d6c2"})
    make_channel("email")
    open_incidents()
    assert outbox.deliver_due(NOON).failed == 1
    assert outbox.deliver_due(NOON + HOUR).sent == 1
    first, second = (json.loads(call.request.body) for call in resend.calls)
    assert first == second
    assert (first["to"], first["from"]) == (["oncall@example.com"], "Costs <costs@example.com>")
    assert first["html"] and first["text"] and first["headers"]["Message-ID"].startswith("<notification-")


@pytest.mark.parametrize(
    ("status", "said"), [(401, "refused the login (401)"), (422, "AnymailRequestsAPIError 422")]
)
def test_what_resend_refuses_is_told_without_addresses_or_keys(resend, status, said):
    resend.post(RESEND, status=status, json={"message": "no such sender for oncall@example.com"})
    make_channel("email")
    open_incidents()
    outbox.deliver_due(NOON)
    error = Notification.objects.get().error
    assert said in error and "re_made_up" not in error and "oncall" not in error


def test_a_channel_for_the_member_and_others_hears_of_the_team_too(mailbox):
    make_channel("email", target="{member}, oncall@example.com")
    make_anomaly(team=True, cause="budget", rule="team_budget")
    open_incidents()
    assert outbox.deliver_due(NOON).sent == 2
    assert sorted(mail["To"] for mail in mailbox.mails) == [
        "member0@example.com, oncall@example.com",
        "oncall@example.com",
    ]

"""What e-mail says, on a real SMTP server."""

from __future__ import annotations

import pytest

from incidents import lifecycle, outbox
from incidents.models import IncidentSettings, Notification, Origin

from .factories import ADA, HOUR, NOON, make_anomaly, make_channel
from .steps import open_incidents

pytestmark = pytest.mark.django_db


def test_mail_hears_of_the_end_and_of_nothing_between(mailbox):
    make_channel("email")
    (incident,) = open_incidents()
    outbox.deliver_due(NOON)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
    outbox.deliver_due(NOON + 2 * HOUR)
    first, last = mailbox.mails
    assert last["In-Reply-To"] == first["Message-ID"]
    assert last["Subject"].startswith("Resolved: Member0")


def test_mail_refused_by_the_server_is_tried_again(mailbox):
    make_channel("email")
    open_incidents()
    mailbox.refusal = "451 4.7.1 try later"
    assert outbox.deliver_due(NOON).failed == 1
    assert "SMTPDataError 451" in Notification.objects.get().error
    mailbox.refusal = ""
    assert outbox.deliver_due(NOON + HOUR).sent == 1


def test_as_a_digest_mail_waits_for_its_hour_and_holds_everything(mailbox):
    IncidentSettings.objects.create(email_mode="digest", email_digest_hour=8)
    make_channel("email")
    open_incidents(2)
    assert outbox.deliver_due(NOON).sent == 0
    assert outbox.deliver_due(NOON + 20 * HOUR).sent == 2
    (mail,) = mailbox.mails
    assert mail["Subject"] == "2 incidents"


def test_a_personal_channel_writes_to_each_member_alone_and_hears_nothing_of_the_team(mailbox):
    make_channel("email", target="{member}")
    make_anomaly(team=True, cause="budget", rule="team_budget")
    open_incidents(5)
    assert outbox.deliver_due(NOON).sent == 5
    assert sorted(mail["To"] for mail in mailbox.mails) == [f"member{n}@example.com" for n in range(5)]

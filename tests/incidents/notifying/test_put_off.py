"""Recipients whom a mail server puts off for some minutes, as greylisting does, hear nevertheless."""

from datetime import timedelta

import pytest

from incidents import digests, lifecycle
from incidents.models import Incident, IncidentSettings, Notification, Origin
from incidents.models.notifications import LONGEST_FOR_ONE
from incidents.notifying import outbox
from incidents.notifying.messages import Digest
from incidents.notifying.notices import record_notice
from tests.incidents.factories import ADA, NOON, make_channel
from tests.incidents.steps import open_incidents

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
GREYLISTED = {"bob@x.io": "451 4.7.1 greylisted, try again later"}


@pytest.fixture
def mail(mailbox):
    mailbox.refused = dict(GREYLISTED)
    return make_channel("email", target="ann@x.io, bob@x.io")


def recipients(mailbox) -> list[str]:
    return [mail["To"] for mail in mailbox.mails]


def test_a_recipient_who_is_put_off_gets_the_alert_later_and_the_others_do_not_get_it_twice(mail, mailbox):
    open_incidents(1)
    report = outbox.deliver_due(NOON)
    assert (report.sent, report.waiting, report.is_ok) == (1, 1, True)
    assert Incident.objects.get().alerted_at
    assert outbox.deliver_due(NOON + MINUTE / 2).sent == 0
    assert outbox.deliver_due(NOON + 2 * MINUTE).failed == 1
    mailbox.refused = {}
    assert outbox.deliver_due(NOON + 10 * MINUTE).sent == 1
    assert outbox.deliver_due(NOON + 600 * MINUTE).sent == 0
    assert recipients(mailbox) == ["ann@x.io, bob@x.io", "bob@x.io"]
    assert set(Notification.objects.values_list("status", flat=True)) == {"sent"}


def test_several_alerts_that_were_put_off_for_several_people_reach_each_of_them(mail, mailbox):
    mail.target = "ann@x.io, bob@x.io, cleo@x.io, eve@x.io"
    mail.save()
    mailbox.refused = GREYLISTED | {"cleo@x.io": "450 later", "eve@x.io": "550 no such mailbox"}
    IncidentSettings.objects.update_or_create(defaults={"summary_above": 1})
    open_incidents(2)
    outbox.deliver_due(NOON)
    mailbox.refused = {}
    assert outbox.deliver_due(NOON + 2 * MINUTE).sent == 4
    assert sorted(recipients(mailbox)[-2:]) == ["bob@x.io", "cleo@x.io"]


def test_what_follows_waits_for_nobody_who_was_put_off(mail, mailbox):
    open_incidents(1)
    outbox.deliver_due(NOON)
    lifecycle.resolve(Incident.objects.get(), ADA, Origin.PAGE, NOON + MINUTE / 2)
    assert outbox.deliver_due(NOON + MINUTE / 2).sent == 1
    assert len(mailbox.mails) == 2


def test_a_recipient_who_is_put_off_for_ever_is_given_up_aloud(mail, mailbox):
    open_incidents(1)
    outbox.deliver_due(NOON)
    for hour in range(1, 100):
        outbox.deliver_due(NOON + timedelta(hours=7 * hour))
    given_up = Notification.objects.get(status="given_up")
    assert given_up.only_to == "bob@x.io"
    assert Incident.objects.get().timeline.filter(step="undelivered").exists()
    assert len(mailbox.mails) == 1


def test_one_recipient_who_is_given_up_does_not_escalate_what_the_others_received(mail, mailbox):
    mail.escalate_to, mail.escalate_after_minutes = make_channel("webhook", sends_alerts=False), 30
    mail.save()
    open_incidents(1)
    outbox.deliver_due(NOON)
    mailbox.refused = {"bob@x.io": "550 no such mailbox"}
    outbox.deliver_due(NOON + 2 * MINUTE)
    assert Notification.objects.filter(status="given_up").count() == 1
    assert [outbox.deliver_due(NOON + minutes * MINUTE).escalated for minutes in (3, 29, 31)] == [0, 0, 1]
    assert "no answer within 30 min on" in Incident.objects.get().timeline.get(step="unanswered").text


def test_a_digest_sent_again_by_hand_can_be_put_off_too(mail, mailbox, monkeypatch):
    bob = f"{'b' * (LONGEST_FOR_ONE - 5)}@x.io"
    mail.target, mailbox.refused = f"ann@x.io, {bob}", {bob: "451 later"}
    mail.save()
    monkeypatch.setattr(digests, "build_digest", lambda *_: Digest("The week", (), (), "/"))
    now = NOON + timedelta(microseconds=123_456)
    digests.record_digest("weekly", now, again=True)
    assert outbox.deliver_due(now).sent == 1
    copy = Notification.objects.get(status="waiting")
    assert len(copy.dedupe_key) <= Notification._meta.get_field("dedupe_key").max_length


def test_a_notice_is_repeated_for_whoever_was_put_off(mail, mailbox):
    assert record_notice(mail, "lag:1:begun", Digest("Cursor is late", ("It is.",), (), "/"), NOON)
    outbox.deliver_due(NOON)
    mailbox.refused = {}
    outbox.deliver_due(NOON + 2 * MINUTE)
    assert [(mail["To"], mail["Subject"]) for mail in mailbox.mails] == [
        ("ann@x.io, bob@x.io", "Cursor is late"),
        ("bob@x.io", "Cursor is late"),
    ]

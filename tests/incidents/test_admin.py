"""The admin: channels are edited and tested, everything sent is read only."""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from groups.assignments import changes
from groups.models import Group
from incidents import lifecycle
from incidents.models import Channel, Incident, IncidentSettings, Notification
from incidents.notifying import outbox
from tests.tracker.conftest import make_person

from .factories import ADA, NOON, make_anomaly, make_channel, run_at
from .slack_stand_in import Fault

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client):
    person = make_person("admin", "boss@company.com")
    person.is_staff = person.is_superuser = True
    person.save()
    client.force_login(person, backend="django.contrib.auth.backends.ModelBackend")
    return client


def form_of(channel: Channel, **changes) -> dict:
    fields = ("name", "kind", "target", "least_severity", "timezone", "audience")
    shown = {name: getattr(channel, name) for name in fields} | {"is_enabled": "on", "sends_alerts": "on"}
    return (
        shown
        | {"quiet_from": "", "quiet_until": "", "escalate_after_minutes": "", "escalate_to": ""}
        | changes
    )


def change_url(row) -> str:
    return reverse(f"admin:incidents_{row._meta.model_name}_change", args=[row.pk])


def test_every_page_of_the_admin_opens(boss, slack):
    channel = make_channel()
    make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    outbox.deliver_due(NOON)
    for row in (channel, Incident.objects.get(), Notification.objects.get(), IncidentSettings.get_solo()):
        assert boss.get(change_url(row)).status_code == 200
    for model in ("channel", "incident", "notification"):
        assert boss.get(reverse(f"admin:incidents_{model}_changelist")).status_code == 200


def test_a_test_message_shows_slacks_answer(boss, slack):
    channel = make_channel()
    listing = reverse("admin:incidents_channel_changelist")
    answer = boss.post(listing, {"action": "send_test", "_selected_action": [channel.pk]}, follow=True)
    assert "the message got through. Its id there is 1700000000.000000." in answer.content.decode()
    assert slack.roots[0]["text"] == "A test from Cursor Cost Monitor"


def test_a_test_message_that_fails_shows_the_reason_and_what_to_do(boss, slack):
    channel = make_channel()
    slack.faults.append(Fault(error="channel_not_found"))
    listing = reverse("admin:incidents_channel_changelist")
    answer = boss.post(listing, {"action": "send_test", "_selected_action": [channel.pk]}, follow=True)
    assert "check the channel&#x27;s id and invite the app to it" in answer.content.decode()
    channel.refresh_from_db()
    assert channel.last_error.startswith("Slack answered channel_not_found")


def test_who_may_only_look_at_channels_cannot_send_a_test(client, slack):
    channel = make_channel()
    looker = User.objects.create_user("vera", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_channel"))
    client.force_login(looker)
    listing = reverse("admin:incidents_channel_changelist")
    client.post(listing, {"action": "send_test", "_selected_action": [channel.pk]})
    assert client.post(change_url(channel), form_of(channel)).status_code == 403
    assert "send a test" not in client.get(change_url(channel)).content.decode()
    assert slack.roots == []


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"kind": "email", "target": "nobody"}, "“nobody”"),
        ({"kind": "webhook", "target": "ftp://example.com"}, "“ftp://example.com”"),
        ({"timezone": "Mars/Olympus"}, "is not a time zone"),
        ({"quiet_from": "22:00"}, "both a beginning and an end"),
        ({"escalate_after_minutes": "30"}, "both another channel and a time"),
        ({"audience": "groups"}, "Choose at least one group"),
        ({"audience": "member", "kind": "webhook"}, "cannot write to one member"),
        ({"audience": "member", "kind": "email", "target": "a@example.com"}, "leave the target empty"),
    ],
)
def test_a_channel_that_could_not_work_is_refused_with_a_sentence(boss, changes, complaint):
    channel = make_channel(changes.get("kind", "slack"))
    answer = boss.post(change_url(channel), form_of(channel, **changes))
    assert complaint in answer.content.decode()


def test_what_the_environment_made_is_switched_off_and_not_deleted(boss):
    channel = make_channel(seed="slack")
    assert (
        boss.post(reverse("admin:incidents_channel_delete", args=[channel.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_a_channel_that_has_sent_something_is_disabled_and_not_deleted(boss):
    channel = make_channel()
    make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    unused = Channel.objects.create(name="unused", kind="webhook", target="https://hook.example/x")
    pages = [boss.get(change_url(row)).content.decode() for row in (channel, unused)]
    deletion = [reverse("admin:incidents_channel_delete", args=[row.pk]) for row in (channel, unused)]
    assert [f'href="{address}"' in page for address, page in zip(deletion, pages, strict=True)] == [
        False,
        True,
    ]
    assert "uncheck Enabled: it cannot be deleted." in pages[0]
    assert boss.get(deletion[0]).status_code == 403


def test_a_channel_says_whom_it_follows_and_that_its_groups_are_gone(boss):
    group = Group.objects.create(name="Old", created_at=NOON)
    channel = make_channel()
    pages = (change_url(channel), reverse("admin:incidents_channel_changelist"))
    assert all("everybody" in boss.get(page).content.decode() for page in pages)
    Channel.objects.update(audience="groups")
    channel.groups.add(group)
    changes.delete(group, by="x", now=timezone.now())
    assert all("nobody, because its groups are deleted" in boss.get(page).content.decode() for page in pages)


@pytest.mark.parametrize("model", ["incident", "notification"])
def test_nothing_that_happened_can_be_edited(boss, model):
    make_channel()
    make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    row = {"incident": Incident, "notification": Notification}[model].objects.get()
    assert boss.post(change_url(row), {"status": "resolved"}).status_code == 403
    assert boss.post(reverse(f"admin:incidents_{model}_add"), {}).status_code == 403
    assert (
        boss.post(reverse(f"admin:incidents_{model}_delete", args=[row.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_what_was_given_up_can_be_tried_again(boss, slack):
    IncidentSettings.objects.create(give_up_after=1)
    make_channel()
    make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    slack.faults.append(Fault(error="channel_not_found"))
    outbox.deliver_due(NOON)
    row = Notification.objects.get()
    assert row.status == "given_up"
    listing = reverse("admin:incidents_notification_changelist")
    page = boss.get(listing).content.decode()
    assert "invite the app to it" in page
    boss.post(listing, {"action": "try_again", "_selected_action": [row.pk]})
    row.refresh_from_db()
    assert (row.status, row.tries) == ("waiting", 0)


def test_an_incident_that_a_person_closed_names_them_in_the_admin(boss):
    make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    lifecycle.resolve(incident, ADA, "page", NOON, "limit lowered")
    page = boss.get(change_url(incident)).content.decode()
    assert "Ada Byron" in page and "limit lowered" in page

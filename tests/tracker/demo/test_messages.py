"""The demo's inbox and its card, and that neither is there without a demo."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from django.core.management import CommandError, call_command

from collector.models import Member
from incidents.channels import registry
from incidents.channels.base import Parcel
from incidents.models import Channel
from incidents.notifying.messages import Digest
from tracker.demo import inbox
from tracker.demo.setup import set_up_channels
from tracker.models import DemoMessage, DemoStory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 5, 15, tzinfo=UTC)
DIGEST = Digest("The week", ("Spend was $12.",), (), "https://costs.example.com/")


@pytest.fixture
def demo(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setattr(registry, "SENDERS", dict(registry.SENDERS))
    inbox.keep_messages()
    set_up_channels()


@pytest.mark.parametrize("seed", ["demo-slack", "demo-mail"])
def test_a_message_is_kept_and_shown(client, demo, seed):
    channel = Channel.objects.get(seed=seed)
    assert registry.send(channel, Parcel("notification-1", "digest", DIGEST)).remote_id
    message = DemoMessage.objects.get()
    assert (message.kind, message.title) == (channel.kind, "The week")
    assert "Spend was $12." in message.text
    page = client.get("/demo/messages").content.decode()
    assert "The week" in page
    assert "Nothing was sent" in page
    assert "The week" in client.get("/demo/messages?kind=%00").content.decode()


def test_a_kept_slack_message_reads_as_slack_shows_it(client, demo):
    channel = Channel.objects.get(seed="demo-slack")
    registry.send(channel, Parcel("notification-1", "digest", replace(DIGEST, title="Data > Science")))
    assert DemoMessage.objects.get().title == "Data > Science"


def test_other_channels_send_for_real(demo):
    own = Channel.objects.create(name="own", kind=Channel.Medium.SLACK, target="C0123456789")
    with pytest.raises(registry.DeliveryError, match="Slack is not set up"):
        registry.send(own, Parcel("notification-1", "digest", DIGEST))
    assert not DemoMessage.objects.exists()


@pytest.mark.parametrize("is_demo", [True, False])
def test_the_card_and_the_inbox_are_there_in_a_demo_only(client, settings, is_demo):
    settings.DEMO = is_demo
    Member.objects.create(email="ann@acme.example", first_seen_at=NOW, last_seen_at=NOW)
    DemoStory.objects.create(title="An agent nobody stopped", text="Ann", path="/incidents/1")
    assert client.get("/demo/messages").status_code == (200 if is_demo else 404)
    assert ("An agent nobody stopped" in client.get("/").content.decode()) is is_demo


def test_a_past_is_made_in_a_demo_only():
    with pytest.raises(CommandError, match="not a demo"):
        call_command("make_demo", "--anchor", "2026-03-05T15:00:00Z")

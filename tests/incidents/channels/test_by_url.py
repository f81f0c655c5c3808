"""Apprise: services by URL, on a server of one's own, and URLs that never show their keys."""

from __future__ import annotations

import logging
import re
import threading

import pytest
from django.core.exceptions import ValidationError

from incidents.channels import by_url
from incidents.channels.forms import TARGET_FIELDS, channel_form
from incidents.lifecycle import take_in
from incidents.models import Channel, Notification
from incidents.notifying import outbox
from tests.incidents.factories import NOON, make_anomaly, make_channel, make_member, run_at
from tests.incidents.steps import open_incidents

pytestmark = pytest.mark.django_db


def apprise_url(service, path: str = "S3CRETT0KEN") -> str:
    return f"{service.url.replace('http', 'json', 1)}/{path}"


def test_each_service_hears_who_how_much_and_where_to_look(service):
    make_channel("apprise", target=f"{apprise_url(service, 'one')}\n{apprise_url(service, 'two')}")
    (incident,) = open_incidents()
    assert outbox.deliver_due(NOON).sent == 1
    assert [call.path for call in service.calls] == ["/one", "/two"]
    body = service.bodies[0]
    assert body["title"] == "Warning: Carl spent $412 in 24 h, 8.2x the usual $50."
    assert f"/incidents/{incident.pk}" in body["message"]
    assert body["type"] == "warning"


def test_a_name_mentions_nobody_and_is_no_link(service):
    make_channel("apprise", target=apprise_url(service))
    name = "@everyone <users/all> [Sign in](https://evil.example) <https://evil.example|here>"
    make_anomaly(make_member("ops@example.com", name=name), message=f"{name} spent $412")
    take_in(run_at(NOON), NOON)
    assert outbox.deliver_due(NOON).sent == 1
    body = service.bodies[0]
    assert not re.search(r"@everyone|<users|\]\(|<https", body["title"] + body["message"])
    assert by_url.without_markup("ops@example.com") == "ops@example.com"


def test_one_that_fails_is_reported_by_name_and_its_key_is_neither_stored_nor_logged(service, caplog):
    caplog.set_level(logging.DEBUG, logger="")
    make_channel("apprise", target=apprise_url(service))
    open_incidents()
    service.status = 500
    assert outbox.deliver_due(NOON).failed == 1
    error = Notification.objects.get().error
    assert error == "JSON did not accept the message: check the URL, the keys in it and the network."
    assert "S3CRETT0KEN" not in caplog.text


def test_a_service_that_trickles_is_given_up_after_the_total_deadline(service, monkeypatch):
    monkeypatch.setattr(by_url, "TOTAL_SECONDS", 0.3)
    make_channel("apprise", target=apprise_url(service))
    open_incidents()
    service.trickle = 0.05
    assert outbox.deliver_due(NOON).failed == 1
    assert "did not answer within" in Notification.objects.get().error


def test_calls_that_are_given_up_leave_no_thread_behind(service, monkeypatch):
    """Each would read for as long as the other side sends; Apprise's own few threads would be used up, and
    with them every other service."""
    monkeypatch.setattr(by_url, "TOTAL_SECONDS", 0.3)
    make_channel("apprise", target=apprise_url(service))
    open_incidents()
    service.trickle = 0.05
    before = set(threading.enumerate())
    assert outbox.deliver_due(NOON).failed == 1
    left = [thread for thread in set(threading.enumerate()) - before if "process_request" not in thread.name]
    for thread in left:
        thread.join(2)
    assert not any(thread.is_alive() for thread in left)


def test_no_redirect_leads_elsewhere(service):
    make_channel("apprise", target=apprise_url(service, "one"))
    open_incidents()
    service.status, service.headers = 307, {"Location": f"{service.url}/elsewhere"}
    assert outbox.deliver_due(NOON).failed == 1
    assert [call.path for call in service.calls] == ["/one"]


@pytest.mark.parametrize(
    ("kind", "target", "complaint"),
    [
        ("webhook", "http://169.254.169.254/latest/meta-data/", "link-local"),
        ("webhook", "http://[::ffff:169.254.169.254]/latest", "link-local"),
        ("webhook", "http://[64:ff9b::a9fe:a9fe]/latest", "link-local"),
        ("webhook", "http://[::169.254.169.254]/latest", "link-local"),
        ("webhook", "https://[fe80::1]/hook", "link-local"),
        ("webhook", "http://[fd00:ec2:0::254]/latest", "metadata"),
        ("apprise", "json://100.100.100.200/latest", "metadata"),
        ("apprise", "json://169.254.169.254/latest", "link-local"),
        ("apprise", "json://[::1/hook", "not a host"),
        ("apprise", "nonsense://a-secret/token", "“nonsense://•••” is not an Apprise URL"),
        ("apprise", "dbus://", "shows messages on this machine"),
        ("apprise", "gio://", "shows messages on this machine"),
        (
            "apprise",
            "discord://123456789012345678/a-secret-of-24-letters-a?template=/etc/passwd",
            "read a file",
        ),
        ("apprise", "mailto://user:a-secret@example.com?pgppub=/etc/passwd", "read a file"),
        ("pager", "too-short", "has 32 letters and digits"),
        ("opsgenie", "no", "An API key of Opsgenie"),
        ("slack", "not a channel", "is not a Slack channel"),
        ("email", "ops@", "“ops@”"),
        ("webhook", "ftp://example.com", "“ftp://example.com”"),
    ],
)
def test_a_target_that_cannot_work_is_refused_with_what_it_should_look_like(kind, target, complaint):
    form = channel_form(kind)(form_data(kind, target))
    assert not form.is_valid()
    assert complaint in str(form.errors["target"])
    assert "a-secret" not in str(form.errors)


def form_data(kind: str, target: str) -> dict[str, str]:
    return {
        "name": "new",
        "kind": kind,
        "target": target,
        "least_severity": "warning",
        "audience": "everybody",
        "timezone": "UTC",
    }


def test_every_kind_has_words_of_its_own_for_the_target():
    assert set(TARGET_FIELDS) == set(Channel.Medium.values)


def test_a_valid_form_holds_a_channel_that_can_be_tested_before_it_is_saved(service):
    form = channel_form("apprise")(form_data("apprise", apprise_url(service)))
    assert form.is_valid(), form.errors
    outbox.send_test(form.instance, NOON)
    assert service.bodies[0]["title"] == "A test from Cursor Cost Monitor"
    assert not Channel.objects.exists()


def test_a_stored_key_is_not_shown_again_and_stays_where_it_is_left_empty(service):
    target = "discord://123456789012345678/abcdefghijklmnopqrstuvwxyz"
    channel = make_channel("apprise", target=target)
    form = channel_form("apprise")(form_data("apprise", ""), instance=channel)
    assert "abcdefghijk" not in str(form)
    assert "discord://1...8/a...z" in str(form["target"].help_text)
    assert form.is_valid(), form.errors
    form.save()
    assert Channel.objects.get().target == target


@pytest.mark.parametrize("service", ["json", "xml", "form", "ntfy"])
def test_a_key_that_apprise_does_not_know_for_one_is_not_shown_either(service):
    channel = make_channel("apprise", target=f"{service}://hooks.example.com/S3CRETT0KEN")
    assert channel.shown_target == f"{service}://hooks.example.com/•••"


@pytest.mark.parametrize("topics", ["S3CRETT0PIC", "S3CRETT0PIC/another", "user:pw@S3CRETT0PIC"])
def test_a_topic_that_stands_where_a_host_would_is_not_shown(topics):
    shown = make_channel("apprise", target=f"ntfy://{topics}").shown_target
    assert shown.startswith("ntfy") and "•••" in shown and "S3CRET" not in shown


def test_of_a_webhook_s_address_the_host_alone_is_shown():
    channel = make_channel("webhook", target="https://ann:pw@hooks.example.com?sig=S3CRETT0KEN")
    assert channel.shown_target == "https://hooks.example.com/•••"


def test_a_channel_checks_its_target_wherever_it_is_made():
    channel = Channel(name="new", kind="pager", target="short")
    with pytest.raises(ValidationError, match="32 letters and digits"):
        channel.full_clean()

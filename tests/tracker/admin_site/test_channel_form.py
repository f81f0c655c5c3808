"""A channel's form: its kind chosen first, and a test sent before anything is saved."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator

import pytest
from django.contrib.auth.models import Permission, User

from incidents.models import Channel
from tests.incidents.factories import make_channel

pytestmark = pytest.mark.django_db
ADD = "/admin/incidents/channel/add/"
TEST = "/admin/incidents/channel/test/"


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(204 if self.path == "/good" else 500)
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def receiver() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def values(target: str) -> dict[str, str]:
    return {
        "name": "ops",
        "kind": "webhook",
        "target": target,
        "least_severity": "warning",
        "audience": "everybody",
        "sends_alerts": "on",
        "timezone": "UTC",
        "is_enabled": "on",
    }


def test_the_form_asks_in_the_words_of_the_kind(admin_client):
    page = admin_client.get(ADD, {"kind": "slack"}).content.decode()
    assert "Channel id" in page and "For example C0123456789" in page
    assert 'href="?kind=email"' in page


@pytest.mark.parametrize(("kind", "needs"), [("slack", "SLACK_BOT_TOKEN"), ("email", "EMAIL_URL")])
def test_what_the_environment_lacks_is_said_before_anything_is_entered(admin_client, settings, kind, needs):
    settings.SLACK_BOT_TOKEN, settings.EMAIL_CONFIGURED = "", False
    channel = Channel.objects.create(
        name="ops", kind=kind, target="C0123456789" if kind == "slack" else "a@x.io"
    )
    for path, query in ((ADD, {"kind": kind}), (f"/admin/incidents/channel/{channel.pk}/change/", {})):
        assert f"Set {needs} in .env" in admin_client.get(path, query).content.decode()
    settings.SLACK_BOT_TOKEN, settings.EMAIL_CONFIGURED = "xoxb-1", True
    assert f"Set {needs}" not in admin_client.get(ADD, {"kind": kind}).content.decode()


def test_the_slack_form_names_the_secret_that_its_buttons_need(admin_client, settings):
    settings.SLACK_BOT_TOKEN, settings.SLACK_SIGNING_SECRET = "", ""
    assert "SLACK_SIGNING_SECRET" in admin_client.get(ADD, {"kind": "slack"}).text
    settings.SLACK_BOT_TOKEN = "xoxb-1"
    assert "SLACK_SIGNING_SECRET" in admin_client.get(ADD, {"kind": "slack"}).text
    settings.SLACK_SIGNING_SECRET = "secret"
    assert "SLACK_SIGNING_SECRET" not in admin_client.get(ADD, {"kind": "slack"}).text


def test_a_test_goes_out_before_anything_is_saved(admin_client, receiver):
    assert "The message got through" in admin_client.post(TEST, values(f"{receiver}/good")).content.decode()
    assert (
        "The message did not get through"
        in admin_client.post(TEST, values(f"{receiver}/bad")).content.decode()
    )
    assert not Channel.objects.exists()


@pytest.mark.parametrize(("saved", "works"), [("good", True), ("other", False)])
def test_a_channel_saved_as_its_test_got_through_counts_as_working(admin_client, receiver, saved, works):
    admin_client.post(TEST, values(f"{receiver}/good"))
    assert admin_client.post(ADD, values(f"{receiver}/{saved}")).status_code == 302
    assert (Channel.objects.get().last_ok_at is not None) is works
    state = "1 of 1 channel working" if works else "0 of 1 channel working"
    assert state in admin_client.get("/admin/").content.decode()


def test_a_target_mended_after_a_failure_counts_as_working_once_its_test_got_through(admin_client, receiver):
    channel = Channel.objects.create(name="ops", kind="webhook", target=f"{receiver}/bad", last_error="500")
    admin_client.post(f"{TEST}?channel={channel.pk}", values(f"{receiver}/good"))
    admin_client.post(f"/admin/incidents/channel/{channel.pk}/change/", values(f"{receiver}/good"))
    channel.refresh_from_db()
    assert (channel.last_ok_at is not None, channel.last_error) == (True, "")


def test_the_session_keeps_no_target(admin_client, receiver):
    admin_client.post(TEST, values(f"{receiver}/good"))
    assert receiver not in str(dict(admin_client.session))


def test_a_test_of_an_unsaved_target_says_nothing_about_the_stored_channel(admin_client, receiver):
    channel = Channel.objects.create(name="ops", kind="webhook", target=f"{receiver}/bad")
    address = f"{TEST}?channel={channel.pk}"
    assert (
        "The message got through" in admin_client.post(address, values(f"{receiver}/good")).content.decode()
    )
    channel.refresh_from_db()
    assert (channel.last_ok_at, channel.target) == (None, f"{receiver}/bad")


def test_a_form_with_a_mistake_is_not_sent(admin_client):
    answer = admin_client.post(TEST, values("no address")).content.decode()
    assert answer.startswith("Not sent: ")


def test_what_is_no_number_of_a_group_is_no_choice(admin_client):
    sent = values("http://127.0.0.1:9/x") | {"audience": "groups", "groups": "9" * 25}
    assert "Choose groups from the list." in admin_client.post(ADD, sent).content.decode()


def test_who_may_only_look_sends_no_test(client):
    client.force_login(User.objects.create_user("vera", is_staff=True))
    assert client.post(TEST, values("http://127.0.0.1:1/")).status_code == 403


def test_who_may_only_look_reads_no_key_and_guesses_none(client):
    channel = make_channel("webhook", target="https://hooks.example/S3CRET")
    looker = User.objects.create_user("vera", is_staff=True)
    looker.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(looker, "django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/admin/incidents/channel/{channel.pk}/change/")
    assert page.status_code == 200
    assert "https://hooks.example/•••" in page.text and "S3CRET" not in page.text
    for guess in ("target__startswith=https://hooks.example/S", "target__contains=CRET"):
        assert client.get(f"/admin/incidents/channel/?{guess}").status_code == 400


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_the_keyboard_reaches_the_test_and_its_answer_stands_beside_the_button(visit_admin, receiver):
    page, complaints = visit_admin(f"{ADD}?kind=webhook")
    page.get_by_label("Name").fill("ops")
    page.get_by_label("Address").fill(f"{receiver}/good")
    page.get_by_label("Name").focus()
    for _ in range(15):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.textContent") == "Send a test":
            break
    page.keyboard.press("Enter")
    page.get_by_text("The message got through").wait_for()
    assert complaints == []
    assert not Channel.objects.exists()

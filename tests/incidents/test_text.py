"""Markup, emoji, right-to-left text and 5,000 characters: escaped and cut well in every channel."""

from __future__ import annotations

import hashlib
import hmac
import json
import socket
import time
from contextlib import suppress
from threading import Thread

import pytest
import responses

from incidents import wording
from incidents.channels import slack, slack_blocks, webhook
from incidents.channels.base import Parcel
from incidents.lifecycle import take_in
from incidents.models import Channel, Incident
from incidents.notifying import outbox
from incidents.notifying.messages import DIGESTS, Digest, DigestTable

from .factories import NOON, make_anomaly, make_channel, make_member, run_at

MARKUP = '<img src="https://evil.example/x"><!channel> *bold* <https://evil.example|Re-login> & "co"'
EMOJI = "👩\u200d👩\u200d👧 Zoë 🎉"
HEBREW = "עדה ביירון"
OVERRIDE = "Ada\u202egnp.exe\nBcc: all@example.com\r\nX: y"
LONG = "spend " * 834  # 5,004 characters
NAMES = [MARKUP, EMOJI, HEBREW, OVERRIDE, LONG[:200]]


@pytest.mark.parametrize("limit", [10, 150, 3000])
@pytest.mark.parametrize("text", [MARKUP * 60, EMOJI * 500, HEBREW * 500, LONG, "&<>" * 2000])
def test_a_cut_text_fits_and_ends_well(text, limit):
    escaped = slack_blocks.escape(text, limit)
    assert len(escaped) <= limit and "…" in escaped
    without = escaped.replace("&amp;", "").replace("&lt;", "").replace("&gt;", "")
    assert not set("&<>") & set(without)
    assert len(wording.shorten(text, limit)) <= limit


def test_cutting_leaves_no_half_an_emoji_and_keeps_direction_marks_in_pairs():
    assert wording.shorten("ab👩\u200d👩x", 5) == "ab👩…"
    cut = wording.shorten(HEBREW * 10, 20)
    assert cut.startswith("\u2068") and cut.endswith("…\u2069")


def test_a_text_cannot_turn_the_direction_or_break_the_line():
    assert wording.clean(OVERRIDE) == "Adagnp.exe Bcc: all@example.com X: y"


def open_with(name: str, message: str) -> Incident:
    make_anomaly(make_member("evil@example.com", name=name), message=message)
    take_in(run_at(NOON), NOON)
    return Incident.objects.get()


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("message", [MARKUP, EMOJI, HEBREW, OVERRIDE, LONG])
def test_slack_gets_valid_blocks_without_anybodys_markup(slack, name, message):
    make_channel()
    open_with(name, message)
    assert outbox.deliver_due(NOON).sent == 1
    (root,) = slack.roots
    for text in texts_of(root["blocks"]):
        assert len(text["text"]) <= 3000
        if text["type"] == "mrkdwn":
            assert "<!channel>" not in text["text"] and "<https://evil" not in text["text"]
            assert "<img" not in text["text"]
    assert len(root["blocks"][0]["text"]["text"]) <= 150
    assert "<!channel>" not in root["text"]


def texts_of(blocks: list[dict]) -> list[dict]:
    """Every text object of the blocks."""
    found = []
    for block in blocks:
        for part in [block.get("text"), *block.get("fields", []), *block.get("elements", [])]:
            if part and part["type"] in ("button", "static_select", "datepicker"):
                part = part.get("text") or part["placeholder"]
            found += [part] if part else []
    return found


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_mail_is_escaped_and_its_headers_are_its_own(mailbox, name):
    make_channel("email")
    open_with(name, MARKUP + " " + LONG)
    assert outbox.deliver_due(NOON).sent == 1
    (mail,) = mailbox.mails
    assert mail["Bcc"] is None and mail["X"] is None and mail["To"] == "oncall@example.com"
    assert len(mail["Subject"].strip()) < 100
    html = mail.get_body(("html",)).get_content()
    assert "<img" not in html and "<!channel>" not in html and "&lt;img" in html
    text = mail.get_body(("plain",)).get_content()
    assert "&lt;" not in text and "Open the incident: https://costs.example.com/incidents/" in text


@pytest.mark.django_db
@pytest.mark.parametrize("name", NAMES)
def test_the_webhook_gets_the_texts_in_json_signed(settings, name):
    settings.WEBHOOK_SECRET = "0123456789abcdef"
    make_channel("webhook", target="http://127.0.0.1:9/hook")
    incident = open_with(name, MARKUP)
    with responses.RequestsMock() as http:
        http.post("http://127.0.0.1:9/hook", status=204)
        assert outbox.deliver_due(NOON).sent == 1
        request = http.calls[0].request
    data = json.loads(request.body)
    assert (data["version"], data["event"], data["delivery"]) == (
        1,
        "incident.opened",
        request.headers["X-Delivery"],
    )
    (told,) = data["incidents"]
    assert (told["id"], told["status"], told["message"]) == (incident.pk, "open", MARKUP)
    assert told["who"] == wording.clean(incident.who)
    signed = f"{request.headers['X-Timestamp']}.".encode() + request.body
    expected = hmac.new(b"0123456789abcdef", signed, hashlib.sha256).hexdigest()
    assert request.headers["X-Signature"] == f"sha256={expected}"


@pytest.mark.django_db
@pytest.mark.parametrize(("status", "reason"), [(302, "HTTP 302"), (500, "HTTP 500"), (429, "HTTP 429")])
def test_a_webhook_that_does_not_say_2xx_is_tried_again_after_what_it_asks(status, reason):
    channel = make_channel("webhook")
    open_with("Carl", "x")
    with responses.RequestsMock() as http:
        http.post(
            channel.target, status=status, headers={"Retry-After": "300", "Location": "http://127.0.0.1:8/"}
        )
        assert outbox.deliver_due(NOON).failed == 1
        assert len(http.calls) == 1
    assert reason in Channel.objects.get().last_error
    due_at = channel.notifications.get().due_at
    assert 300 <= (due_at - NOON).total_seconds() < 330


def test_a_webhook_whose_answer_trickles_in_holds_nothing_up():
    def trickle(listener):
        peer, _ = listener.accept()
        with peer, suppress(OSError):
            peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
            for _ in range(100):
                peer.sendall(b".")
                time.sleep(0.05)

    with socket.create_server(("127.0.0.1", 0)) as listener:
        Thread(target=trickle, args=[listener], daemon=True).start()
        channel = Channel(kind="webhook", target=f"http://127.0.0.1:{listener.getsockname()[1]}/")
        began = time.monotonic()
        webhook.send(channel, Parcel("key", "test", Digest("Hi", (), (), "")))
        assert time.monotonic() - began < 2  # the whole body would take 5 s


def test_a_webhook_without_a_secret_is_not_signed(settings):
    settings.WEBHOOK_SECRET = ""
    assert "X-Signature" not in webhook.headers("key", b"{}")


def test_a_digest_of_any_size_fits_into_a_slack_message():
    rows = tuple((MARKUP, LONG, EMOJI) for _ in range(500))
    tables = tuple(DigestTable(MARKUP, ("a", "b", "c"), rows) for _ in range(4))
    digest = Digest(LONG, (MARKUP,) * 50, tables, "https://costs.example.com/")
    blocks = slack_blocks.digest_blocks(digest)
    assert len(blocks) <= 50
    assert all(len(text["text"]) <= 3000 for text in texts_of(blocks))
    assert sum(len(text["text"]) for text in texts_of(blocks)) < 12_500
    assert "more on the page" in str(blocks)
    assert slack.body(digest)["text"]
    assert Parcel("key", "digest", DIGESTS.validate_python(digest.as_json())).content == digest

"""The buttons below Slack's messages: signed requests act, everything else changes nothing."""

from __future__ import annotations

import time
from urllib.parse import urlencode

import pytest
import time_machine
from slack_sdk.signature import Clock, SignatureVerifier

from incidents import lifecycle
from incidents.models import Incident, SlackRequest
from tests.incidents import conftest as incident_fixtures
from tests.incidents.factories import ADA, NOON, make_incident, make_member
from tests.incidents.slack_stand_in import Fault
from tests.tracker.conftest import make_person
from tests.tracker.slack_buttons import SECRET, payload, post
from tracker.models import AccessSettings
from tracker.views import slack as slack_view

pytestmark = pytest.mark.django_db

slack = incident_fixtures.slack


@pytest.fixture(autouse=True)
def set_up(slack, settings):
    settings.SLACK_SIGNING_SECRET = SECRET
    slack.emails["U1"] = "Bob@Example.com"
    make_member("bob@example.com")
    with time_machine.travel(NOON, tick=False):
        yield


def press(client, incident: Incident, action: str = "acknowledge", **options):
    answer = post(client, payload(action, str(incident.pk), **options))
    incident.refresh_from_db()
    return answer


def response_url(slack) -> str:
    return slack.url.replace("/api", "/response/1")


def test_acknowledge_acts_in_the_name_of_the_member_behind_the_slack_user(client, slack):
    incident = make_incident()
    assert press(client, incident, response_url=response_url(slack)).status_code == 200
    assert (incident.status, incident.acknowledged_by) == ("acknowledged", "Bob")
    assert incident.timeline.get().origin == "slack"
    assert [reply["text"] for reply in slack.replies] == ["Acknowledged."]
    assert slack.replies[0]["response_type"] == "ephemeral"


def test_resolve_and_expected_do_what_they_say(client):
    resolved, expected = make_incident(), make_incident(make_member("dora@example.com"))
    press(client, resolved, "resolve")
    press(client, expected, "expected")
    assert (resolved.status, resolved.resolved_by) == ("resolved", "Bob")
    assert (expected.status, expected.verdict) == ("resolved", "expected")


def test_who_comes_second_is_told_who_was_first(client, slack):
    incident = make_incident()
    lifecycle.acknowledge(incident, ADA, "page", NOON)
    press(client, incident, response_url=response_url(slack))
    assert incident.acknowledged_by == "Ada Byron"
    assert slack.replies[0]["text"].startswith("Already acknowledged by Ada Byron")


def test_a_login_of_that_address_acts_under_its_own_role(client, settings):
    make_person("responder", "bob@example.com")
    incident = make_incident()
    press(client, incident)
    assert (incident.acknowledged_by, incident.timeline.get().actor.email) == (
        "bob@example.com",
        "bob@example.com",
    )


def test_a_login_that_may_only_look_is_refused(client):
    make_person("viewer", "bob@example.com")
    incident = make_incident()
    press(client, incident)
    assert incident.status == "open"


def test_members_are_refused_where_everybody_only_looks(client):
    AccessSettings.objects.create(default_role="viewer")
    incident = make_incident()
    press(client, incident)
    assert incident.status == "open"


@pytest.mark.parametrize(
    "wrong",
    [
        {"secret": "another secret of the same length"},
        {"sent": NOON.timestamp() - 301},
        {"sent": NOON.timestamp() + 301},
        {"X-Slack-Signature": ""},
        {"X-Slack-Signature": "v0=" + "0" * 64},
        {"X-Slack-Signature": "v0=é"},
        {"X-Slack-Signature": "v0=" + "0" * 10_000},
        {"X-Slack-Request-Timestamp": "1" * 5_000},
        {"X-Slack-Request-Timestamp": "²"},
        {"X-Slack-Request-Timestamp": "soon"},
        {"X-Slack-Request-Timestamp": "١٢٣"},
        {"X-Slack-Request-Timestamp": ""},
    ],
)
def test_what_slack_did_not_just_sign_is_refused_and_logged_without_secrets(client, caplog, wrong):
    incident = make_incident()
    assert post(client, payload(value=str(incident.pk)), **wrong).status_code == 403
    incident.refresh_from_db()
    assert incident.status == "open"
    assert "refused" in caplog.text and SECRET not in caplog.text
    assert SlackRequest.objects.count() == 0


def test_a_changed_body_is_refused(client):
    incident = make_incident()
    body = payload(value=str(incident.pk))
    stamp = str(int(NOON.timestamp()))
    signature = SignatureVerifier(SECRET, Clock()).generate_signature(timestamp=stamp, body=body)
    answer = client.post(
        "/slack/actions",
        body.replace("acknowledge", "resolve"),
        content_type="application/x-www-form-urlencoded",
        headers={"X-Slack-Request-Timestamp": stamp, "X-Slack-Signature": signature},
    )
    assert answer.status_code == 403


def test_a_replayed_request_is_refused_and_remembered_no_longer_than_needed(client):
    incident = make_incident()
    assert press(client, incident, "resolve").status_code == 200
    lifecycle.reopen(incident, ADA, "page", NOON)
    assert press(client, incident, "resolve").status_code == 403
    assert incident.status == "open"
    with time_machine.travel(NOON.timestamp() + 3600, tick=False):
        post(client, payload(value="2"), sent=NOON.timestamp() + 3600)
    assert SlackRequest.objects.count() == 1


def test_an_unknown_slack_user_is_refused_and_told(client, slack, caplog):
    slack.emails["U2"] = "stranger@example.com"
    incident = make_incident()
    for user in ("U2", "U3"):  # of no member; not known to Slack either
        press(client, incident, user=user, response_url=response_url(slack))
    assert (incident.status, incident.timeline.count()) == ("open", 0)
    assert "does not belong to a member or a login here" in slack.replies[0]["text"]
    assert "user_not_found" in slack.replies[1]["text"]
    assert "stranger@example.com" not in caplog.text


def test_a_member_who_left_is_refused(client):
    make_member("gone@example.com")
    type(make_member()).objects.filter(email="bob@example.com").update(is_removed=True)
    incident = make_incident()
    press(client, incident)
    assert incident.status == "open"


@pytest.mark.parametrize(
    "body", ["", "payload=", "payload=[]", "payload={}", payload("delete"), payload(value="x"), "payload=%FF"]
)
def test_a_signed_request_that_makes_no_sense_is_refused(client, body):
    assert post(client, body).status_code == 403


def test_an_incident_that_is_not_there_is_told(client, slack):
    answer = post(client, payload(value="999999", response_url=response_url(slack)))
    assert (answer.status_code, slack.replies[0]["text"]) == (200, "There is no incident #999999.")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/steal",
        "https://evil.example/hooks.slack.com/",
        "https://hooks.slack.com.evil.example/",
        "https://[::1",
        "",
    ],
)
def test_answers_go_to_slack_only(client, monkeypatch, url):
    monkeypatch.setattr(slack_view, "WebhookClient", lambda *args, **options: pytest.fail("sent"))
    incident = make_incident()
    assert press(client, incident, response_url=url).status_code == 200
    assert incident.status == "acknowledged"


def test_slack_being_down_changes_nothing_and_says_so(client, slack):
    incident = make_incident()
    slack.faults += [Fault(500), Fault(500)]
    press(client, incident, response_url=response_url(slack))
    assert incident.status == "open"


def test_without_a_signing_secret_everything_is_refused_and_says_what_to_set(client, settings):
    settings.SLACK_SIGNING_SECRET = ""
    answer = post(client, payload())
    assert (answer.status_code, "SLACK_SIGNING_SECRET" in answer.content.decode()) == (403, True)
    assert client.get("/slack/actions").status_code == 405


def test_a_body_that_is_not_utf_8_is_refused(client):
    headers = {"X-Slack-Request-Timestamp": str(int(NOON.timestamp())), "X-Slack-Signature": "v0=" + "0" * 64}
    kind = "application/x-www-form-urlencoded"
    assert client.post("/slack/actions", b"\xff\xfe", content_type=kind, headers=headers).status_code == 403


@pytest.mark.parametrize(
    "user",
    [
        {"is_stranger": True},
        {"deleted": True},
        {"is_bot": True},
        {"is_email_confirmed": False},
        {"team_id": "T2"},
    ],
)
def test_only_own_live_confirmed_people_of_slack_act(client, slack, user):
    slack.user_fields = user
    incident = make_incident()
    press(client, incident, response_url=response_url(slack), team={"id": "T1"})
    assert incident.status == "open"
    assert "of this workspace" in slack.replies[0]["text"]


def test_somebody_of_the_own_workspace_acts(client, slack):
    slack.user_fields = {"team_id": "T1", "is_email_confirmed": True, "deleted": False}
    incident = make_incident()
    press(client, incident, team={"id": "T1"})
    assert incident.status == "acknowledged"


def test_a_login_that_is_switched_off_refuses_and_does_not_fall_through_to_the_member(client):
    person = make_person("responder", "bob@example.com")
    person.is_active = False
    person.save()
    incident = make_incident()
    press(client, incident)
    assert incident.status == "open"


@pytest.mark.parametrize("has_login", [True, False])
def test_who_may_not_sign_in_presses_nothing(client, auth_on, has_login):
    if has_login:
        make_person("responder", "bob@example.com")
    incident = make_incident()
    press(client, incident)
    assert incident.status == "open"
    auth_on.AUTH_ALLOWED_EMAILS = ["bob@example.com"]
    press(client, incident, response_url="again")
    assert incident.status == "acknowledged"


def test_slack_waits_less_than_three_seconds_for_its_answer_whoever_is_slow(client, slack, monkeypatch):
    slack.faults.append(Fault(hang=4, method="users.info"))
    began = time.monotonic()
    answer = press(client, incident := make_incident())
    assert time.monotonic() - began < 3
    assert (answer.status_code, incident.status) == (200, "open")


@pytest.mark.parametrize(
    "text",
    [
        "[" * 100_000,
        '{"user":' * 50_000,
        f'{{"actions": [{{"action_id": "resolve", "value": {"9" * 6_000}}}]}}',
    ],
    ids=["lists", "objects", "digits"],
)
def test_a_signed_payload_that_nobody_reads_to_its_end_is_refused(client, text):
    assert post(client, urlencode({"payload": text})).status_code == 403


@pytest.mark.parametrize("odd", ["\0", "\ud800", "9" * 400, "-1", "x" * 10_000, float("inf")])
@pytest.mark.parametrize("action", ["acknowledge", "answer_stopped", "limit_approve", "snooze"])
def test_an_odd_value_in_a_signed_payload_is_no_fault(client, odd, action):
    make_incident()
    choice = {"selected_option": {"value": odd}, "selected_date": odd}
    odd_things = {"team": {"id": odd}, "response_url": odd}
    assert post(client, payload(action, "1", **odd_things)).status_code == 200
    assert post(client, payload(actions=[{"action_id": action, "value": "1"} | choice])).status_code == 200
    assert post(client, payload(action, odd)).status_code in (200, 403)
    assert post(client, payload(action, "1", user=odd)).status_code == 200


@pytest.mark.parametrize("address", ["bo\u212a@example.com", "bok@example.c\u212am", "bok@\uff45xample.com"])
def test_letters_that_look_like_others_make_nobody_somebody_else(client, slack, address):
    """The Kelvin sign is a k in lower case."""
    make_member("bok@example.com")
    slack.emails["U1"] = address
    incident = make_incident()
    press(client, incident)
    assert incident.status == "open"

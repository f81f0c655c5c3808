"""The page behind the link in an e-mail: once, for one's own incident, for a week, and no right beyond."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.core import signing

from collector.models import Member
from incidents.actions.answer_links import SALT, answer_path
from incidents.lifecycle import take_in
from incidents.models import Incident, MemberAnswer
from tests.incidents import conftest as incident_fixtures
from tests.incidents.factories import HOUR, NOON, make_anomaly, make_incident, make_member, run_at
from tests.tracker.slack_buttons import SECRET, payload, post
from tracker.models import AccessSettings

pytestmark = pytest.mark.django_db
slack = incident_fixtures.slack


@pytest.fixture(autouse=True)
def incident():
    with time_machine.travel(NOON, tick=False):
        make_anomaly(make_member(name="Carl"))
        take_in(run_at(NOON), NOON)
        yield Incident.objects.get()


@pytest.fixture
def link(incident) -> str:
    return answer_path(incident.timeline.get(step="opened").pk, incident.member_id)


def test_opening_the_link_changes_nothing_and_says_what_it_is_about(client, link):
    page = client.get(link).content.decode()
    assert "You spent $412 in 24 h" in page
    assert not MemberAnswer.objects.exists()


def test_an_answer_counts_once(client, link, incident):
    assert (
        "It&#x27;s expected until 8 Mar 2026"
        in client.post(link, {"reply": "expected", "until": "2026-03-08"}).content.decode()
    )
    page = client.post(link, {"reply": "not_me"}).content.decode()
    assert "It&#x27;s expected until 8 Mar 2026" in page
    assert MemberAnswer.objects.get().reply == "expected"
    assert incident.timeline.last().sentence.startswith("Answered by Carl (e-mail)")
    incident.refresh_from_db()
    assert (incident.status, incident.verdict) == ("open", "")


def test_an_answer_without_a_day_is_asked_for_again(client, link):
    page = client.post(link, {"reply": "expected"}).content.decode()
    assert "Choose the last day" in page
    assert not MemberAnswer.objects.exists()


def test_the_link_works_for_a_week(client, link):
    with time_machine.travel(NOON + timedelta(days=6, hours=23), tick=False):
        assert client.get(link).status_code == 200
    with time_machine.travel(NOON + timedelta(days=7, seconds=2), tick=False):
        assert client.post(link, {"reply": "stopped"}).status_code == 410
    assert not MemberAnswer.objects.exists()


def test_a_changed_link_or_one_signed_for_something_else_opens_nothing(client, link, incident):
    pk = incident.timeline.get(step="opened").pk
    note = incident.timeline.create(step="note", at=NOON, origin="page", severity="warning")
    for token in (
        link.rpartition("/")[2][:-1],
        signing.dumps([pk, incident.member_id], salt="another"),
        signing.dumps([note.pk, incident.member_id], salt=SALT),
        signing.dumps(pk, salt=SALT),
        signing.dumps("x", salt=SALT),
    ):
        assert client.post(f"/answers/{token}", {"reply": "stopped"}).status_code == 410
    assert not MemberAnswer.objects.exists()


def test_with_sign_in_on_the_link_opens_its_own_page_and_no_other(auth_on, client, link, incident):
    assert client.get(link).status_code == 200
    assert client.get(f"/incidents/{incident.pk}").status_code == 302
    assert client.post(f"/incidents/{incident.pk}/acknowledge").status_code == 302


def test_the_link_is_a_key_that_is_not_handed_on(client, link):
    assert (
        client.get(link)["Referrer-Policy"] == "same-origin"
    )  # without any, a browser sends no origin either
    assert not re.search(r"\d+", link.rpartition("/")[0])


@pytest.fixture
def slack_set_up(slack, settings):
    settings.SLACK_SIGNING_SECRET = SECRET
    slack.emails |= {"U1": "carl@example.com", "U2": "eve@example.com"}
    make_member("eve@example.com")
    return slack


def press(client, action: str, user: str, question: int, **fields):
    element = {"action_id": action, "block_id": f"question-{question}", **fields}
    body = payload(user=user, actions=[element], response_url="")
    assert post(client, body, sent=NOON.timestamp()).status_code == 200


def test_in_slack_the_member_answers_for_themselves_and_nobody_else_does(client, slack_set_up, incident):
    question = incident.timeline.get(step="opened").pk
    press(client, "answer_not_me", "U2", question)
    assert not MemberAnswer.objects.exists()
    press(client, "answer_expected", "U1", question, selected_date="2026-03-08")
    assert MemberAnswer.objects.get().reply == "expected"


@pytest.fixture
def account(incident) -> Member:
    """The incident is about a service account of Carl's."""
    carl = incident.member
    account = make_member("bot@example.com", kind="service_account", owner=carl)
    Incident.objects.update(member=account)
    return account


def test_in_slack_the_owner_answers_for_a_service_account(client, slack_set_up, incident, account):
    press(client, "answer_stopped", "U1", incident.timeline.get(step="opened").pk)
    assert incident.timeline.get(step="answered").actor_name == "Carl"


def test_a_link_to_a_former_owner_speaks_for_nobody(client, link, account):
    assert client.get(link).status_code == 200
    Member.objects.filter(pk=account.pk).update(owner=make_member("dora@example.com", name="Dora"))
    assert client.post(link, {"reply": "stopped"}).status_code == 410
    assert not MemberAnswer.objects.exists()


def test_a_role_that_may_not_act_may_answer_and_still_not_act(client, slack_set_up, incident, auth_on):
    AccessSettings.objects.update_or_create(pk=1, defaults={"default_role": "viewer"})
    press(client, "answer_stopped", "U1", incident.timeline.get(step="opened").pk)
    assert MemberAnswer.objects.get().reply == "stopped"
    post(client, payload("acknowledge", str(incident.pk), "U1"), sent=NOON.timestamp())
    incident.refresh_from_db()
    assert incident.status == "open"


def test_snooze_and_planned_in_slack_take_the_choice_and_the_readers_morning(client, slack_set_up):
    slack_set_up.zone = "Europe/Berlin"
    incident = make_incident(make_member("dora@example.com"), detected_at=NOON - HOUR)
    element = {"action_id": "snooze", "block_id": f"incident-{incident.pk}"}
    chosen = element | {"type": "static_select", "selected_option": {"value": "tomorrow"}}
    post(client, payload(user="U1", actions=[chosen]), sent=NOON.timestamp())
    incident.refresh_from_db()
    assert incident.snoozed_until.isoformat() == "2026-03-03T08:00:00+00:00"
    planned = element | {"action_id": "planned", "type": "datepicker", "selected_date": "2026-03-08"}
    post(client, payload(user="U1", actions=[planned]), sent=NOON.timestamp())
    incident.refresh_from_db()
    assert (incident.verdict, incident.planned_until.isoformat()) == ("planned", "2026-03-09T00:00:00+00:00")


def test_the_incidents_page_shows_what_the_member_answered(client, link, incident):
    client.post(link, {"reply": "stopped"})
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert (
        "Answered by Carl (e-mail): I stopped it, 2 Mar 2026, 12:00 UTC."
        in page.partition("What happened")[0]
    )


@pytest.mark.parametrize(
    ("role", "shown"),
    [("admin", "/users/carl@example.com/limit?incident="), ("responder", "cursor.com/dashboard")],
)
def test_a_limit_is_offered_here_to_an_administrator_and_at_cursor_to_others(
    sign_in, incident, role, shown, auth_on
):
    client = sign_in(role, "boss@company.com" if role == "admin" else "")
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert "spend limit" in page
    assert shown in page

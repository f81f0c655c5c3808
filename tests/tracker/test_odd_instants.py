"""Days and times that nobody means: refused in words wherever one is asked for, never a server error."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
import time_machine

from detection.models import Exemption
from incidents.actions.answer_links import answer_path
from incidents.lifecycle import take_in
from incidents.models import Incident, LimitRequest, MemberAnswer
from tests.incidents import conftest as incident_fixtures
from tests.incidents.factories import NOON, make_anomaly, make_member, run_at
from tests.tracker.conftest import ALLAUTH, make_person
from tests.tracker.slack_buttons import SECRET, payload, post

pytestmark = pytest.mark.django_db
slack = incident_fixtures.slack

DAYS = ["9999-12-31", "0001-01-01", "2226-03-02", "2026-02-31", "10000-01-01"]
TIMES = [
    "9999-12-31T23:59",
    "9999-12-31T23:59:59-23:59",
    "0001-01-01T00:00",
    "0001-01-01T00:00:00+23:59",
    "2226-03-02T12:00",
    "2026-03-03T12:00+99:99",
]
# In Berlin no clock shows 2:30 on 29 March 2026, and all show it twice on 25 October.
GAP, FOLD = "2026-03-29T02:30:00+01:00", "2026-10-25T02:30:00+02:00"


@pytest.fixture(autouse=True)
def incident(auth_on, settings):
    settings.CURSOR_LIMITS, settings.CURSOR_ADMIN_API_KEY = "write", "key"
    with time_machine.travel(NOON, tick=False):
        make_anomaly(make_member("carl@company.com", name="Carl"))
        take_in(run_at(NOON), NOON)
        yield Incident.objects.get()


def signed_in(client, role: str, email: str = ""):
    client.force_login(make_person(role, email), backend=ALLAUTH)
    return client


def is_untouched(incident: Incident) -> bool:
    incident.refresh_from_db()
    kept = (incident.snoozed_until, incident.planned_until, incident.onset_corrected_at, incident.verdict)
    return kept == (None, None, None, "") and not Exemption.objects.exists()


def warnings_after(client, incident: Incident, action: str, fields: dict[str, str]) -> str:
    answer = client.post(f"{incident.get_absolute_url()}/{action}", fields, follow=True)
    assert answer.status_code == 200
    return " ".join(f"{message}" for message in answer.context["messages"])


@pytest.mark.parametrize("text", TIMES)
def test_no_snooze_and_no_onset_is_out_of_this_world(client, incident, text):
    signed_in(client, "responder")
    assert warnings_after(client, incident, "snooze", {"until": text})
    assert warnings_after(client, incident, "onset", {"onset": text})
    assert is_untouched(incident)


@pytest.mark.parametrize("text", DAYS)
@pytest.mark.parametrize("kind", ["planned", "expected"])
def test_no_spend_is_planned_until_a_day_out_of_this_world(client, incident, kind, text):
    signed_in(client, "responder")
    assert warnings_after(client, incident, "verdict", {"verdict": kind, "until": text})
    assert is_untouched(incident)


@pytest.mark.parametrize("text", TIMES)
@pytest.mark.parametrize("body", [{"action": "snooze"}, {"action": "verdict", "verdict": "planned"}])
def test_the_api_says_which_instant_is_wrong(client, incident, body, text):
    signed_in(client, "responder")
    url = f"/api/incidents/{incident.pk}"
    answer = client.patch(url, body | {"until": text}, content_type="application/json")
    assert answer.status_code in (400, 409, 422) and answer.json()["error"]
    assert is_untouched(incident)


@pytest.mark.parametrize("text", [GAP, FOLD])
def test_an_instant_with_an_offset_is_taken_as_the_instant_that_it_names(client, incident, text):
    signed_in(client, "responder")
    body = {"action": "snooze", "until": text}
    answer = client.patch(f"/api/incidents/{incident.pk}", body, content_type="application/json")
    assert answer.status_code == 200
    incident.refresh_from_db()
    assert incident.snoozed_until.isoformat() in ("2026-03-29T01:30:00+00:00", "2026-10-25T00:30:00+00:00")


@pytest.mark.parametrize(
    ("now", "end"),
    [("2026-03-28T12:00+00:00", "2026-03-29T07:00"), ("2026-10-24T12:00+00:00", "2026-10-25T08:00")],
)
def test_tomorrow_at_nine_is_nine_where_the_clocks_change_in_the_night(client, incident, now, end):
    with time_machine.travel(now, tick=False):
        signed_in(client, "responder")
        body = {"action": "snooze", "span": "tomorrow", "timezone": "Europe/Berlin"}
        client.patch(f"/api/incidents/{incident.pk}", body, content_type="application/json")
    incident.refresh_from_db()
    assert incident.snoozed_until.isoformat() == f"{end}:00+00:00"


@pytest.mark.parametrize("text", DAYS)
def test_no_member_expects_spend_until_a_day_out_of_this_world(client, incident, text):
    link = answer_path(incident.timeline.get(step="opened").pk, incident.member_id)
    assert client.post(link, {"reply": "expected", "until": text}).status_code == 200
    assert not MemberAnswer.objects.exists()


@pytest.mark.parametrize("text", [*DAYS, "x" * 10_000, "\x00", "\ud800"])
@pytest.mark.parametrize("action", ["planned", "answer_expected"])
def test_no_calendar_in_slack_leads_out_of_this_world(client, slack, settings, incident, action, text):
    settings.SLACK_SIGNING_SECRET = SECRET
    slack.emails["U1"] = "carl@company.com"
    number = incident.pk if action == "planned" else incident.timeline.get(step="opened").pk
    block = {"action_id": action, "block_id": f"incident-{number}", "selected_date": text}
    assert post(client, payload(actions=[block])).status_code == 200
    assert is_untouched(incident) and not MemberAnswer.objects.exists()


@pytest.mark.parametrize("text", TIMES)
def test_no_limit_ends_out_of_this_world(client, incident, text):
    fields = {"what": "set", "dollars": 80, "reason": "Runaway", "key": str(uuid.uuid4()), "until": text}
    answer = signed_in(client, "admin").post("/users/carl@company.com/limit", fields)
    assert answer.status_code == 200 and answer.context["form"].errors["until"]


@pytest.mark.parametrize("text", TIMES)
def test_nobody_asks_for_a_limit_that_ends_out_of_this_world(client, text):
    signed_in(client, "viewer", "carl@company.com")
    url = "/users/carl@company.com/limit/request"
    answer = client.post(url, {"dollars": 80, "reason": "Migration", "until": text})
    assert answer.status_code == 200 and answer.context["form"].errors["until"]
    assert not LimitRequest.objects.exists()


def test_five_years_are_not_out_of_this_world(client, incident):
    signed_in(client, "responder")
    until = f"{NOON + timedelta(days=5 * 365):%Y-%m-%d}"
    warnings_after(client, incident, "verdict", {"verdict": "planned", "until": until})
    incident.refresh_from_db()
    assert incident.verdict == "planned"
    assert client.get(incident.get_absolute_url()).status_code == 200

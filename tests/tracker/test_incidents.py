"""The incidents pages: list, filters, one page each, and what people do there."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.test import Client

from detection.models import Anomaly
from incidents import lifecycle
from incidents.models import Incident, IncidentAnomaly, Status
from tests.incidents.factories import ADA, HOUR, NOON, make_anomaly, make_incident, make_member
from tracker.pages.incident import measured_against

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def at_noon():
    with time_machine.travel(NOON + HOUR, tick=False):
        yield


def make_page_incident(**fields) -> Incident:
    """An incident with its finding, as a detection run leaves it."""
    member = make_member(fields.pop("email", "carl@example.com"))
    incident = make_incident(member, **fields)
    IncidentAnomaly.objects.create(incident=incident, anomaly=make_anomaly(member), joined_at=NOON)
    return incident


def listed(client, query: str = "") -> str:
    answer = client.get(f"/incidents{query}")
    assert answer.status_code == 200
    return answer.content.decode()


def test_an_empty_site_says_that_there_is_nothing(client):
    page = listed(client)
    assert "No incident in this period." in page
    assert "No anomaly in this period." in page
    assert "Resolve selected" not in page
    assert "No incident matches these filters." in listed(client, "?status=open")


def test_the_list_shows_each_incident_with_its_times_and_the_anomalies_below(client):
    incident = make_page_incident(alerted_at=NOON + timedelta(minutes=5), status=Status.ALERTED)
    page = listed(client)
    assert f'href="/incidents/{incident.pk}"' in page
    assert "3 h 5 min" in page  # MTTD: began at 9:00, alerted at 12:05
    assert "All anomalies" in page and "spend spike" in page
    assert client.get("/anomalies").status_code == 200


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", {"carl", "dora", "eve"}),
        ("?status=unresolved", {"carl", "dora"}),
        ("?status=resolved", {"eve"}),
        ("?severity=critical", {"dora"}),
        ("?rule=spike", {"carl", "dora", "eve"}),
        ("?rule=drift", set()),
        ("?search=dor", {"dora"}),
        ("?group=Unassigned", {"carl", "dora", "eve"}),
        ("?group=Nobody", set()),
        ("?period=24h", {"carl", "dora", "eve"}),
        ("?from=2026-01-01&to=2026-01-02", {"carl", "dora"}),  # what is unresolved, however old
        ("?from=2026-01-01&to=2026-01-02&status=resolved", set()),
    ],
)
def test_filters_narrow_the_list(client, query, expected):
    make_page_incident()
    make_page_incident(email="dora@example.com", severity="critical")
    make_page_incident(email="eve@example.com", status=Status.RESOLVED, resolved_at=NOON)
    page = listed(client, query)
    shown = {name for name in ("carl", "dora", "eve") if f" {name.title()}</a>" in page}
    assert shown == expected


def test_what_is_unresolved_is_listed_however_old_and_what_is_over_is_not(client):
    old = NOON - timedelta(days=90)
    make_page_incident(detected_at=old, onset_at=old)
    make_page_incident(
        email="eve@example.com", detected_at=old, onset_at=old, status=Status.RESOLVED, resolved_at=old
    )
    page = listed(client)
    assert " Carl</a>" in page and " Eve</a>" not in page


@pytest.mark.parametrize("query", ["?status=lost", "?period=9y", "?severity=x", "?incidents.sort=secret"])
def test_an_address_that_makes_no_sense_is_answered_with_400(client, query):
    assert client.get(f"/incidents{query}").status_code == 400


def test_every_table_comes_as_csv(client):
    make_page_incident()
    for key, said in (("incidents", "Carl"), ("anomalies", "spike")):
        assert said in client.get(f"/incidents?csv={key}").content.decode()


def test_the_csv_says_who_and_how_grave_in_words_and_has_no_boxes_to_tick(client):
    incident = make_page_incident(severity="critical")
    head, row = client.get("/incidents?csv=incidents").content.decode("utf-8-sig").splitlines()
    assert head.startswith("Incident,Who,What,Status,Severity,") and head.endswith(",Verdict")
    assert row.startswith(f'{incident.pk},Carl,"Carl spent $412 in 24 h, 8.2x the usual $50.",open,critical,')


def test_the_page_of_one_says_who_how_much_since_when_and_why(client):
    incident = make_page_incident()
    lifecycle.note(incident, ADA, "page", NOON, "token rotated")
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    for said in (
        "Carl spent $412 in 24 h",
        "$412.00 in 24 h, 8.2× the usual $50.00",
        "2 Mar 2026, 09:00 UTC, 4 h ago",
        "More requests",
        "$300.00",
        "mostly 240 more requests",
        "Note by Ada Byron (page): token rotated",
        "Threshold",
    ):
        assert said in page, said


def test_an_incident_has_one_onset_whatever_its_gravest_finding_saw(client):
    message = "Carl spent $412 in 24 h, 8.2x the usual $50 (since 09:27 UTC): mostly 240 more requests"
    incident = make_page_incident(message=message)
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert "Carl spent $412 in 24 h, 8.2x the usual $50: mostly 240 more requests</p>" in page
    assert "2 Mar 2026, 09:00 UTC, 4 h ago" in page
    assert "09:27" not in page.partition("Findings</h2>")[0]


def test_figures_of_a_finding_are_told_in_words_and_units(client):
    member = make_member("carl@example.com")
    incident = make_incident(member, model="default")
    finding = make_anomaly(
        member,
        metric="requests_24h",
        observed=340.0,
        bound=112.614,
        expected=40.25,
        extra_cents=0,
        model="default",
        operands={
            "spread": 0.546419,
            "sensitivity": 3.5,
            "mean": 40.25,
            "deviation": 24.1,
            "bound_requests": 112.614,
            "multiplier": 2.5,
            "day": "2026-03-02",
            "window_end": "2026-03-02T12:00:00+00:00",
        },
    )
    IncidentAnomaly.objects.create(incident=incident, anomaly=finding, joined_at=NOON)
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    for said in (
        "<dt>Measured</dt><dd>340 requests in 24 h</dd>",
        "<dt>Average of active members</dt><dd>40.2 requests</dd>",
        "<dt>Usual ceiling of requests a day</dt><dd>113</dd>",
        "<dt>Threshold at</dt><dd>2.5×</dd>",
        "<dt>Day</dt><dd>2 Mar 2026</dd>",
        "<dt>Measured to</dt><dd>2 Mar 2026, 12:00 UTC</dd>",
        "<dt>Model</dt><dd>Auto</dd>",
    ):
        assert said in page, said
    for raw in ("0.546", "112.6", "Spread", "Sensitivity", "Deviation", "default<"):
        assert raw not in page, raw
    assert "Auto" in listed(client)


def test_a_count_of_members_is_told_as_such_and_not_as_money(client):
    member = make_member("carl@example.com")
    incident = make_incident(member)
    finding = make_anomaly(member, metric="members", observed=1.0, bound=0.0, expected=0.0, extra_cents=0)
    IncidentAnomaly.objects.create(incident=incident, anomaly=finding, joined_at=NOON)
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert "<dt>Measured</dt><dd>1 member</dd>" in page
    assert "$0.01" not in page


@pytest.mark.parametrize(
    ("metric", "said"),
    [
        ("spend_7d", "$3.08 in 7 days, 2.0× the usual $1.54"),
        ("spend_cycle", "$3.08 in the cycle, 2.0× the usual $1.54"),
        ("tokens_day", "308 tokens in the day, 2.0× the usual 154 tokens"),
        ("cost_per_request_24h", "$3.08 a request in 24 h, 2.0× the usual $1.54 a request"),
        ("price_ratio", "308× the earlier price"),
    ],
)
def test_what_was_measured_is_told_with_its_unit_and_time(metric, said):
    assert measured_against(Anomaly(metric=metric, observed=308, expected=154), 2.0) == said


def test_an_unknown_incident_is_not_found(client):
    assert client.get("/incidents/999999").status_code == 404
    assert client.post("/incidents/999999/acknowledge").status_code == 404


def test_names_and_messages_are_escaped(client):
    evil = '<img src=x onerror="alert(1)">'
    member = make_member("evil@example.com", name=evil)
    incident = make_incident(member, message=evil)
    for address in ("/incidents", f"/incidents/{incident.pk}"):
        assert evil not in client.get(address).content.decode()


def act(client, incident: Incident, action: str, **data):
    answer = client.post(f"/incidents/{incident.pk}/{action}", data, follow=True)
    incident.refresh_from_db()
    return answer.content.decode()


def test_acknowledging_and_resolving_on_the_page_are_posts_that_redirect(client):
    incident = make_page_incident()
    assert client.get(f"/incidents/{incident.pk}/acknowledge").status_code == 405
    assert client.post(f"/incidents/{incident.pk}/acknowledge").status_code == 302
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == ("acknowledged", "visitor")
    assert "Already acknowledged by visitor" in act(client, incident, "acknowledge")
    assert "Resolved." in act(client, incident, "resolve", note="limit lowered")
    assert incident.timeline.last().text == "limit lowered"
    assert "Reopened." in act(client, incident, "reopen")


def test_a_post_without_the_token_of_the_form_is_refused():
    incident = make_page_incident()
    assert Client(enforce_csrf_checks=True).post(f"/incidents/{incident.pk}/acknowledge").status_code == 403
    incident.refresh_from_db()
    assert incident.status == "open"


def test_snooze_verdict_and_onset_take_what_their_forms_say(client):
    incident = make_page_incident()
    assert "Snoozed until" in act(client, incident, "snooze", until="2026-03-03T08:00", note="load test")
    assert incident.snoozed_until == datetime(2026, 3, 3, 8, tzinfo=UTC)
    assert "Onset set" in act(client, incident, "onset", onset="2026-03-02T06:30")
    assert incident.began_at == datetime(2026, 3, 2, 6, 30, tzinfo=UTC)
    assert "Planned spend needs the day" in act(client, incident, "verdict", verdict="planned")
    act(client, incident, "verdict", verdict="planned", until="2026-03-08")
    assert incident.planned_until == datetime(2026, 3, 9, tzinfo=UTC)  # the 8th is included
    assert "Enter a valid date/time" in act(client, incident, "snooze", until="tomorrow")
    assert "Enter a date and a time" in act(client, incident, "snooze")


def test_many_are_acknowledged_at_once_and_those_taken_before_are_counted(client):
    first, second = make_page_incident(), make_page_incident(email="dora@example.com")
    lifecycle.acknowledge(first, ADA, "page", NOON)
    data = {
        "incident": [first.pk, second.pk],
        "action": "acknowledge",
        "next": "/incidents?status=unresolved",
    }
    answer = client.post("/incidents/bulk", data, follow=True)
    assert answer.redirect_chain == [("/incidents?status=unresolved", 302)]
    said = "1 incident acknowledged. 1 other had already been handled."
    assert said in answer.content.decode()
    assert "Select at least one" in client.post("/incidents/bulk", {}, follow=True).content.decode()
    for nonsense in ("²", "9" * 5000):
        assert client.post("/incidents/bulk", data | {"incident": [nonsense]}).status_code == 404


def test_a_form_cannot_lead_away_from_the_site(client):
    incident = make_page_incident()
    for away in ("https://evil.example/", "//evil.example/"):
        answer = client.post(f"/incidents/{incident.pk}/note", {"note": "x", "next": away})
        assert answer.url == f"/incidents/{incident.pk}"


def test_the_list_costs_the_same_however_many_there_are(client, django_assert_max_num_queries):
    for number in range(30):
        make_page_incident(email=f"member{number}@example.com")
    listed(client)
    with django_assert_max_num_queries(40):
        listed(client)


@pytest.mark.parametrize(("role", "answer"), [("viewer", 403), ("responder", 302)])
def test_only_responders_act_once_sign_in_is_on(sign_in, role, answer):
    incident = make_page_incident()
    client = sign_in(role)
    assert client.post(f"/incidents/{incident.pk}/acknowledge").status_code == answer
    incident.refresh_from_db()
    assert incident.acknowledged_by == ("responder@company.com" if answer == 302 else "")
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    assert ("but not act on them" in page) == (role == "viewer")


def test_strangers_see_nothing_once_sign_in_is_on(auth_on, client):
    incident = make_page_incident()
    assert client.get(f"/incidents/{incident.pk}").status_code == 302
    assert client.post(f"/incidents/{incident.pk}/acknowledge").status_code == 302
    incident.refresh_from_db()
    assert incident.status == "open"

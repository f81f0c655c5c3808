import pytest
import time_machine

from incidents.models import Incident, IncidentAnomaly, TimelineEntry
from tests.incidents.factories import HOUR, NOON, make_anomaly, make_incident, make_runaway
from tracker.models import AccessSettings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def incident():
    with time_machine.travel(NOON + 2 * HOUR, tick=False):
        incident = make_incident(alerted_at=NOON + HOUR, status="alerted")
        IncidentAnomaly.objects.create(incident=incident, anomaly=make_anomaly(), joined_at=NOON)
        yield incident


@pytest.fixture
def act(script, incident):
    call = script("responder")
    return lambda action, **body: call("patch", f"/api/incidents/{incident.pk}", {"action": action, **body})


def test_what_was_found_and_what_became_of_it(script, incident):
    body = script("viewer")("get", "/api/anomalies?days=30").json()
    anomaly, row = body["anomalies"][0], body["incidents"][0]
    assert (anomaly["userEmail"], anomaly["type"], anomaly["rule"]) == ("carl@example.com", "trend", "spike")
    assert (anomaly["value"], anomaly["threshold"], anomaly["metric"]) == (41_200, 25_000, "spend_24h")
    assert (anomaly["detectedAt"], anomaly["resolvedAt"]) == ("2026-03-02T12:00:00Z", None)
    assert anomaly["alertedAt"] == "2026-03-02T13:00:00Z"
    assert (anomaly["diagnosisKind"], anomaly["diagnosisDelta"]) == ("volume", 30_000)
    assert anomaly["diagnosisModel"] == "claude-4.6-opus-high"
    assert (row["id"], row["anomalyId"], row["status"]) == (incident.pk, anomaly["id"], "alerted")
    assert (row["mttdMinutes"], row["mttiMinutes"], row["mttrMinutes"]) == (240, None, None)
    assert (body["avgMttdMinutes"], body["avgMttiMinutes"]) == (240, None)


def test_one_incident_is_told_with_what_its_spend_comes_from(script, incident):
    make_runaway(incident.member, NOON - 3 * HOUR)
    cause = script("viewer")("get", f"/api/incidents/{incident.pk}").json()["diagnosis"]
    assert cause["sentence"].startswith("20 of 24 requests come from one cloud agent, bc-775b694a…")
    agent = next(source for source in cause["sources"] if source["kind"] == "Cloud agent")
    assert (agent["name"], agent["requests"], agent["cents"]) == ("bc-775b694a-0000", 20, 40_000)
    assert agent["share"] == 0.9709  # $400 of $412


def test_a_snooze_of_one_word_ends_in_the_callers_morning(act, incident):
    assert act("snooze", span="tomorrow", timezone="Europe/Berlin").status_code == 200
    incident.refresh_from_db()
    assert incident.snoozed_until.isoformat() == "2026-03-03T08:00:00+00:00"


def test_an_end_without_a_time_zone_is_in_the_one_that_is_named(act, incident):
    for until, zone, ends in (
        ("2026-03-03T09:00:00", "Europe/Berlin", "2026-03-03T08:00:00+00:00"),
        ("2026-03-03T09:00:00", "", "2026-03-03T09:00:00+00:00"),
        ("2026-03-03T09:00:00Z", "Europe/Berlin", "2026-03-03T09:00:00+00:00"),
    ):
        assert act("snooze", until=until, timezone=zone).status_code == 200
        incident.refresh_from_db()
        assert incident.snoozed_until.isoformat() == ends


def test_a_time_zone_that_is_not_one_is_refused_rather_than_taken_for_utc(act, incident):
    for zone in ("Europe/Berln", "CEST", "../etc/passwd"):
        answer = act("snooze", span="tomorrow", timezone=zone)
        assert answer.status_code == 400 and "Europe/Berlin" in answer.json()["fields"]["timezone"]
    incident.refresh_from_db()
    assert incident.snoozed_until is None


def test_acknowledged_then_resolved(act, incident):
    answer = act("acknowledge")
    assert (answer.status_code, answer.json()["ok"], answer.json()["action"]) == (200, True, "acknowledged")
    body = act("resolve", note="stopped the agent").json()
    assert (body["incident"]["status"], body["incident"]["mttrMinutes"]) == ("resolved", 120)
    incident.refresh_from_db()
    assert (incident.acknowledged_by, incident.resolved_by) == ("token responder script",) * 2
    assert list(TimelineEntry.objects.values_list("origin", flat=True)) == ["api", "api"]


def test_who_comes_second_is_told_and_changes_nothing(act, incident):
    act("acknowledge")
    first = Incident.objects.get().acknowledged_at
    answer = act("acknowledge")
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert Incident.objects.get().acknowledged_at == first


def test_snoozed_reopened_and_judged(act, incident):
    assert (
        act("snooze", until="2026-03-03T12:00:00").json()["incident"]["snoozedUntil"]
        == "2026-03-03T12:00:00Z"
    )
    assert act("reopen").status_code == 409
    assert act("resolve").status_code == 200
    assert act("reopen").json()["incident"]["status"] == "open"
    body = act("verdict", verdict="planned", until="2026-04-01T00:00:00Z", note="migration").json()
    assert (body["action"], body["incident"]["verdict"]) == ("judged", "planned")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "action"),
        ({"action": "close"}, "action"),
        ({"action": "snooze"}, "until"),
        ({"action": "snooze", "until": "2026-03-01T00:00:00Z"}, "until"),
        ({"action": "snooze", "until": "tomorrow"}, "until"),
        ({"action": "verdict"}, "verdict"),
        ({"action": "verdict", "verdict": "fine"}, "verdict"),
        ({"action": "verdict", "verdict": "planned"}, "until"),
        ({"action": "resolve", "note": "x" * 5001}, "note"),
        ({"action": "resolve", "note": "\x00"}, "note"),
        ({"action": "resolve", "reason": "x"}, "reason"),
    ],
)
def test_an_action_that_lacks_something_is_refused(script, incident, body, field):
    answer = script("responder")("patch", f"/api/incidents/{incident.pk}", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    assert not TimelineEntry.objects.exists()


@pytest.mark.parametrize("pk", ["999999", "abc", "0", "-1", "1.5", str(10**30)])
def test_an_incident_that_is_none_is_not_found(script, pk):
    answer = script("responder")("patch", f"/api/incidents/{pk}", {"action": "acknowledge"})
    assert answer.status_code in (400, 404)


def test_a_viewer_does_not_act(script, incident):
    answer = script("viewer")("patch", f"/api/incidents/{incident.pk}", {"action": "acknowledge"})
    assert answer.status_code == 403


def test_a_viewer_sees_only_the_own_group(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    assert sign_in("viewer", "other@company.com").get("/api/anomalies").json()["anomalies"] == []

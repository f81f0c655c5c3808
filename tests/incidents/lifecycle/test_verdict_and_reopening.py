"""Every pair of verdict and way of reopening, and what the next findings then do."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from detection.engine import detect
from detection.models import Anomaly, Exemption
from incidents import lifecycle, times
from incidents.lifecycle import intake, take_in
from incidents.models import Incident, Notification, Origin, Verdict
from tests.detection.facts import FRESH, NOW, make_event, runaway, ten_dollar_days
from tests.detection.facts import make_member as make_spender
from tests.incidents.factories import (
    ADA,
    BOB,
    HOUR,
    NOON,
    clear,
    make_anomaly,
    make_channel,
    make_member,
    run_at,
)

pytestmark = pytest.mark.django_db
CLOSING = (Verdict.EXPECTED, Verdict.PLANNED, Verdict.TOO_SMALL)


def judged(kind: str) -> tuple[Incident, Anomaly]:
    """An incident of noon, judged at once, and resolved where the verdict does not resolve it."""
    anomaly = make_anomaly()
    take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    until = NOON + 2 * HOUR if kind == Verdict.PLANNED else None
    assert lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, kind, until=until).won
    if kind == Verdict.REAL:
        lifecycle.resolve(incident, ADA, Origin.PAGE, NOON)
    return incident, anomaly


def by_person(origin: str):
    def reopen(incident: Incident, anomaly: Anomaly, at: datetime) -> None:
        assert lifecycle.reopen(incident, BOB, origin, at, "not so").won

    return reopen


def by_the_finding_that_is_back(incident: Incident, anomaly: Anomaly, at: datetime) -> None:
    """The exemption is over, or an admin revoked it, and the finding that was gone holds again."""
    Exemption.objects.filter(until_at__gt=at).update(until_at=at)
    clear(anomaly, NOON + HOUR)
    take_in(run_at(NOON + HOUR), NOON + HOUR)
    clear(anomaly, None)
    assert take_in(run_at(at), at).reopened == 1


def by_a_new_finding(incident: Incident, anomaly: Anomaly, at: datetime) -> None:
    Exemption.objects.filter(until_at__gt=at).update(until_at=at)
    clear(anomaly, NOON + HOUR)
    make_anomaly(rule="own_baseline", detected_at=at, last_seen_at=at)
    assert take_in(run_at(at), at).reopened == 1


WAYS = {
    "a person on the page": by_person(Origin.PAGE),
    "a person over the API": by_person(Origin.API),
    "the finding is back": by_the_finding_that_is_back,
    "a new finding": by_a_new_finding,
}
NEXT = {
    # what the next run finds: (the anomaly's changes, alerts that follow, how the incident stands)
    "nothing": ({"cleared_at": NOON + 4 * HOUR}, 0, "resolved"),
    "the same": ({}, 0, "open"),
    "critical": ({"severity": "critical"}, 1, "open"),
    "twice as much": ({"operands": {"daily_cents": 82_400.0}}, 1, "open"),
}


@pytest.mark.parametrize("kind", Verdict.values)
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("finding", NEXT)
def test_a_reopened_incident_is_unjudged_counted_and_heard(kind, way, finding):
    make_channel()
    incident, anomaly = judged(kind)
    at = NOON + 3 * HOUR

    WAYS[way](incident, anomaly, at)

    incident.refresh_from_db()
    assert (incident.status, incident.verdict, incident.verdict_by) == ("open", "", "")
    assert incident.planned_until is None
    summary = times.summary([incident])
    assert (summary.n, summary.left_out, summary.unresolved, summary.judged) == (1, 0, 1, 0)
    if way.startswith("a person"):
        assert not Exemption.objects.in_force(at).exists()
    assert Verdict(kind).label in incident.timeline.filter(step="reopened").get().text

    changes, alerts, status = NEXT[finding]
    heard = Notification.objects.filter(kind="alert").count()
    Anomaly.objects.update(**changes)
    for hour in (4, 5):
        take_in(run_at(NOON + hour * HOUR), NOON + hour * HOUR)
    incident.refresh_from_db()
    assert incident.status == status
    assert Notification.objects.filter(kind="alert").count() - heard == alerts


@pytest.mark.parametrize("kind", CLOSING)
def test_reopening_by_a_person_leaves_what_an_admin_exempted_and_other_causes_alone(kind):
    incident, _ = judged(kind)
    member = make_member()
    by_hand = Exemption.objects.create(
        member=member, cause="spend", kind="expected", created_by="ines", created_at=NOON - HOUR
    )
    other = Exemption.objects.create(
        member=member, cause="requests", kind="expected", created_by="ines", created_at=NOON
    )
    lifecycle.reopen(incident, BOB, Origin.PAGE, NOON + HOUR)
    assert set(Exemption.objects.in_force(NOON + HOUR)) == {by_hand, other}


def test_a_verdict_given_while_the_run_was_looking_is_not_overruled_by_what_it_had_found():
    incident, anomaly = judged(Verdict.EXPECTED)
    Anomaly.objects.update(severity="critical")
    assert take_in(run_at(NOON + HOUR), NOON + HOUR).reopened == 0
    incident.refresh_from_db()
    assert (incident.status, incident.verdict) == ("resolved", "expected")


def test_spend_after_a_reopening_is_detected_and_alerts_end_to_end():
    """Expected at first; then somebody disagrees, and $4,000 more are spent."""
    make_channel()
    member = make_spender()
    ten_dollar_days(member)
    runaway(member)

    def run(at: datetime) -> None:
        take_in(detect(at, data_ages=FRESH), at)

    run(NOW)
    incident = Incident.objects.get()
    lifecycle.verdict(incident, ADA, Origin.PAGE, NOW, Verdict.EXPECTED)
    lifecycle.reopen(incident, BOB, Origin.PAGE, NOW + HOUR, "not expected at all")
    for minute in range(20):
        make_event(member, NOW + HOUR + timedelta(minutes=minute), 200)
    heard = Notification.objects.filter(kind="alert").count()
    for hour in (2, 3, 4):
        run(NOW + hour * HOUR)
    incident.refresh_from_db()
    assert (incident.status, incident.verdict) == ("open", "")
    assert Anomaly.objects.open().exists()
    assert Notification.objects.filter(kind="alert").count() == heard + 1
    assert times.summary([incident]).left_out == 0


@pytest.mark.parametrize("kind", CLOSING)
def test_a_closed_incident_of_the_team_stays_so_while_its_finding_holds_unless_another_member_is_named(kind):
    anomaly = make_anomaly(team=True, rule="members_limited", cause="limit")
    take_in(run_at(NOON), NOON)
    until = NOON + 60 * HOUR
    lifecycle.verdict(Incident.objects.get(), ADA, Origin.PAGE, NOON, kind, until=until)
    later = NOON + 59 * HOUR
    assert take_in(run_at(later), later).reopened == 0
    if kind == Verdict.PLANNED:
        assert take_in(run_at(until), until).reopened == 1
        return
    ben = make_member("ben@example.com").pk
    anomaly.operands = {"member_ids": [ben], "named_since": {f"{ben}": until.isoformat()}}
    anomaly.save()
    assert take_in(run_at(until), until).reopened == 1


def test_a_real_problem_marks_its_findings_until_a_person_withdraws_it():
    incident, anomaly = judged(Verdict.REAL)
    anomaly.refresh_from_db()
    assert anomaly.confirmed_at == NOON
    assert lifecycle.reopen(incident, BOB, Origin.PAGE, NOON + HOUR).won
    anomaly.refresh_from_db()
    assert anomaly.confirmed_at is None


def test_a_real_problem_marks_what_joins_it_later_and_another_verdict_unmarks_all():
    make_anomaly()
    take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    assert lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.REAL).won
    make_anomaly(rule="own_baseline", detected_at=NOON + HOUR, last_seen_at=NOON + HOUR)
    assert take_in(run_at(NOON + HOUR), NOON + HOUR).joined == 1
    assert set(Anomaly.objects.values_list("rule", "confirmed_at")) == {
        ("spike", NOON),
        ("own_baseline", NOON + HOUR),
    }
    assert lifecycle.verdict(incident, ADA, Origin.PAGE, NOON + HOUR, Verdict.EXPECTED).won
    assert set(Anomaly.objects.values_list("confirmed_at", flat=True)) == {None}


def test_a_verdict_given_while_a_run_is_about_to_reopen_stands(monkeypatch):
    make_channel()
    anomaly = make_anomaly()
    take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON)
    Anomaly.objects.filter(pk=anomaly.pk).update(severity="critical")
    decide = intake.comeback_reason

    def decide_slowly(*args) -> str:
        reason = decide(*args)
        assert reason
        lifecycle.verdict(Incident.objects.get(), BOB, Origin.PAGE, NOON + HOUR, Verdict.EXPECTED)
        return reason

    monkeypatch.setattr(intake, "comeback_reason", decide_slowly)
    assert take_in(run_at(NOON + HOUR), NOON + HOUR).reopened == 0
    incident.refresh_from_db()
    assert (incident.status, incident.verdict) == ("resolved", "expected")


def test_the_incident_that_was_resolved_last_is_reopened_not_the_one_that_began_last():
    for hour in (0, 48):
        anomaly = make_anomaly(detected_at=NOON + hour * HOUR, last_seen_at=NOON + hour * HOUR)
        take_in(run_at(NOON + hour * HOUR), NOON + hour * HOUR)
        lifecycle.resolve(Incident.objects.first(), ADA, Origin.PAGE, NOON + hour * HOUR)
        clear(anomaly, NOON + (hour + 1) * HOUR)
        take_in(run_at(NOON + (hour + 1) * HOUR), NOON + (hour + 1) * HOUR)
    earlier = Incident.objects.last()
    lifecycle.reopen(earlier, ADA, Origin.PAGE, NOON + 90 * HOUR)
    lifecycle.resolve(earlier, ADA, Origin.PAGE, NOON + 96 * HOUR)
    make_anomaly(detected_at=NOON + 97 * HOUR, last_seen_at=NOON + 97 * HOUR)
    assert take_in(run_at(NOON + 97 * HOUR), NOON + 97 * HOUR).reopened == 1
    earlier.refresh_from_db()
    assert (earlier.status, Incident.objects.count()) == ("open", 2)

"""What people do to incidents: one wins, everything is written down."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from detection import exemptions
from detection.models import Anomaly, Exemption
from detection.vocabulary import Severity
from incidents import lifecycle
from incidents.models import (
    Incident,
    IncidentAnomaly,
    Notification,
    Origin,
    Status,
    Verdict,
)
from tests.incidents.factories import (
    ADA,
    BOB,
    HOUR,
    NOON,
    clear,
    make_anomaly,
    make_channel,
    make_incident,
    run_at,
)

pytestmark = pytest.mark.django_db


def timeline(incident: Incident) -> list[tuple]:
    return list(incident.timeline.values_list("step", "actor_name", "origin", "from_status", "to_status"))


def test_of_two_who_acknowledge_at_once_one_wins_and_the_other_is_told_who():
    mine = make_incident()
    theirs = Incident.objects.get(pk=mine.pk)  # both see it open
    first = lifecycle.acknowledge(mine, ADA, Origin.PAGE, NOON)
    second = lifecycle.acknowledge(theirs, BOB, Origin.SLACK, NOON + HOUR)
    assert (first.won, second.won) == (True, False)
    assert second.message == "Already acknowledged by Ada Byron, 2 Mar 2026, 12:00 UTC."
    theirs.refresh_from_db()
    assert (theirs.acknowledged_by, theirs.acknowledged_at) == ("Ada Byron", NOON)
    assert timeline(theirs) == [("acknowledged", "Ada Byron", "page", "open", "acknowledged")]


def test_a_change_between_reading_and_writing_loses(monkeypatch):
    incident = make_incident()
    real = Incident.refresh_from_db
    calls = []

    def refresh_then_lose(self, *args, **kwargs):
        real(self, *args, **kwargs)
        calls.append(1)
        if len(calls) == 2:  # the one inside the move, just before it writes
            Incident.objects.filter(pk=self.pk).update(
                status=Status.ACKNOWLEDGED, acknowledged_at=NOON, acknowledged_by="Bob Kahn"
            )

    monkeypatch.setattr(Incident, "refresh_from_db", refresh_then_lose)
    outcome = lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON)
    assert not outcome.won
    assert "Bob Kahn" in outcome.message
    assert timeline(incident) == []


def test_resolving_after_someone_else_did_says_who():
    incident = make_incident()
    assert lifecycle.resolve(incident, ADA, Origin.PAGE, NOON, "limit lowered").won
    assert lifecycle.resolve(incident, BOB, Origin.API, NOON + HOUR).message.startswith(
        "Already resolved by Ada Byron"
    )
    assert lifecycle.acknowledge(incident, BOB, Origin.API, NOON + HOUR).won is False
    assert timeline(incident) == [("resolved", "Ada Byron", "page", "open", "resolved")]
    assert incident.timeline.get().sentence == "Resolved by Ada Byron (page): limit lowered"


def test_reopening_keeps_detection_alert_and_first_answer_and_clears_the_resolution():
    incident = make_incident(alerted_at=NOON, status=Status.ALERTED)
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON + HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON + 2 * HOUR)
    assert lifecycle.reopen(incident, BOB, Origin.PAGE, NOON + 3 * HOUR).won
    assert (incident.status, incident.resolved_at, incident.resolved_by) == ("open", None, "")
    assert (incident.alerted_at, incident.acknowledged_at) == (NOON, NOON + HOUR)
    lifecycle.acknowledge(incident, BOB, Origin.PAGE, NOON + 4 * HOUR)
    assert incident.acknowledged_at == NOON + HOUR
    assert lifecycle.acknowledge(incident, ADA, Origin.API, NOON + 5 * HOUR).message == (
        "Already acknowledged by Bob Kahn, 2 Mar 2026, 16:00 UTC."
    )


def test_reopening_beside_an_open_incident_about_the_same_is_refused_and_names_it():
    old = make_incident(status=Status.RESOLVED, resolved_at=NOON)
    new = make_incident()
    outcome = lifecycle.reopen(old, ADA, Origin.PAGE, NOON + HOUR)
    assert (outcome.won, outcome.message) == (False, f"Incident #{new.pk} about the same cause is open.")
    assert timeline(old) == []


def test_snoozed_it_says_nothing_until_it_wakes_and_then_once():
    make_channel()
    anomaly = make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    assert lifecycle.snooze(incident, ADA, Origin.PAGE, NOON, NOON + 8 * HOUR, "load test").won
    anomaly.severity = Severity.CRITICAL
    anomaly.save()
    assert lifecycle.take_in(run_at(NOON + HOUR), NOON + HOUR).worsened == 1
    assert Notification.objects.filter(kind="alert").count() == 1
    assert lifecycle.expire_snoozes(NOON + 8 * HOUR - timedelta(seconds=1)) == 0
    assert lifecycle.expire_snoozes(NOON + 8 * HOUR) == 1
    assert lifecycle.expire_snoozes(NOON + 8 * HOUR) == 0
    assert Notification.objects.filter(kind="alert").count() == 2


@pytest.mark.parametrize("comes_back", [3, 40])
def test_a_snooze_outlives_resolving_itself_and_is_kept_however_late_the_finding_is_back(comes_back):
    make_channel()
    incident, anomaly = snoozed_and_gone(until=NOON + 72 * HOUR)
    back = NOON + comes_back * HOUR
    make_anomaly(detected_at=back, last_seen_at=back)
    assert lifecycle.take_in(run_at(back), back).reopened == 1
    assert Notification.objects.filter(kind="alert").count() == 1
    assert lifecycle.expire_snoozes(NOON + 72 * HOUR) == 1
    assert Notification.objects.filter(kind="alert").count() == 2


def test_a_snooze_that_is_over_when_the_finding_is_back_leaves_one_alert():
    make_channel()
    incident, anomaly = snoozed_and_gone(until=NOON + 3 * HOUR)
    clear(anomaly, None)
    lifecycle.take_in(run_at(NOON + 4 * HOUR), NOON + 4 * HOUR)
    assert lifecycle.expire_snoozes(NOON + 4 * HOUR) == 0
    assert Notification.objects.filter(kind="alert").count() == 2


def test_a_person_who_resolves_ends_the_snooze():
    incident = make_incident(snoozed_until=NOON + 72 * HOUR)
    lifecycle.resolve(incident, ADA, Origin.PAGE, NOON)
    assert incident.snoozed_until is None


def snoozed_and_gone(until) -> tuple[Incident, Anomaly]:
    """Opened and snoozed at noon, resolved by itself at two."""
    anomaly = make_anomaly()
    lifecycle.take_in(run_at(NOON), NOON)
    incident = Incident.objects.get()
    lifecycle.snooze(incident, ADA, Origin.PAGE, NOON, until)
    clear(anomaly, NOON + HOUR)
    for hour in (1, 2):
        lifecycle.take_in(run_at(NOON + hour * HOUR), NOON + hour * HOUR)
    incident.refresh_from_db()
    assert incident.is_resolved
    return incident, anomaly


def test_snoozing_into_the_past_is_refused():
    incident = make_incident()
    assert not lifecycle.snooze(incident, ADA, Origin.PAGE, NOON, NOON).won
    assert incident.snoozed_until is None


def test_expected_resolves_the_incident_and_keeps_the_next_runs_quiet():
    incident = make_incident()
    outcome = lifecycle.verdict(incident, ADA, Origin.SLACK, NOON, Verdict.EXPECTED, reason="migration")
    assert (outcome.won, incident.status, incident.resolved_by) == (True, "resolved", "Ada Byron")
    exemption = Exemption.objects.get()
    assert (exemption.member, exemption.cause, exemption.kind) == (incident.member, "spend", "expected")
    assert (exemption.created_by, exemption.reason) == ("Ada Byron", "migration")


def test_planned_needs_a_date_to_come_and_passes_it_on():
    incident = make_incident()
    assert lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.PLANNED).message == (
        "Planned spend needs the day on which it ends."
    )
    assert not lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.PLANNED, until=NOON).won
    assert lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.PLANNED, until=NOON + 48 * HOUR).won
    assert incident.planned_until == NOON + 48 * HOUR
    assert Exemption.objects.get().until_at == NOON + 48 * HOUR


def test_too_small_leaves_this_times_spend_as_the_floor():
    anomaly = make_anomaly()
    incident = make_incident()
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=NOON)
    lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.TOO_SMALL)
    assert Exemption.objects.get().floor_cents == Decimal(41_200)


def test_too_small_says_nothing_about_a_number_of_requests():
    incident = make_incident(cause="requests")
    outcome = lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.TOO_SMALL)
    assert (outcome.won, outcome.message) == (
        False,
        "“Too small” is a dollar amount, but this incident is about requests. "
        "Choose “expected” or “planned” instead.",
    )
    assert (incident.status, Exemption.objects.count()) == ("open", 0)


def test_a_new_verdict_replaces_the_one_before():
    incident = make_incident()
    lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.EXPECTED)
    assert lifecycle.verdict(incident, BOB, Origin.PAGE, NOON + HOUR, Verdict.REAL).won
    exemption = Exemption.objects.get()
    assert (exemption.revoked_at, exemption.revoked_by) == (NOON + HOUR, "Bob Kahn")
    assert (incident.verdict, incident.status) == ("real", "resolved")


def test_a_verdict_leaves_what_an_admin_exempted_alone():
    incident = make_incident()
    planned = exemptions.leave(
        incident.member, "spend", "planned", by="ines", now=NOON - HOUR, until_at=NOON + 99 * HOUR
    )
    lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.EXPECTED)
    lifecycle.verdict(incident, BOB, Origin.PAGE, NOON + HOUR, Verdict.REAL)
    assert list(Exemption.objects.in_force(NOON + 2 * HOUR)) == [planned]


def test_real_keeps_it_open_and_leaves_no_exemption():
    incident = make_incident()
    lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.REAL)
    assert (incident.status, Exemption.objects.count()) == ("open", 0)


def test_a_verdict_on_the_team_leaves_no_exemption():
    incident = make_incident()
    Incident.objects.filter(pk=incident.pk).update(member=None)
    assert lifecycle.verdict(incident, ADA, Origin.PAGE, NOON, Verdict.EXPECTED).won
    assert Exemption.objects.count() == 0


def test_a_person_corrects_the_onset_but_not_beyond_the_detection():
    incident = make_incident()
    assert lifecycle.correct_onset(incident, ADA, Origin.PAGE, NOON, NOON - 9 * HOUR).won
    assert incident.began_at == NOON - 9 * HOUR
    assert not lifecycle.correct_onset(incident, ADA, Origin.PAGE, NOON, NOON + HOUR).won


def test_an_empty_note_is_refused_and_a_note_on_a_resolved_incident_is_kept():
    incident = make_incident(status=Status.RESOLVED, resolved_at=NOON)
    assert not lifecycle.note(incident, ADA, Origin.PAGE, NOON, "  ").won
    assert lifecycle.note(incident, ADA, Origin.PAGE, NOON, " token rotated ").won
    assert incident.timeline.get().text == "token rotated"


@pytest.mark.parametrize("member", ["carl", None])
def test_the_database_refuses_a_second_unresolved_incident_of_one_cause(member):
    first = make_incident()
    if member is None:
        Incident.objects.filter(pk=first.pk).update(member=None)
        first.refresh_from_db()
    first.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        first.save(force_insert=True)
    first.status, first.resolved_at = Status.RESOLVED, NOON
    first.save(force_insert=True)


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": "resolved"},
        {"status": "acknowledged"},
        {"status": "alerted"},
        {"resolved_at": NOON},
        {"verdict": "planned"},
    ],
)
def test_the_database_refuses_states_without_their_times(wrong):
    incident = make_incident()
    with pytest.raises(IntegrityError), transaction.atomic():
        Incident.objects.filter(pk=incident.pk).update(**wrong)
        connection.check_constraints()

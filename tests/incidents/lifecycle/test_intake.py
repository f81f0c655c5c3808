"""Anomalies open, join, raise, reopen and resolve incidents."""

from __future__ import annotations

from datetime import timedelta

import pytest

from detection.models import Anomaly
from detection.vocabulary import Cause, Rule, Severity
from incidents import lifecycle
from incidents.lifecycle import take_in
from incidents.models import Incident, IncidentSettings, Notification, Origin, Status, TimelineStep
from tests.incidents.factories import ADA, HOUR, NOON, clear, make_anomaly, make_channel, make_member, run_at

pytestmark = pytest.mark.django_db


def run(hours: float = 0, **options):
    """Take in the run `hours` after noon."""
    at = NOON + timedelta(hours=hours)
    return take_in(run_at(at, **options), at)


def table() -> list[tuple]:
    return list(
        Incident.objects.order_by("pk").values_list(
            "member__email", "cause", "status", "severity", "quiet_runs"
        )
    )


def steps(incident: Incident) -> list[str]:
    return list(incident.timeline.values_list("step", flat=True))


def test_an_anomaly_opens_an_incident_once_however_often_the_run_is_taken_in():
    make_channel()
    make_anomaly()
    assert run().opened == 1
    assert run().opened == 0
    assert table() == [("carl@example.com", "spend", "open", "warning", 0)]
    assert Notification.objects.count() == 1
    incident = Incident.objects.get()
    assert steps(incident) == ["opened"]
    assert (incident.onset_at, incident.detected_at) == (NOON - 3 * HOUR, NOON)
    assert incident.model == "claude-4.6-opus-high"


def test_findings_of_one_member_and_cause_share_an_incident_and_those_of_another_cause_do_not():
    make_anomaly(rule=Rule.SPIKE)
    make_anomaly(rule=Rule.OWN_BASELINE, onset_at=NOON - 5 * HOUR)
    make_anomaly(rule=Rule.DAILY_REQUESTS, cause=Cause.REQUESTS)
    assert run().opened == 2
    spend = Incident.objects.get(cause=Cause.SPEND)
    assert spend.findings.count() == 2
    assert spend.onset_at == NOON - 5 * HOUR


def test_an_incident_begins_with_the_finding_that_alarms_not_with_information_beside_it():
    make_anomaly(
        rule=Rule.CYCLE_OUTLIER,
        severity=Severity.INFO,
        onset_at=NOON - 60 * HOUR,
        detected_at=NOON - 24 * HOUR,
        last_seen_at=NOON,
    )
    assert run(-1).opened == 0
    make_anomaly(rule=Rule.OWN_BASELINE, onset_at=NOON - HOUR)
    assert run().opened == 1
    incident = Incident.objects.get()
    assert incident.findings.count() == 2
    assert (incident.onset_at, incident.detected_at) == (NOON - HOUR, NOON)


def test_a_later_finding_joins_and_tells_only_on_the_timeline_and_where_told_before():
    make_channel()
    make_anomaly()
    run()
    make_anomaly(rule=Rule.CYCLE_OUTLIER, detected_at=NOON + HOUR, last_seen_at=NOON + HOUR)
    report = run(1)
    assert (report.opened, report.joined) == (0, 1)
    assert steps(Incident.objects.get()) == ["opened", "joined"]
    assert list(Notification.objects.order_by("pk").values_list("kind", flat=True)) == ["alert", "update"]


def test_team_wide_anomalies_share_one_incident_too():
    make_anomaly(team=True, rule=Rule.TEAM_BUDGET, cause=Cause.BUDGET)
    run()
    make_anomaly(team=True, rule=Rule.MEMBERS_LIMITED, cause=Cause.BUDGET)
    run(1)
    assert table() == [(None, "budget", "open", "warning", 0)]
    assert Incident.objects.get().who == "The team"


def test_a_raised_severity_alerts_again_and_shows_the_new_figures():
    make_channel()
    anomaly = make_anomaly()
    run()
    anomaly.severity, anomaly.message = Severity.CRITICAL, "Carl spent $9,000 in 24 h."
    anomaly.save()
    assert run(1).worsened == 1
    assert run(1).worsened == 0
    incident = Incident.objects.get()
    assert (incident.severity, incident.message) == ("critical", "Carl spent $9,000 in 24 h.")
    assert Notification.objects.filter(kind="alert").count() == 2


def limited(**hours: float) -> dict:
    """What a finding of the team says: who is at their spend limit, each since so many hours after noon."""
    members = {name: make_member(f"{name}@example.com").pk for name in hours}
    since = {str(members[name]): (NOON + hour * HOUR).isoformat() for name, hour in hours.items()}
    return {"member_ids": list(members.values()), "named_since": since}


def make_limit_anomaly(**hours: float) -> Anomaly:
    return make_anomaly(team=True, rule=Rule.MEMBERS_LIMITED, cause=Cause.LIMIT, operands=limited(**hours))


def test_another_member_at_their_limit_alerts_once_and_is_named():
    make_channel()
    anomaly = make_limit_anomaly(ana=0)
    run()
    assert run(1).worsened == 0
    anomaly.operands = limited(ana=0, ben=2, cleo=2)
    anomaly.save()
    assert [run(2).worsened for _ in range(2)] == [1, 0]
    assert run(3).worsened == 0
    incident = Incident.objects.get()
    assert incident.timeline.last().sentence == "Got worse: now Ben, Cleo too"
    assert Notification.objects.filter(kind="alert").count() == 2


def test_another_member_at_their_limit_reopens_what_a_person_resolved():
    anomaly = make_limit_anomaly(ana=0)
    run()
    lifecycle.resolve(Incident.objects.get(), ADA, Origin.PAGE, NOON)
    assert run(1).reopened == 0
    anomaly.operands = limited(ana=0, ben=2)
    anomaly.save()
    assert [run(2).reopened for _ in range(2)] == [1, 0]


def test_it_resolves_itself_after_two_runs_without_the_finding_and_counts_each_run_once():
    anomaly = make_anomaly()
    run()
    clear(anomaly, NOON + HOUR)
    run(1)
    run(1)
    assert table() == [("carl@example.com", "spend", "open", "warning", 1)]
    assert run(2).resolved == 1
    incident = Incident.objects.get()
    assert (incident.status, incident.resolved_at, incident.resolved_by) == ("resolved", NOON + 2 * HOUR, "")


def test_a_run_in_which_its_rule_had_no_data_does_not_count_as_quiet():
    anomaly = make_anomaly()
    run()
    clear(anomaly, NOON + HOUR)
    for hour in (1, 2, 3):
        run(hour, no_data=("spike",))
    assert table() == [("carl@example.com", "spend", "open", "warning", 0)]


def test_a_finding_that_comes_back_between_two_quiet_runs_starts_the_count_anew():
    anomaly = make_anomaly()
    run()
    clear(anomaly, NOON + HOUR)
    run(1)
    clear(anomaly, None)
    run(2)
    clear(anomaly, NOON + 3 * HOUR)
    run(3)
    assert table() == [("carl@example.com", "spend", "open", "warning", 1)]


def test_kept_open_until_reviewed_it_says_so_once_and_stays_open():
    IncidentSettings.objects.create(keep_open_until_reviewed=True)
    anomaly = make_anomaly()
    run()
    clear(anomaly, NOON + HOUR)
    for hour in (1, 2, 3, 4):
        run(hour)
    assert Incident.objects.get().status == Status.OPEN
    assert steps(Incident.objects.get()) == ["opened", "quiet"]


@pytest.mark.parametrize(("hours_later", "expected"), [(23.99, "reopened"), (24, "opened")])
def test_the_same_cause_reopens_within_the_cool_down_and_opens_anew_after_it(hours_later, expected):
    anomaly = make_anomaly()
    run()
    clear(anomaly, NOON + HOUR)
    run(1)
    run(2)  # resolved here
    make_anomaly(severity=Severity.CRITICAL)
    report = run(2 + hours_later)
    assert getattr(report, expected) == 1
    assert Incident.objects.count() == (1 if expected == "reopened" else 2)
    newest = Incident.objects.order_by("pk").last()
    assert (newest.status, newest.severity, newest.resolved_at) == ("open", "critical", None)


def test_an_anomaly_that_detection_continues_reopens_its_incident_and_keeps_the_first_detection():
    make_channel()
    anomaly = make_anomaly()
    run()
    clear(anomaly, NOON + HOUR)
    run(1)
    run(2)
    clear(anomaly, None)
    assert run(5).reopened == 1
    incident = Incident.objects.get()
    assert (incident.detected_at, incident.reopened_at, incident.reopened_count) == (NOON, NOON + 5 * HOUR, 1)
    assert Notification.objects.filter(kind="alert").count() == 2


@pytest.mark.parametrize("hours_later", [20, 60])  # within the incident's cool-down, and after it
def test_what_is_back_reopens_its_incident_although_new_information_comes_along(hours_later):
    make_channel()
    spike = make_anomaly(severity=Severity.CRITICAL)
    run()
    clear(spike, NOON + HOUR)
    run(1), run(2)
    clear(spike, None)  # over a weekend detection continues an anomaly for longer than 24 hours
    make_anomaly(rule=Rule.TEAM_REQUESTS, severity=Severity.INFO)
    assert run(hours_later).reopened == 1
    incident = Incident.objects.get()
    assert incident.severity == Severity.CRITICAL
    assert steps(incident) == ["opened", "resolved", "reopened"]
    assert Notification.objects.filter(kind="alert", entry__step=TimelineStep.REOPENED).count() == 1


def test_what_a_person_resolved_stays_resolved_while_the_finding_holds_until_the_cool_down_is_over():
    make_anomaly()
    run()
    lifecycle.resolve(Incident.objects.get(), ADA, Origin.PAGE, NOON)
    assert [run(hour).reopened for hour in (1, 12, 23.9)] == [0, 0, 0]
    assert run(24).reopened == 1


def test_what_a_person_resolved_reopens_at_once_if_it_gets_worse_or_was_gone_in_between():
    for email in ("dora@example.com", "eve@example.com"):
        make_anomaly(make_member(email))
    run()
    for incident in Incident.objects.all():
        lifecycle.resolve(incident, ADA, Origin.PAGE, NOON)
    worse, gone = (incident.findings.get().anomaly for incident in Incident.objects.order_by("pk"))
    worse.severity = Severity.CRITICAL
    worse.save()
    clear(gone, NOON + HOUR)
    assert run(1).reopened == 1
    clear(gone, None)
    assert run(2).reopened == 1


def test_a_member_who_left_gets_an_incident_and_no_alert():
    make_channel()
    make_anomaly(make_member("gone@example.com", is_removed=True))
    assert run().opened == 1
    assert Notification.objects.count() == 0


def test_information_alone_opens_no_incident_and_joins_one_that_is_there():
    make_channel()
    make_anomaly(severity=Severity.INFO, rule=Rule.TEAM_SPEND)
    make_anomaly(severity=Severity.INFO, cause=Cause.PLAN, rule=Rule.PLAN_EXHAUSTED)
    assert (run().opened, Incident.objects.count()) == (0, 0)
    make_anomaly()
    assert run(1).opened == 1
    assert [link.anomaly.severity for link in Incident.objects.get().findings.all()] == ["info", "warning"]
    assert Notification.objects.count() == 1


def test_information_alone_reopens_nothing():
    spike = make_anomaly()
    run()
    lifecycle.resolve(Incident.objects.get(), ADA, Origin.PAGE, NOON)
    clear(spike, NOON + HOUR)
    make_anomaly(severity=Severity.INFO, rule=Rule.TEAM_SPEND)
    assert [run(hour).reopened for hour in (1, 2, 30)] == [0, 0, 0]
    assert Incident.objects.get().is_resolved


def test_an_anomaly_that_came_and_went_before_it_was_taken_in_still_gets_its_incident():
    clear(make_anomaly(), NOON + HOUR)
    assert run(1).opened == 1
    assert steps(Incident.objects.get()) == [TimelineStep.OPENED]


def test_an_incident_that_fails_keeps_nobody_from_hearing_of_the_others(caplog):
    make_anomaly(member=make_member("ann@example.com"), operands={"daily_cents": "not a number"})
    make_anomaly()
    report = run()
    assert (report.opened, report.failed, report.is_ok) == (1, 1, False)
    assert "failed; what follows goes on" in caplog.text

"""The guard: off at first, a dry run that only notes, and a limit of the spend so far plus some."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from collector.cursor import spend_limits
from collector.cursor.client import CursorClient
from collector.cursor.spend_limits import LimitInForce
from collector.models import BillingCycle, UsageEvent
from detection.replay.backtest import SimulatedIncident
from incidents import lifecycle
from incidents.actions import limit_guard
from incidents.actions.limit_guard import limit_dollars, run_guard
from incidents.lifecycle.moves import Actor, write
from incidents.models import (
    GuardSettings,
    Incident,
    IncidentSettings,
    LimitChange,
    Notification,
    Origin,
    TimelineStep,
)
from incidents.notifying import recording
from tests.incidents.actions.limit_site import BOSS, DAY, NOW, LimitSite
from tests.incidents.factories import make_channel, make_incident, make_member

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(minutes=60)


def switch(mode: str, **fields) -> GuardSettings:
    return GuardSettings.objects.update_or_create(pk=1, defaults={"mode": mode, **fields})[0]


def guard_notes(site: LimitSite) -> list[str]:
    return [text for step, text in site.timeline() if step == "guard"]


def make_event(site: LimitSite, at: datetime, cents: int) -> None:
    UsageEvent.objects.create(
        member=site.member,
        occurred_at=at,
        model="gpt-5",
        charged_cents=Decimal(cents),
        kind="Usage-based",
        first_seen_at=NOW,
        changed_at=NOW,
    )


def test_it_is_off_at_first(site: LimitSite):
    assert GuardSettings.get_solo().mode == "off"
    assert run_guard(LATER, site.client).acted == 0
    assert site.timeline() == []


def test_an_incident_that_somebody_takes_on_while_the_guard_asks_cursor_is_left_alone(
    site: LimitSite, monkeypatch
):
    """It asks for one member after another, each as long as Cursor takes: minutes may go by."""
    switch("on")

    def read_limit(client: CursorClient, email: str) -> LimitInForce | None:
        lifecycle.acknowledge(site.incident, BOSS, Origin.PAGE, LATER)
        return spend_limits.read_limit(client, email)

    monkeypatch.setattr(limit_guard, "read_limit", read_limit)
    assert run_guard(LATER, site.client).acted == 0
    assert (site.calls, LimitChange.objects.count()) == (0, 0)
    assert guard_notes(site) == []


def test_people_have_its_minutes_from_the_alert_that_got_through(site: LimitSite):
    """After a stop of the deliveries the alert is sent an hour late."""
    switch("dry_run")
    entry = write(site.incident, TimelineStep.OPENED, "", NOW)
    channel = make_channel()
    recording.record_notification(channel, entry, "alert", IncidentSettings.get_solo(), NOW)
    alert = Notification.objects.get()
    assert run_guard(LATER, site.client).acted == 0
    Notification.objects.filter(pk=alert.pk).update(status="sent", sent_at=LATER, tries=1)
    assert run_guard(LATER + timedelta(minutes=59), site.client).acted == 0
    assert run_guard(LATER + timedelta(minutes=60), site.client).acted == 1


@pytest.mark.parametrize("is_paused", [False, True])
def test_it_waits_for_no_channel_that_takes_nothing(site: LimitSite, is_paused):
    switch("dry_run")
    entry = write(site.incident, TimelineStep.OPENED, "", NOW)
    channel = make_channel(paused_until=LATER + timedelta(hours=1) if is_paused else None)
    recording.record_notification(channel, entry, "alert", IncidentSettings.get_solo(), NOW)
    if not is_paused:
        Notification.objects.update(tries=3, due_at=LATER)
    assert run_guard(LATER, site.client).acted == 1


@pytest.mark.parametrize(("mode", "step"), [("on", "limit_member"), ("dry_run", "note_dry_run")])
def test_an_incident_that_fails_leaves_the_others_guarded(site: LimitSite, monkeypatch, mode, step):
    switch(mode)
    other = make_incident(make_member("bob@example.com"), severity="critical", detected_at=NOW)
    guarded: list[int] = []

    def act(incident: Incident, *arguments: object) -> bool:
        guarded.append(incident.pk)
        if incident == site.incident:
            raise KeyError("made up")
        return True

    monkeypatch.setattr(limit_guard, step, act)
    report = run_guard(LATER, site.client)
    assert (sorted(guarded), report.acted, report.failed) == ([site.incident.pk, other.pk], 1, 1)
    assert not report.is_ok


def test_a_dry_run_notes_once_what_it_would_have_done(site: LimitSite):
    BillingCycle.objects.create(start_at=NOW - DAY, end_at=NOW + 29 * DAY)
    for hours, cents in ((48, 99_999), (3, 1_050), (2, 2_000)):  # the first is of the cycle before
        make_event(site, NOW - timedelta(hours=hours), cents)
    switch("dry_run", extra_dollars=50)
    assert run_guard(LATER - timedelta(seconds=1), site.client).acted == 0
    for _ in range(2):
        run_guard(LATER, site.client)
    assert guard_notes(site) == [
        f"dry run: would have limited {site.member} to $81.00, which is $30.50 spent in this cycle plus $50."
    ]
    assert (site.calls, LimitChange.objects.count()) == (0, 0)


def test_it_limits_to_the_spend_at_cursor_plus_the_extra_until_somebody_decides(site: LimitSite):
    switch("on", extra_dollars=20)
    spent = next(
        row["overallSpendCents"]
        for row in site.client.post("/teams/spend", {"pageSize": 1000}).payload["teamMemberSpend"]
        if row["email"].lower() == site.member.email
    )
    for _ in range(2):
        run_guard(LATER, site.client)
    assert site.own == limit_dollars(Decimal(spent), GuardSettings.get_solo())
    change = LimitChange.objects.get()
    assert (change.kind, change.until_at, change.status) == ("guard", None, "done")
    assert [step for step, _ in site.timeline()] == ["limit_asked", "guard", "limit"]


@pytest.mark.parametrize(
    "fields",
    [
        {"status": "acknowledged", "acknowledged_at": NOW},
        {"severity": "warning"},
        {"snoozed_until": NOW + DAY},
        {"status": "resolved", "resolved_at": NOW},
    ],
)
def test_an_incident_that_is_answered_snoozed_or_not_critical_is_left_alone(site: LimitSite, fields):
    switch("on")
    Incident.objects.update(**fields)
    assert run_guard(LATER, site.client).acted == 0
    assert site.calls == 0


def test_a_lower_limit_that_holds_already_is_left_alone(site: LimitSite):
    site.change(1)
    switch("on")
    run_guard(LATER, site.client)
    assert site.own == 1
    assert guard_notes(site)[0].startswith("kept the limit of $1.00, which is not higher than")


def test_an_incident_that_comes_back_is_guarded_again(site: LimitSite):
    switch("dry_run")
    run_guard(LATER, site.client)
    Incident.objects.update(reopened_at=LATER + DAY, reopened_count=1)
    run_guard(LATER + 2 * DAY, site.client)
    assert len(guard_notes(site)) == 2


def test_without_the_setting_that_allows_writing_it_only_notes(site: LimitSite, settings):
    settings.CURSOR_LIMITS = "read"
    switch("on")
    run_guard(LATER, site.client)
    assert guard_notes(site)[0].startswith("dry run: would have limited")


def would_be(site: LimitSite, severity: str = "critical", ended_at=None) -> SimulatedIncident:
    return SimulatedIncident(
        member_id=site.member.pk,
        email=site.member.email,
        rules=("spike",),
        metric="spend_24h",
        onset_at=NOW,
        detected_at=NOW,
        ended_at=ended_at,
        severity=severity,
        observed_cents=0.0,
        expected_cents=0.0,
        extra_cents=0.0,
        message="",
    )


def test_the_backtest_says_what_the_guard_would_have_done(site: LimitSite, monkeypatch):
    BillingCycle.objects.create(start_at=NOW - DAY, end_at=NOW + 29 * DAY)
    for hours, cents in ((-2, 3_000), (5, 40_000)):
        make_event(site, NOW + timedelta(hours=hours), cents)
    soon_over = would_be(site, ended_at=NOW + timedelta(minutes=59))
    incidents = [would_be(site), would_be(site, "warning"), soon_over]
    monkeypatch.setattr("incidents.management.commands.backtest.backtest", lambda *_: incidents)
    assert "guard:" not in printed_by_backtest()  # off
    switch("dry_run", extra_dollars=50)
    assert printed_by_backtest().splitlines()[-1] == (
        f"2026-09-16 16:00 guard: {site.member} limited to $80.00; $350.00 of the cycle's later spend refused"
    )


def printed_by_backtest() -> str:
    out = StringIO()
    call_command("backtest", "--from", str(NOW.date()), "--to", str(NOW.date()), stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("step", [TimelineStep.WORSENED, TimelineStep.WOKE, TimelineStep.EXPIRED])
def test_people_have_its_minutes_again_from_when_it_is_critical_and_unanswered(site: LimitSite, step):
    switch("dry_run")
    opened_as = "warning" if step == TimelineStep.WORSENED else "critical"
    Incident.objects.update(severity=opened_as)
    site.incident.refresh_from_db()
    policy, channel = IncidentSettings.get_solo(), make_channel()
    for severity, at, opening in ((opened_as, NOW, TimelineStep.OPENED), ("critical", NOW + DAY, step)):
        Incident.objects.update(severity=severity)
        site.incident.refresh_from_db()
        entry = write(site.incident, opening, "", at)
        Notification.objects.filter(entry=entry).delete()
        recording.record_notification(channel, entry, "alert", policy, at)
        Notification.objects.filter(entry=entry).update(status="sent", sent_at=at, tries=1)
    assert run_guard(NOW + DAY + timedelta(minutes=59), site.client).acted == 0
    assert run_guard(NOW + DAY + timedelta(minutes=60), site.client).acted == 1


def test_it_waits_for_the_alert_about_a_snooze_that_is_over(site: LimitSite):
    switch("dry_run")
    Incident.objects.update(snoozed_until=LATER)
    assert run_guard(LATER, site.client).acted == 0


def test_an_incident_that_was_imported_is_history(site: LimitSite):
    switch("on")
    write(site.incident, TimelineStep.OPENED, "Imported.", NOW, Actor(None, "cursor-usage-tracker"))
    assert run_guard(LATER, site.client).acted == 0
    assert site.calls == 0
    write(site.incident, TimelineStep.WORSENED, "", LATER)
    assert run_guard(LATER + DAY, site.client).acted == 1

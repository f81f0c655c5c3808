"""Nothing grows for ever: what `prune` deletes, what it keeps, and what strangers cannot fill."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axes.models import AccessAttempt
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django_q.models import Task

from collector.models import BillingCycle, SourceRun
from detection.models import DetectionSettings
from groups.assignments import changes
from groups.models import CycleBudget, Group, GroupImport
from incidents import lifecycle
from incidents.lifecycle.moves import write
from incidents.models import Channel, GuardSettings, IncidentSettings, Notification, Origin, TimelineStep
from incidents.notifying.budgets import budget_amounts
from incidents.notifying.catching_up import catch_up
from tests.incidents.factories import ADA, make_channel, make_incident, make_member
from tests.incidents.factories import NOON as LONG_AGO
from tracker import tasks
from tracker.access import audit
from tracker.models import AuditEntry, RetentionSettings
from tracker.ops.retention import EXPIRING, prune_records

pytestmark = pytest.mark.django_db
NOW = datetime(2030, 3, 2, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture(autouse=True)
def today():
    with time_machine.travel(NOW, tick=False):
        yield


def make_import(status: str, at: datetime) -> GroupImport:
    times = {
        "previewed": {},
        "applied": {"applied_at": at},
        "undone": {"applied_at": at, "undone_at": at},
    }[status]
    plan = {"targets": [], "plan": {"moves": []}, "uploaded_by": "x", "uploaded_at": at}
    return GroupImport.objects.create(
        kind="hibob", file_name=status, from_day=at.date(), status=status, **plan, **times
    )


def fill(at: datetime) -> None:
    """A row of every kind that is deleted some day."""
    AuditEntry.objects.create(at=at, action="change", actor_name="x")
    SourceRun.objects.create(source="events", status="ok", started_at=at, finished_at=at)
    Task.objects.create(id=f"{at:%s}", name="t", func="f", success=False, started=at, stopped=at)
    editor = User.objects.get_or_create(username="ada")[0]
    entry = LogEntry.objects.create(user=editor, object_repr="Ann", action_flag=CHANGE)
    LogEntry.objects.filter(pk=entry.pk).update(action_time=at)
    for status in ("previewed", "applied", "undone"):
        make_import(status, at)
    group = changes.create(f"Group of {at:%Y-%m-%d}", now=at)
    changes.rename(group, f"Team of {at:%Y-%m-%d}", now=at)
    group.history.update(history_date=at)
    digest = {"channel": make_channel(name=f"{at}"), "kind": "digest", "digest": {}, "dedupe_key": f"{at}"}
    Notification.objects.create(**digest, status="sent", sent_at=at, created_at=at, due_at=at)
    AccessAttempt.objects.create(username="x", ip_address="203.0.113.9", failures_since_start=1)
    AccessAttempt.objects.filter(attempt_time__gt=at).update(attempt_time=at)


def counts() -> dict[str, int]:
    return {name: sum(rows.count() for rows in old(NOW + DAY)) for name, (_, old) in EXPIRING.items()}


def test_every_kind_is_kept_as_long_as_its_setting_says_and_deleted_after():
    fill(LONG_AGO)
    SourceRun.objects.create(source="events", status="ok", started_at=NOW, finished_at=NOW)
    would_go = prune_records(NOW, is_dry=True)
    assert all(would_go[name] >= 1 for name in EXPIRING)
    assert would_go["audit entries"] == would_go["source runs"] == 2
    assert prune_records(NOW) == would_go
    assert sum(prune_records(NOW).values()) == 0
    assert Group.objects.get().history.count() == 1  # what was replaced goes, what holds stays


def test_the_budget_that_held_in_a_cycle_that_is_over_stays():
    """Last changed long ago: its only version is older than histories are kept, and holds all the same."""
    amount = CycleBudget.objects.create(group=changes.create("Core", now=LONG_AGO), amount_dollars=500)
    team = DetectionSettings.get_solo()
    team.team_budget_dollars = 9000
    team.save()
    for row in (amount, team):
        row.history.update(history_date=LONG_AGO)
    cycle = BillingCycle.objects.create(start_at=NOW - 40 * DAY, end_at=NOW - 10 * DAY)
    prune_records(NOW)
    amounts = budget_amounts(cycle, NOW)
    assert (amounts.team, list(amounts.groups.values())) == (9000, [500])


def test_of_what_was_deleted_before_no_version_stays():
    group = changes.create("Core", now=LONG_AGO)
    versions = group.history.model.objects
    group.delete()
    versions.update(history_date=LONG_AGO)
    prune_records(NOW)
    assert not versions.exists()


@pytest.mark.parametrize("name", EXPIRING)
def test_zero_days_keep_for_ever(name):
    fill(LONG_AGO)
    setting, _ = EXPIRING[name]
    RetentionSettings.objects.update_or_create(pk=1, defaults={setting: 0})
    assert name not in prune_records(NOW)


def test_what_is_young_stays():
    fill(NOW - DAY)
    assert sum(prune_records(NOW).values()) == 0


def test_the_newest_run_of_each_source_stays_however_old():
    for status in ("ok", "failed"):
        for day in range(3):
            at = LONG_AGO + day * DAY
            SourceRun.objects.create(source="events", status=status, started_at=at, finished_at=at)
    prune_records(NOW)
    assert set(SourceRun.objects.values_list("status", "started_at")) == {
        ("ok", LONG_AGO + 2 * DAY),
        ("failed", LONG_AGO + 2 * DAY),
    }


def test_notifications_that_wait_or_are_about_an_open_incident_stay():
    incident = make_incident(make_member())
    entry = incident.timeline.create(at=LONG_AGO, step="opened", origin="system", severity="warning")
    row = {"channel": make_channel(), "created_at": LONG_AGO, "due_at": LONG_AGO}
    Notification.objects.create(**row, kind="digest", digest={}, dedupe_key="waits")
    about = {"kind": "alert", "incident": incident, "entry": entry, "status": "sent", "sent_at": LONG_AGO}
    Notification.objects.create(**row, **about, dedupe_key="open")
    prune_records(NOW)
    assert Notification.objects.count() == 2


def test_no_channel_is_alerted_again_of_an_incident_that_is_reopened_after_its_alerts_are_old():
    make_channel(name="crew")
    incident = make_incident(make_member(), detected_at=LONG_AGO)
    write(incident, TimelineStep.OPENED, "", LONG_AGO)
    lifecycle.resolve(incident, ADA, Origin.PAGE, LONG_AGO)
    Notification.objects.update(status="sent", sent_at=LONG_AGO)
    prune_records(NOW)
    lifecycle.reopen(incident, ADA, Origin.PAGE, NOW)
    assert catch_up(NOW) == 0
    kinds = Notification.objects.order_by("pk").values_list("kind", "entry__step")
    assert list(kinds) == [("alert", "opened"), ("update", "reopened")]


def test_sessions_go_when_they_are_over():
    for name, days in (("over", -1), ("running", 1)):
        Session.objects.create(session_key=name, session_data="", expire_date=NOW + days * DAY)
    assert prune_records(NOW, is_dry=True)["expired sessions"] == 1
    assert prune_records(NOW)["expired sessions"] == 1
    assert Session.objects.get().session_key == "running"


def test_the_command_and_the_daily_schedule_delete_it_all(capsys):
    fill(LONG_AGO)
    call_command("prune", "--dry-run")
    assert "would delete" in capsys.readouterr().out and AuditEntry.objects.exists()
    call_command("prune")
    assert "2 audit entries" in capsys.readouterr().out and not AuditEntry.objects.exists()
    assert tasks.daily() == "deleted no records"


def test_events_are_kept_for_ever_or_at_least_45_days():
    RetentionSettings(event_days=45).full_clean()
    with pytest.raises(ValidationError, match="at least 45 days"):
        RetentionSettings(event_days=44).full_clean()


def test_failed_sign_ins_of_strangers_do_not_grow_a_table_without_bound(client, monkeypatch):
    monkeypatch.setattr(audit, "MOST_REFUSALS", 20)
    monkeypatch.setattr(audit, "TRIM_EVERY", 5)
    AuditEntry.objects.create(at=NOW, action="change", actor_name="x")
    for number in range(60):
        client.post("/admin/login/", {"username": f"admin{number}", "password": "x"})
    assert AuditEntry.objects.filter(action="refused").count() <= 25
    assert AccessAttempt.objects.count() <= 26
    assert AuditEntry.objects.filter(action="change").count() == 1


def test_alert_policy_and_channels_keep_a_history_without_keys(client):
    policy = IncidentSettings.get_solo()
    policy.quiet_runs = 5
    policy.save()
    assert [row.quiet_runs for row in policy.history.all()][0] == 5
    channel = make_channel("webhook", target="https://hooks.example.com/secret")
    channel.least_severity = "critical"
    channel.save()
    newest = Channel.history.first()
    assert newest.least_severity == "critical" and not hasattr(newest, "target")


@pytest.mark.parametrize(
    "row",
    [
        RetentionSettings(audit_days=100_000_000),
        IncidentSettings(acknowledgement_hours=100_000_000),
        IncidentSettings(reopen_window_hours=100_000_000),
        IncidentSettings(vendor_lag_hours=100_000_000),
        IncidentSettings(channels_wait_warning_minutes=10_000_000_000),
        GuardSettings(minutes=10_000_000_000),
        Channel(name="x", kind="email", escalate_after_minutes=10_000_000_000),
    ],
    ids=lambda row: row._meta.model_name,
)
def test_a_span_that_leads_out_of_the_calendar_is_refused(row):
    """`prune` and deliveries failed at it, each time, on SQLite."""
    with pytest.raises(ValidationError, match=r"less than or equal to|Enter 0 to keep them forever"):
        row.clean_fields(exclude=["id"])

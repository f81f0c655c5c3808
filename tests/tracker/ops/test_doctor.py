import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command
from django.db import connection
from django_q.models import Schedule, Task

from collector.base.models import Lease
from collector.cursor.client import CursorClient
from collector.cursor.limits import Limiter
from collector.models import Source
from incidents.models import Channel, GuardSettings
from sandbox import Company, Sandbox, build_company
from tests.incidents.conftest import mailbox, slack  # noqa: F401  (fixtures)
from tests.incidents.slack_stand_in import Fault
from tracker.ops import doctor, reach
from tracker.ops.findings import CheckLevel, CheckResult
from tracker.ops.health import check_health
from tracker.running.demo import mark_demo

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(members=5, days=10, seed=3, now=NOW, has_stories=False)


def client_of(sandbox: Sandbox, key: str = "") -> CursorClient:
    limiter = Limiter(is_unlimited=True)
    return CursorClient(sandbox.url, key or sandbox.key, limiter=limiter, sleep=lambda seconds: None)


def by_subject(findings) -> dict[str, CheckResult]:
    return {finding.subject: finding for finding in findings}


@pytest.mark.django_db
def test_every_source_is_asked_once_and_answers(company):
    with Sandbox(company) as sandbox, time_machine.travel(NOW):
        client = client_of(sandbox)
        found = by_subject(reach.check_cursor(NOW, client))
    assert client.requests_made == len(Source.values) == 8
    assert {finding.verdict for finding in found.values()} == {CheckLevel.OK}
    assert set(found) == {f"Cursor: {label}" for label in Source.labels} | {"clock"}


@pytest.mark.django_db
def test_a_refused_key_is_said_once_with_what_to_do(company):
    with Sandbox(company) as sandbox:
        [finding] = reach.check_cursor(NOW, client_of(sandbox, "key_wrong"))
    assert finding.verdict is CheckLevel.FAIL
    assert "set CURSOR_ADMIN_API_KEY" in finding.line
    assert "key_wrong" not in finding.line


@pytest.mark.django_db
def test_an_address_where_nobody_answers_is_said_once():
    client = CursorClient(
        "http://127.0.0.1:9", "key", limiter=Limiter(is_unlimited=True), sleep=lambda _: None
    )
    [finding] = reach.check_cursor(NOW, client)
    assert finding.verdict is CheckLevel.FAIL
    assert "check CURSOR_API_URL" in finding.line


@pytest.mark.django_db
def test_without_a_key_cursor_is_not_asked():
    [finding] = reach.check_cursor(NOW)
    assert (
        finding.line
        == "warn  Cursor                       no key: nothing is collected: set CURSOR_ADMIN_API_KEY"
    )


@pytest.mark.django_db
def test_in_the_demo_nothing_is_wrong_with_having_no_key():
    mark_demo(NOW)
    [finding] = reach.check_cursor(NOW)
    assert finding.verdict is CheckLevel.OFF
    assert "`make run` collects from the demo's sandbox" in finding.line


@pytest.mark.parametrize(
    ("header", "verdict", "says"),
    [
        ("Mon, 02 Mar 2026 12:00:30 GMT", CheckLevel.OK, "30 s from Cursor's"),
        ("Mon, 02 Mar 2026 11:59:29 GMT", CheckLevel.WARN, "31 s from Cursor's"),
        ("", CheckLevel.OFF, "Cursor's answers carry no date to compare with"),
    ],
)
def test_a_clock_more_than_half_a_minute_off_is_told(header, verdict, says):
    finding = reach.check_clock(header, NOW)
    assert (finding.verdict, finding.text) == (verdict, says)


@pytest.mark.django_db
def test_a_worker_is_missed_after_a_quarter_of_an_hour(monkeypatch):
    assert doctor.check_worker(NOW).text == "has never run here"
    late = {"func": "tracker.tasks.every_minute", "name": "waiting", "repeats": -1}
    schedule = Schedule.objects.create(**late, next_run=NOW - timedelta(minutes=15))
    assert doctor.check_worker(NOW).verdict is CheckLevel.OK
    Schedule.objects.filter(pk=schedule.pk).update(next_run=NOW - timedelta(minutes=16))
    assert doctor.check_worker(NOW).text == "“waiting” is 16 minutes overdue"
    Schedule.objects.filter(pk=schedule.pk).update(next_run=NOW)
    minute = timedelta(minutes=1)
    Task.objects.create(
        id="1", name="x", func="y", started=NOW - 40 * minute, stopped=NOW - 16 * minute, success=True
    )
    assert doctor.check_worker(NOW).verdict is CheckLevel.OK  # nothing waits
    monkeypatch.setattr("tracker.ops.worker.queue_size", lambda: 12)
    stuck = "12 tasks are waiting, and none has finished for 16 minutes"
    assert doctor.check_worker(NOW).text == stuck
    Lease.objects.create(name="pipeline", holder="somebody", expires_at=NOW + minute)
    assert doctor.check_worker(NOW).text == f"{stuck}: the hourly pipeline is running"
    assert check_health(NOW).as_json()["worker"]["state"] == "busy"


@pytest.mark.django_db
def test_a_worker_whose_schedules_a_clock_far_ahead_put_off_is_told_apart_from_a_good_one():
    schedule = Schedule.objects.create(func="tracker.tasks.hourly", name="hourly", repeats=-1)
    for hours, is_good in ((1, True), (5, False)):
        Schedule.objects.filter(pk=schedule.pk).update(next_run=NOW + timedelta(hours=hours))
        assert (doctor.check_worker(NOW).verdict is CheckLevel.OK) == is_good
    finding = doctor.check_worker(NOW)
    assert finding.text == "“hourly” is not due for another 300 minutes: the clock was ahead"
    assert finding.remedy.startswith("restart")


@pytest.mark.django_db
def test_a_worker_with_all_but_the_daily_schedule_paused_is_a_good_one():
    Schedule.objects.create(func="tracker.tasks.hourly", name="hourly", repeats=0, next_run=NOW)
    night = NOW + timedelta(hours=20)
    daily = Schedule.DAILY
    Schedule.objects.create(
        func="tracker.tasks.daily", name="daily", repeats=-1, schedule_type=daily, next_run=night
    )
    assert doctor.check_worker(NOW).text == "runs its schedules"


@pytest.mark.django_db
def test_a_channel_in_use_that_nothing_can_reach_must_be_mended():
    for kind in Channel.Medium.values:
        Channel.objects.create(name=f"on by {kind}", kind=kind)
        Channel.objects.create(name=f"off by {kind}", kind=kind, is_enabled=False)
    findings = [(finding.verdict, finding.subject, finding.remedy) for finding in doctor.check_channels(NOW)]
    assert sorted(findings, key=str) == [
        (CheckLevel.FAIL, f"channel: on by {kind}", f"set {missing}, or switch it off in the admin")
        for kind, missing in (
            ("apprise", "its target"),
            ("email", "RESEND_API_KEY and RESEND_FROM or EMAIL_URL, its target or ALERT_EMAIL_TO"),
            ("opsgenie", "its target"),
            ("pager", "its target"),
            ("slack", "SLACK_BOT_TOKEN, its target or SLACK_CHANNEL_ID"),
            ("webhook", "its target or WEBHOOK_URL"),
        )
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("kind", ["apprise", "opsgenie", "pager"])
def test_the_address_of_webhooks_does_not_stand_in_for_a_pagers_key(settings, kind):
    settings.WEBHOOK_URL = "https://hooks.example.com"
    Channel.objects.create(name="on call", kind=kind)
    assert [finding.verdict for finding in doctor.check_channels(NOW)] == [CheckLevel.FAIL]


@pytest.mark.django_db
def test_a_channel_whose_last_attempt_failed_is_told_with_the_reason():
    fields = {"kind": Channel.Medium.WEBHOOK, "target": "https://hooks.example.com"}
    Channel.objects.create(name="fine", **fields)
    Channel.objects.create(name="down", **fields, last_error="It answered 503: look at its log.")
    [finding] = doctor.check_channels(NOW)
    assert finding.line == "warn  channel: down                It answered 503: look at its log."


def test_slack_is_asked_whose_token_it_is(slack):  # noqa: F811
    assert doctor.check_slack().verdict is CheckLevel.OK
    slack.faults.append(Fault(error="invalid_auth"))
    refused = doctor.check_slack()
    assert refused.verdict is CheckLevel.FAIL
    assert "set SLACK_BOT_TOKEN" in refused.line
    assert "xoxb-made-up" not in refused.line


def test_a_mail_server_is_greeted_but_nothing_is_sent(mailbox, settings):  # noqa: F811
    assert doctor.check_mail().text == "the server answers"
    assert mailbox.mails == []
    settings.EMAIL_PORT = 9
    assert doctor.check_mail().line.endswith("does not answer (ConnectionRefusedError): check EMAIL_URL")


def test_a_broker_that_is_away_is_told_without_its_password(settings):
    settings.REDIS_URL = "redis://:hunter2@127.0.0.1:9/0"
    finding = doctor.check_broker()
    assert finding.verdict is CheckLevel.FAIL
    assert "hunter2" not in finding.line


@pytest.mark.redis
def test_a_broker_that_answers_is_fine():
    assert doctor.check_broker().text == "Redis answers"


@pytest.mark.django_db
def test_a_database_that_takes_no_write_must_be_mended():
    assert doctor.check_database().verdict is CheckLevel.OK
    on, off = {
        "sqlite": ("PRAGMA query_only = ON", "PRAGMA query_only = OFF"),
        "postgresql": ("SET TRANSACTION READ ONLY", "SELECT 1"),  # for the test's own alone
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(on)
        finding = doctor.check_database()
        cursor.execute(off)
    assert (finding.verdict, finding.text) == (CheckLevel.FAIL, "cannot be written")
    assert ("and its directory" in finding.remedy) is (connection.vendor == "sqlite")


@pytest.mark.django_db
def test_missing_static_files_are_not_the_databases_fault(settings, tmp_path):
    settings.STATIC_MANIFEST, settings.STATIC_ROOT = True, tmp_path
    assert doctor.check_database().verdict is CheckLevel.OK


def test_a_database_file_that_cannot_be_opened_is_named(tmp_path):
    file = tmp_path / "nowhere" / "db.sqlite3"
    environment = os.environ | {
        "DATABASE_URL": f"sqlite:///{file}",
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    command = [sys.executable, "manage.py", "showmigrations", "collector"]
    done = subprocess.run(
        command, cwd=django_settings.BASE_DIR, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 1
    assert done.stderr.endswith(f"Let this user write both {file} and its directory.\n")


@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_a_reader_who_has_seen_enough_is_no_error(unbuffered):
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "config.settings", "PYTHONUNBUFFERED": unbuffered}
    script = f"{sys.executable} manage.py check --list-tags | true"
    where = {"cwd": django_settings.BASE_DIR, "env": environment}
    done = subprocess.run(["bash", "-c", script], capture_output=True, text=True, **where)
    assert (done.stdout, done.stderr) == ("", "")


def test_static_files_must_be_collected_where_the_manifest_is_used(settings, tmp_path):
    settings.STATIC_MANIFEST, settings.STATIC_ROOT = True, tmp_path
    assert doctor.check_static_files().verdict is CheckLevel.FAIL
    (tmp_path / "staticfiles.json").touch()
    assert doctor.check_static_files().verdict is CheckLevel.OK


@pytest.mark.django_db
def test_the_command_prints_a_line_each_and_ends_well_on_a_fresh_database(settings, capsys):
    settings.ALLOWED_HOSTS = ["127.0.0.1"]
    call_command("doctor")
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "ok    settings                     no problems found"
    assert {line.split()[0] for line in lines} == {"ok", "off", "warn"}


@pytest.mark.django_db
def test_the_command_fails_when_something_must_be_mended(settings, capsys):
    settings.SLACK_BOT_TOKEN = "xoxb-made-up"
    settings.SLACK_API_URL = "http://127.0.0.1:9"
    settings.WEBHOOK_SECRET = "s"
    with pytest.raises(CommandError, match="2 of these need fixing"):
        call_command("doctor")
    assert "config.E011" in capsys.readouterr().out


@pytest.mark.django_db
def test_settings_that_the_environment_has_come_to_contradict_are_named(settings):
    assert list(doctor.check_stored_settings()) == []
    settings.CURSOR_LIMITS = "write"
    GuardSettings.objects.create(mode="on")
    assert list(doctor.check_stored_settings()) == []
    settings.CURSOR_LIMITS = "read"
    (finding,) = doctor.check_stored_settings()
    assert (finding.verdict, finding.subject) == (CheckLevel.WARN, "guard")
    assert "The guard cannot set limits" in finding.text


@pytest.mark.django_db
def test_without_a_channel_that_takes_alerts_it_says_that_nobody_is_notified():
    Channel.objects.create(
        name="digests", kind=Channel.Medium.WEBHOOK, target="https://a.io", sends_alerts=False
    )
    [finding] = doctor.check_channels(NOW)
    assert finding.verdict is CheckLevel.WARN
    assert finding.text == "none receives alerts, so nobody is notified"

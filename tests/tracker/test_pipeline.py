"""The hourly job from the vendor's API to a message on Slack, all of it over real HTTP."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.core.management import CommandError, call_command

from collector.base.leases import HOURLY_JOB, AlreadyRunning, hold_lease
from collector.models import UsageEvent
from detection.models import Anomaly
from incidents.models import Incident, Notification
from sandbox import Clock, Company, Sandbox, build_company
from tests.incidents.slack_stand_in import FakeSlack, Fault, running
from tracker import pipeline

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def company() -> Company:
    return build_company(members=12, days=21, seed=7, now=NOW)


@pytest.fixture
def sandbox(company: Company, settings) -> Iterator[Sandbox]:
    with Sandbox(company, clock=Clock(NOW), enforces_limits=False) as served:
        settings.CURSOR_API_URL = served.url
        settings.CURSOR_ADMIN_API_KEY = settings.CURSOR_ANALYTICS_API_KEY = served.key
        yield served


@pytest.fixture
def slack(settings) -> Iterator[FakeSlack]:
    with running() as fake:
        settings.SLACK_API_URL = fake.url
        settings.SLACK_BOT_TOKEN, settings.SLACK_CHANNEL_ID = "xoxb-made-up", "C0MADEUP"
        yield fake


def runaway(company: Company) -> str:
    """Whose agent runs away while the pipeline looks."""
    return next(
        label.email
        for label in company.labels
        if label.kind == "runaway_agent" and label.onset_at < NOW < label.ended_at
    )


def test_a_runaway_agent_becomes_one_incident_and_one_message(sandbox, slack, company):
    report = pipeline.run(NOW)
    assert [(step.name, step.is_ok) for step in report.steps] == [
        ("collect", True),
        ("groups", True),
        ("detect", True),
        ("incidents", True),
        ("guard", True),
        ("limits", True),
        ("budgets", True),
        ("lag", True),
        ("digests", True),
        ("notify", True),
    ]
    incident = Incident.objects.get(member__email=runaway(company))
    assert incident.onset_at < NOW
    assert [root for root in slack.roots if incident.member.name in json.dumps(root)]


def test_running_it_again_changes_nothing_and_tells_nobody_twice(sandbox, slack):
    pipeline.run(NOW)
    before = (UsageEvent.objects.count(), Incident.objects.count(), len(slack.roots))
    assert pipeline.run(NOW).is_ok
    assert (UsageEvent.objects.count(), Incident.objects.count(), len(slack.roots)) == before


def test_while_slack_is_down_the_message_waits_and_goes_out_once_later(sandbox, slack):
    slack.faults += [Fault(status=500)] * 50
    report = pipeline.run(NOW)
    assert {step.name for step in report.steps if not step.is_ok} == {"notify"}
    assert (slack.roots, Notification.objects.waiting().count() > 0) == ([], True)
    slack.faults.clear()
    later = NOW + timedelta(hours=1)
    assert pipeline.run(later).is_ok
    sent = len(slack.roots)
    assert sent > 0
    pipeline.run(later + timedelta(minutes=1))
    assert len(slack.roots) == sent


def test_a_step_that_breaks_is_told_and_the_others_go_on(sandbox, slack, company, monkeypatch, caplog):
    monkeypatch.setattr(pipeline, "adopt", lambda now: 1 / 0)
    report = pipeline.run(NOW)
    broken = [step for step in report.steps if not step.is_ok]
    assert [(step.name, step.summary) for step in broken] == [
        ("groups", "ZeroDivisionError: division by zero")
    ]
    assert "Traceback" in caplog.text
    assert Incident.objects.filter(member__email=runaway(company)).exists()


def test_without_an_answer_from_the_vendor_nothing_is_judged_and_nothing_stored(
    sandbox, slack, settings, caplog
):
    settings.CURSOR_ADMIN_API_KEY = "key_wrong"
    with pytest.raises(CommandError, match="failed: collect"):
        call_command("run_pipeline", as_of=NOW)
    [record] = [record for record in caplog.records if record.name == "tracker.pipeline"]
    assert not record.exc_info and "set CURSOR_ADMIN_API_KEY" in record.message
    assert (UsageEvent.objects.count(), Anomaly.objects.count(), slack.calls) == (0, 0, [])


def test_a_second_run_beside_the_first_says_so_and_ends_well(sandbox, capsys):
    with hold_lease(HOURLY_JOB):
        with pytest.raises(AlreadyRunning, match="already running"):
            pipeline.run(NOW)
        call_command("run_pipeline", as_of=NOW, json=True)
    assert "already running" in json.loads(capsys.readouterr().out)["status"]


@pytest.mark.slow
def test_of_two_processes_at_once_one_works_and_one_message_goes_out(
    sandbox, slack, tmp_path, migrated_sqlite
):
    kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
    environment = kept | {
        "DATABASE_URL": f"sqlite:///{shutil.copy(migrated_sqlite, tmp_path)}",
        "CURSOR_API_URL": sandbox.url,
        "CURSOR_ADMIN_API_KEY": sandbox.key,
        "SLACK_API_URL": slack.url,
        "SLACK_BOT_TOKEN": "xoxb-made-up",
        "SLACK_CHANNEL_ID": "C0MADEUP",
    }
    manage = [sys.executable, "manage.py"]
    where = {"cwd": django_settings.BASE_DIR, "env": environment}
    command = [*manage, "run_pipeline", f"--as-of={NOW.isoformat()}"]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True, **where) for _ in range(2)]
    said = [process.communicate(timeout=90)[0] for process in both]
    assert [process.returncode for process in both] == [0, 0]
    assert sorted("already running" in text for text in said) == [False, True]
    told = [root["text"] for root in slack.roots]
    assert len(told) == len(set(told)) > 0

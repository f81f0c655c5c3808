"""kill -9 at any moment: of the hourly job, of the worker and of the site.

The suite kills each of them once; `KILLS=30 pytest tests/drills/test_kills.py` is the long form, and `SEED`
chooses other moments.
"""

import os
import random
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta

import pytest
import requests
from django.db.models import F
from django.utils import timezone

from collector.models import SourceRun
from incidents.models import Notification
from sandbox import Sandbox
from sandbox.faults import Slow
from tests.drills.checks import assert_whole, incidents, repeated
from tests.drills.machine import ALIAS, CRON_SECRET, Died, Machine, kill, members_of, wait_until
from tests.incidents.slack_stand_in import FakeSlack

KILLS, SEED = int(os.environ.get("KILLS") or 3), int(os.environ.get("SEED") or 7)
ENQUEUE = "from django_q.tasks import async_task; async_task('tracker.tasks.hourly')"


@dataclass
class Drill:
    """Who is killed, by what chance, and what the vendor and Slack have heard so far."""

    machine: Machine
    sandbox: Sandbox
    slack: FakeSlack
    chance: random.Random

    def wait_for_a_moment(self, process: subprocess.Popen[bytes]) -> None:
        """Until somewhere within a reading of the vendor's answers, or right after a word to Slack."""
        asked, told = self.heard(), len(self.slack.calls)
        is_about_slack = self.chance.random() < 0.4

        def is_there() -> bool:
            began = len(self.slack.calls) > told if is_about_slack else self.heard() > asked
            return began or process.poll() is not None

        with suppress(Died):
            wait_until(is_there, seconds=20, pause=0.02)
        time.sleep(self.chance.uniform(0, 0.4 if is_about_slack else 4))

    def heard(self) -> int:
        return sum(self.sandbox.api.requests.values())


def kill_the_job(drill: Drill) -> None:
    job = drill.machine.start("manage.py", "run_pipeline")
    drill.wait_for_a_moment(job)
    kill(job)


def kill_the_worker(drill: Drill) -> None:
    """First one of its processes, which may be any, then all that is left."""
    drill.machine.manage("shell", "-c", ENQUEUE)
    worker = drill.machine.start("manage.py", "worker")
    drill.wait_for_a_moment(worker)
    with suppress(ProcessLookupError):
        os.kill(drill.chance.choice(members_of(worker)), signal.SIGKILL)
    time.sleep(drill.chance.uniform(0, 1.5))
    kill(worker)


def kill_the_site(drill: Drill) -> None:
    """While it runs the job for a caller and people answer incidents."""
    web, address = drill.machine.serve()
    visitors = [
        threading.Thread(target=visit, args=[address], daemon=True) for visit in (call_cron, answer_incidents)
    ]
    for visitor in visitors:
        visitor.start()
    drill.wait_for_a_moment(web)
    kill(web)
    for visitor in visitors:
        visitor.join(30)


def call_cron(address: str) -> None:
    with suppress(requests.RequestException):
        requests.post(f"{address}/api/cron", headers={"x-cron-secret": CRON_SECRET}, timeout=60)


def answer_incidents(address: str) -> None:
    """Acknowledge and reopen until nobody answers any more."""
    with suppress(requests.RequestException):
        for _ in range(10):
            found = requests.get(f"{address}/api/anomalies", params={"days": 30}, timeout=30).json()
            for each in found["incidents"]:
                action = {"action": NEXT.get(each["status"], "acknowledge")}
                requests.patch(f"{address}/api/incidents/{each['id']}", json=action, timeout=30)
            time.sleep(0.5)


NEXT = {"acknowledged": "resolve", "resolved": "reopen"}
DEEDS: list[Callable[[Drill], None]] = [kill_the_job, kill_the_worker, kill_the_site]


def let_a_day_pass() -> None:
    """For the collection, which then asks every source again."""
    day = timedelta(days=1)
    SourceRun.objects.using(ALIAS).filter(finished_at__isnull=False).update(
        started_at=F("started_at") - day, finished_at=F("finished_at") - day
    )


def let_a_quarter_of_an_hour_pass() -> None:
    """For messages whose sender died: after it their leases have run out."""
    lost = Notification.objects.using(ALIAS).filter(status=Notification.Status.SENDING)
    lost.update(leased_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.slow
@pytest.mark.timeout(60 + 30 * KILLS)
def test_killing_processes_loses_and_doubles_nothing(machine, sandbox, slack):
    sandbox.faults.sometimes(Slow(0.2), 1.0)
    slack.pause = 0.3
    drill = Drill(machine, sandbox, slack, random.Random(SEED))
    for number in range(KILLS):
        let_a_day_pass()
        DEEDS[number % len(DEEDS)](drill)
        if number % 5 == 4:
            let_a_quarter_of_an_hour_pass()
    sandbox.faults.clear()
    slack.pause = 0
    let_a_quarter_of_an_hour_pass()
    machine.manage("run_pipeline")  # fails, rightly, where it has to give a message up
    assert machine.manage("run_pipeline") == 0, machine.said[-3000:]
    assert_whole(sandbox, slack)
    assert incidents()
    report(slack)


def report(slack) -> None:
    """Said with `pytest -s`: how much the kills hit."""
    rows = Notification.objects.using(ALIAS)
    cut = SourceRun.objects.using(ALIAS).filter(error__startswith="interrupted").count()
    dead, given_up = rows.filter(lost_leases__gt=0).count(), rows.given_up().count()
    print(
        f"{KILLS} kills, seed {SEED}: {cut} source runs cut short, {len(incidents())} incidents, "
        f"{rows.count()} notifications, {dead} of them cut short, "
        f"{len(repeated(slack))} came twice, {given_up} given up"
    )

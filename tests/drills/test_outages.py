"""PostgreSQL and Redis going away and coming back under a worker and a site that stay."""

import subprocess
import time
from datetime import datetime

import pytest
import requests
from django.db import connections
from django.utils import timezone
from django_q.models import Schedule

from collector.models import Source, SourceRun
from sandbox.faults import Slow
from tests.drills.checks import assert_whole
from tests.drills.machine import ALIAS, Machine, wait_until

pytestmark = [pytest.mark.long, pytest.mark.timeout(240)]


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def worker(machine: Machine, own_redis) -> subprocess.Popen[bytes]:
    machine.environment["REDIS_URL"] = own_redis.url
    return machine.start("manage.py", "worker")


def ask_for_a_run() -> datetime:
    """Let the schedule be due now; return since when a run counts as an answer."""
    at = timezone.now()
    wait_until(lambda: Schedule.objects.using(ALIAS).filter(func="tracker.tasks.hourly").update(next_run=at))
    return at


def wait_for_a_good_run(since: datetime) -> None:
    good = SourceRun.objects.using(ALIAS).filter(
        source=Source.COMMITS, started_at__gt=since, finished_at__isnull=False
    )
    wait_until(lambda: good.exclude(status=SourceRun.RunStatus.FAILED).exists(), seconds=90)


def wait_for_words_to_slack(slack) -> None:
    wait_until(lambda: slack.roots, seconds=30)
    time.sleep(1)  # for the last of them to be noted


def status(address: str, path: str) -> int:
    return requests.get(f"{address}{path}", timeout=30).status_code


def test_postgres_stopped_in_the_middle_of_a_run(machine, worker, own_postgres, sandbox, slack):
    web, address = machine.serve()
    assert status(address, "/healthz/ready") == 200
    sandbox.faults.sometimes(Slow(0.5), 1.0)
    ask_for_a_run()
    wait_until(lambda: sandbox.api.requests["/teams/filtered-usage-events"], seconds=60)
    connections[ALIAS].close()
    own_postgres.stop()
    assert status(address, "/healthz/live") == 200
    assert status(address, "/healthz/ready") == 503
    for path in ("/", "/admin/login/", "/api/stats"):
        answer = requests.get(f"{address}{path}", timeout=30)
        assert (answer.status_code, answer.headers["Retry-After"]) == (503, "30"), path
        assert "The database does not answer" in answer.text
    assert answer.json()["error"] == "service_unavailable"
    time.sleep(3)
    own_postgres.start()
    sandbox.faults.clear()
    assert status(address, "/") == 200

    wait_for_a_good_run(ask_for_a_run())
    wait_for_words_to_slack(slack)
    assert (worker.poll(), web.poll()) == (None, None)
    assert_whole(sandbox, slack)
    assert "OperationalError" in machine.said


def test_redis_stopped_with_work_in_its_queue(machine, worker, own_redis, sandbox, slack):
    wait_for_a_good_run(ask_for_a_run())
    wait_for_words_to_slack(slack)
    own_redis.stop()
    ask_for_a_run()
    time.sleep(3)
    own_redis.start()
    wait_for_a_good_run(ask_for_a_run())
    assert worker.poll() is None
    assert_whole(sandbox, slack)
    assert "ConnectionError" in machine.said or "Connection refused" in machine.said

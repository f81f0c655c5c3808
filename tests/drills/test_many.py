"""Workers, jobs and deliverers at once, on PostgreSQL with Redis as the broker: nothing is done twice."""

import json
import subprocess
import sys
from collections import Counter
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from django_q.brokers import get_broker
from django_q.models import Schedule
from django_q.scheduler import scheduler

from collector.models import Source, SourceRun
from incidents.models import Channel, Notification
from tests.drills.checks import assert_whole, incidents
from tests.drills.machine import ALIAS, Machine, wait_until

# Asks for slots of a class that has six in two seconds, and prints when it got each.
TAKE_SLOTS = """
import json, time, django
django.setup()
from datetime import timedelta
from collector.cursor import limits
limits.REST = timedelta(seconds=2)
limits.PER_MINUTE["/teams/filtered-usage-events"] = ("events", 6)
limiter, taken = limits.Limiter(), []
for _ in range(8):
    limiter.wait("/teams/filtered-usage-events")
    taken.append(time.time())
print(json.dumps(taken))
"""


@pytest.fixture
def database_url(postgres_url: str) -> str:
    return postgres_url


@pytest.fixture
def many(machine: Machine, own_redis) -> Machine:
    machine.environment["REDIS_URL"] = own_redis.url
    return machine


@pytest.mark.long
def test_two_workers_and_two_jobs_at_once_do_everything_once(many, sandbox, slack):
    workers = [many.start("manage.py", "worker") for _ in range(2)]
    jobs = [many.start("manage.py", "run_pipeline") for _ in range(2)]
    assert [job.wait(90) for job in jobs] == [0, 0]
    due = Schedule.objects.using(ALIAS).filter(func="tracker.tasks.hourly")
    wait_until(lambda: due.update(next_run=timezone.now()))
    jobs = [many.start("manage.py", "run_pipeline") for _ in range(2)]
    assert [job.wait(90) for job in jobs] == [0, 0]
    wait_until(lambda: due.filter(next_run__gt=timezone.now()).exists())
    assert [worker.poll() for worker in workers] == [None, None]
    wait_until(lambda: not SourceRun.objects.using(ALIAS).filter(finished_at__isnull=True).exists())
    many.kill_all()
    assert many.manage("run_pipeline") == 0
    assert_no_overlap()
    assert_whole(sandbox, slack)
    assert incidents()
    texts = Counter(root["text"] for root in slack.roots)
    assert set(texts.values()) == {1}


def assert_no_overlap() -> None:
    """No reading of the events began before the one before it had ended."""
    runs = SourceRun.objects.using(ALIAS).filter(source=Source.EVENTS).order_by("started_at")
    times = list(runs.values_list("started_at", "finished_at"))
    assert len(times) >= 2
    assert all(ended <= began for (_, ended), (began, _) in zip(times, times[1:], strict=False))


@pytest.mark.long
def test_processes_share_one_bucket_of_requests(many):
    takers = [
        subprocess.Popen(
            [sys.executable, "-c", TAKE_SLOTS],
            cwd=settings.BASE_DIR,
            env=many.variables,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    taken = sorted(at for taker in takers for at in json.loads(taker.communicate(timeout=90)[0]))
    assert len(taken) == 24
    # The moment of asking is read after the wait, so two seconds may look a little shorter.
    assert max(sum(at <= other < at + 1.9 for other in taken) for at in taken) <= 6


@pytest.mark.slow
def test_deliverers_at_once_send_each_message_once(many, slack):
    assert many.manage("deliver") == 0  # makes the channel that the environment names
    channel, now = Channel.objects.using(ALIAS).get(), timezone.now()
    Notification.objects.using(ALIAS).bulk_create(
        Notification(
            channel=channel,
            kind="digest",
            digest={"title": f"Digest {number}", "lines": [], "tables": [], "url": "https://costs.test"},
            dedupe_key=f"drill:{number}",
            created_at=now,
            due_at=now,
        )
        for number in range(40)
    )
    slack.pause = 0.05
    deliverers = [many.start("manage.py", "deliver") for _ in range(4)]
    assert [each.wait(90) for each in deliverers] == [0, 0, 0, 0], many.said
    assert Notification.objects.using(ALIAS).filter(status="sent").count() == 40
    assert len(slack.roots) == 40


def test_no_task_runs_twice_or_for_ever():
    cluster = settings.Q_CLUSTER
    assert cluster["timeout"] < cluster["retry"]
    assert 1 <= cluster["max_attempts"] <= 3
    assert cluster["catch_up"] is False


@pytest.mark.django_db(transaction=True)  # the scheduler drops connections that are inside a transaction
@pytest.mark.overlaps(reason="django-q's scheduler queues a task while it holds the schedule's row")
def test_after_a_night_asleep_the_hourly_job_runs_once():
    last_evening = timezone.now() - timedelta(hours=10)
    Schedule.objects.create(
        name="hourly pipeline",
        func="tracker.tasks.hourly",
        schedule_type=Schedule.HOURLY,
        next_run=last_evening,
        repeats=-1,
    )
    for _ in range(3):
        scheduler(get_broker())
    assert get_broker().queue_size() == 1
    assert Schedule.objects.get().next_run > timezone.now()

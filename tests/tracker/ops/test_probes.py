from datetime import UTC, datetime, timedelta
from unittest import mock

import pytest
import redis
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone
from django_q.models import Schedule

from collector.models import Source, SourceRun, Watermark
from tracker.ops import health, metrics, worker

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def collected(source: str, ago: timedelta, status: str = SourceRun.RunStatus.OK) -> None:
    at = NOW - ago
    SourceRun.objects.create(source=source, status=status, started_at=at, finished_at=at)


def all_collected(ago: timedelta) -> None:
    for source in Source.values:
        collected(source, ago)


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_all_is_well_while_every_source_is_an_hour_old(client):
    all_collected(timedelta(hours=1))
    for path in ("/healthz", "/healthz/live", "/healthz/ready", "/healthz/fresh"):
        assert client.get(path).status_code == 200
    body = client.get("/healthz").json()
    assert body["status"] == "ok"
    assert body["sources"][0] == {
        "source": "members",
        "label": "members",
        "status": "ok",
        "says": "last collected 1 h ago",
        "is_stale": False,
        "age_seconds": 3600,
        "last_good_at": "2026-03-02T11:00:00+00:00",
        "newest_at": None,
    }


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_stale_data_is_said_but_takes_nobody_out_of_service(client):
    all_collected(timedelta(hours=30))
    answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (200, "stale")
    assert answer.json()["sources"][0]["says"] == (
        "last collected 1 d ago; this is too old, see the runs in the admin"
    )
    assert client.get("/healthz/ready").status_code == 200
    assert client.get("/healthz/fresh").status_code == 503


@pytest.mark.django_db
def test_an_error_is_not_told_to_whoever_asks(client):
    SourceRun.objects.create(
        source="members", status="failed", error="hunter2", started_at=NOW, finished_at=NOW
    )
    assert "hunter2" not in client.get("/healthz").content.decode()


@pytest.mark.django_db
def test_without_a_database_the_process_lives_but_is_not_ready(client):
    with mock.patch.object(connection, "cursor", side_effect=OperationalError("gone")):
        assert client.get("/healthz/live").status_code == 200
        assert client.get("/healthz/ready").status_code == 503
        answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["problem"].startswith("the database does not answer")


@pytest.mark.django_db
def test_a_database_that_goes_away_in_the_middle_is_one_that_does_not_answer(client, caplog):
    with mock.patch.object(health, "worker_report", side_effect=OperationalError("server closed")):
        answer = client.get("/healthz")
    assert (answer.status_code, answer.json()["status"]) == (503, "down")
    assert "server closed" in caplog.text


@pytest.mark.django_db
def test_without_its_migrations_it_is_not_ready_until_they_are_in(client):
    health._all_migrations_applied.cache_clear()
    with mock.patch.object(health.MigrationExecutor, "migration_plan", return_value=["one"]):
        answer = client.get("/healthz/ready")
    assert (answer.status_code, answer.json()["problem"]) == (
        503,
        "migrations are missing from the database: run `python manage.py migrate`",
    )
    assert client.get("/healthz/ready").status_code == 200


@pytest.mark.django_db
def test_a_load_balancer_may_ask_by_any_host_name_over_plain_http(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    assert client.get("/healthz/ready", headers={"host": "10.0.0.7:8000"}).status_code == 200


@pytest.mark.django_db
def test_probes_are_only_read(client):
    assert client.post("/healthz").status_code == 405


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_a_vendor_that_lags_is_a_state_of_its_own_in_health_and_metrics(client):
    all_collected(timedelta(minutes=10))
    sent = NOW - timedelta(hours=8, minutes=24)
    Watermark.objects.create(source="events", complete_until_at=NOW, sent_until_at=sent)
    answer = client.get("/healthz/fresh")
    assert (answer.status_code, answer.json()["status"]) == (200, "lagging")
    events = next(each for each in answer.json()["sources"] if each["source"] == "events")
    assert events["sent_until_at"] == "2026-03-02T03:36:00+00:00"
    assert events["says"].endswith("Cursor has sent events up to 2026-03-02 03:36 UTC")
    metrics = client.get("/metrics").content.decode()
    assert 'cursor_costs_vendor_lag_seconds{source="events"} 30240.0' in metrics


@pytest.mark.django_db
def test_health_and_metrics_are_told_without_the_redis_of_the_task_queue(client, monkeypatch):
    no_redis = redis.Redis.from_url("redis://127.0.0.1:1/0")
    for module in (worker, metrics):
        monkeypatch.setattr(module, "queue_size", lambda: no_redis.llen("queue"))
    later = timezone.now() + timedelta(hours=1)
    Schedule.objects.update_or_create(func="tracker.tasks.hourly", defaults={"next_run": later})
    assert client.get("/healthz").json()["worker"]["state"] == "stuck"
    figures = client.get("/metrics").content.decode()
    assert "cursor_costs_queue_failures" in figures
    assert "cursor_costs_queue_tasks" not in figures

import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import requests
import time_machine
from django.conf import settings as django_settings
from prometheus_client.parser import text_string_to_metric_families

from collector.base.notes import DoubtKind, Notes
from collector.facts.doubts import store_notes
from collector.models import RequestSlot, SourceRun
from incidents.models import Notification
from tests.incidents.factories import make_anomaly, make_channel, make_incident, make_member
from tracker.models import AccessSettings
from tracker.ops.doctor import check_doubts

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def samples(text: str) -> dict[tuple, float]:
    """Value by (name, label values in the order of the label names)."""
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.django_db
def test_doubts_and_rejected_rows_are_counted_with_their_money(client):
    notes = Notes("/teams/spend", NOW)
    notes.reject({"a": 1}, "spendCents is not a number", cents=Decimal(250))
    notes.doubt(DoubtKind.TOTAL, "1 came, 2 were announced")
    store_notes("spend", notes)
    told = samples(client.get("/metrics").content.decode())
    assert told["cursor_costs_open_doubts", "spend"] == 1
    assert told["cursor_costs_rejected_rows", "spend"] == 1
    assert told["cursor_costs_doubtful_dollars", "spend"] == 2.5
    (finding,) = check_doubts()
    assert finding.subject == "spend of the cycle: doubts"
    assert finding.text == "1 doubt, 1 rejected row ($2.50)"


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_runs_rows_requests_and_ages_are_told_by_source(client):
    hour = timedelta(hours=1)
    common = {"source": "events", "finished_at": NOW}
    rows = {"rows_seen": 70, "rows_new": 20, "rows_changed": 5}
    SourceRun.objects.create(**common, **rows, status="ok", started_at=NOW - 2 * hour, requests=3)
    SourceRun.objects.create(**common, status="failed", started_at=NOW - hour, requests=4)
    SourceRun.objects.create(**common, status="ok", started_at=NOW - 25 * hour, requests=9)
    RequestSlot.objects.create(endpoint_class="admin", number=0, free_at=NOW)
    RequestSlot.objects.create(endpoint_class="admin", number=1, free_at=NOW + hour)

    told = samples(client.get("/metrics").content.decode())

    assert told["cursor_costs_recent_runs", "events", "ok"] == 1
    assert told["cursor_costs_recent_runs", "events", "failed"] == 1
    assert told["cursor_costs_recent_rows", "seen", "events"] == 70
    assert told["cursor_costs_recent_rows", "new", "events"] == 20
    assert told["cursor_costs_recent_rows", "changed", "events"] == 5
    assert told["cursor_costs_recent_requests", "events"] == 7
    assert told["cursor_costs_source_age_seconds", "events"] == 7200
    assert told["cursor_costs_source_stale", "events"] == 0
    assert told["cursor_costs_source_stale", "members"] == 1
    assert told["cursor_costs_requests_left", "admin"] == 1
    assert told[("cursor_costs_queue_tasks",)] == 0


@pytest.mark.django_db
@time_machine.travel(NOW, tick=False)
def test_what_is_open_and_what_was_not_delivered_is_told(client):
    make_anomaly(severity="critical")
    make_incident(severity="critical")
    make_incident(make_member("eve@example.com"), status="resolved", resolved_at=NOW)
    slack = make_channel(kind="slack")
    message = {"kind": "digest", "digest": {}, "created_at": NOW, "due_at": NOW, "sent_at": NOW}
    for number, status in enumerate(("given_up", "sent", "sent")):
        Notification.objects.create(channel=slack, status=status, dedupe_key=str(number), **message)

    told = samples(client.get("/metrics").content.decode())

    assert told["cursor_costs_open_anomalies", "spike", "critical"] == 1
    assert told["cursor_costs_incidents", "critical", "open"] == 1
    assert ("cursor_costs_incidents", "critical", "resolved") not in told
    assert told["cursor_costs_notifications", "slack", "given_up"] == 1
    assert told["cursor_costs_notifications", "slack", "sent"] == 2


@pytest.mark.django_db
def test_page_times_are_counted_by_view(client):
    client.get("/metrics")
    told = samples(client.get("/metrics").content.decode())
    assert told["cursor_costs_page_seconds_count", "200", "metrics"] >= 1


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("token", "signs_in", "header", "status"),
    [
        ("", False, "", 200),
        ("", True, "", 401),
        ("made-up-token", False, "", 401),
        ("made-up-token", True, "Bearer wrong", 401),
        ("made-up-token", True, "Bearer made-up-token", 200),
    ],
)
def test_metrics_are_for_the_token_or_for_an_open_site(client, settings, token, signs_in, header, status):
    settings.METRICS_TOKEN, settings.AUTH_ENABLED = token, signs_in
    assert client.get("/metrics", headers={"authorization": header}).status_code == status


@pytest.mark.django_db
def test_metrics_need_a_token_where_names_are_hidden_since_they_list_small_groups(client):
    AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
    assert client.get("/metrics").status_code == 401


def test_web_workers_add_up_their_page_times_and_believe_no_header_of_a_proxy(shared_database_url):
    """gunicorn with two workers: whichever answers, the count is of both. A proxy passes on what a client
    sends: the prefix of all addresses, or that the request came over HTTPS."""
    server = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "--config=config/gunicorn.py",
            "--bind=127.0.0.1:0",
            "config.wsgi",
        ],
        cwd=django_settings.BASE_DIR,
        env=os.environ
        | {
            "DATABASE_URL": shared_database_url,
            "DASHBOARD_URL": "https://costs.example.com",
            "WEB_CONCURRENCY": "2",
        },
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        address = next(line for line in server.stderr if "Listening at" in line).split()[-2]
        counts = [count_of_metrics(address) for _ in range(12)]
        assert counts == list(range(12))
        forged = {"/x/healthz/live": {"SCRIPT_NAME": "/x"}, "/settings": {"X-Forwarded-Proto": "https"}}
        answers = [
            requests.get(f"{address}{path}", headers=headers, allow_redirects=False, timeout=60)
            for path, headers in forged.items()
        ]
        assert [answer.status_code for answer in answers] == [301, 301]  # to the site's own address
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(60)
        server.stderr.close()


def count_of_metrics(address: str) -> float:
    deadline = time.monotonic() + 60
    while True:
        try:
            text = requests.get(f"{address}/metrics", timeout=60).text
            break
        except requests.ConnectionError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    return samples(text).get(("cursor_costs_page_seconds_count", "200", "metrics"), 0)

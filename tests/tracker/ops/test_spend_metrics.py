"""Spend for Prometheus, and the dashboard that shows it."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
import time_machine

from collector.models import BillingCycle, RequestSlot, SourceRun
from tests.groups.factories import assign, make_day, make_group, make_member
from tests.incidents.factories import make_channel, make_incident
from tests.tracker.ops.test_metrics import samples
from tracker.ops import metrics

NOW = datetime(2026, 3, 20, 12, 0, tzinfo=UTC)
DASHBOARD = Path(__file__).resolve().parents[3] / "docs" / "grafana" / "cursor-costs.json"

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def spent(time_machine):
    """$30 in the cycle: Ann moves from A to B; $50 before it."""
    time_machine.move_to(NOW, tick=False)
    BillingCycle.objects.create(
        start_at=datetime(2026, 3, 10, tzinfo=UTC), end_at=datetime(2026, 4, 10, tzinfo=UTC)
    )
    ann, bob = make_member("ann@x.io"), make_member("bob@x.io")
    assign(ann, make_group("A"), date(2026, 1, 1))
    assign(ann, make_group("B"), date(2026, 3, 15))
    make_day(ann, date(2026, 3, 9), Decimal(5_000), is_after_turn=True)
    make_day(ann, date(2026, 3, 14), Decimal(1_000), model="gpt", surface="ide", is_after_turn=True)
    make_day(ann, date(2026, 3, 15), Decimal(500), model="gpt", surface="cli", is_after_turn=True)
    make_day(bob, date(2026, 3, 16), Decimal(1_500), model="opus", surface="ide", is_after_turn=True)


def test_the_cycle_s_spend_is_given_by_group_model_and_surface(client):
    given = samples(client.get("/metrics").content.decode())
    expected = {
        ("group", "A"): 10, ("group", "B"): 5, ("group", "Unassigned"): 15,
        ("model", "gpt"): 15, ("model", "opus"): 15, ("surface", "ide"): 25, ("surface", "cli"): 5,
    }  # fmt: skip
    assert {
        (name.rpartition("_")[2], value): dollars
        for (name, *values), dollars in given.items()
        if "cycle_spend" in name
        for value in values
    } == expected


def test_the_smallest_are_added_up_so_that_series_stay_few(client, monkeypatch):
    monkeypatch.setattr(metrics, "MOST_SERIES", 1)
    given = samples(client.get("/metrics").content.decode())
    assert given["cursor_costs_cycle_spend_dollars_by_group", "Unassigned"] == 15
    assert given["cursor_costs_cycle_spend_dollars_by_group", "other"] == 15


def test_without_a_cycle_there_is_no_figure(client):
    with time_machine.travel(NOW + timedelta(days=60), tick=False):
        assert "cycle_spend" not in client.get("/metrics").content.decode()


def test_every_query_of_the_dashboard_names_a_metric_that_there_is(client):
    SourceRun.objects.create(source="events", status="ok", started_at=NOW, finished_at=NOW)
    RequestSlot.objects.create(endpoint_class="admin", number=0, free_at=NOW)
    make_incident()
    make_channel()
    text = client.get("/metrics").content.decode()
    families = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    panels = json.loads(DASHBOARD.read_text("utf-8"))["panels"]
    named = {
        name
        for panel in panels
        for target in panel["targets"]
        for name in re.findall(r"cursor_costs_\w+", target["expr"])
    }
    assert len(named) >= 8
    assert named <= families

"""What the database does for a page: no page reads all events, and every index has a query that it serves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.apps import apps
from django.db import connection
from django.db.models import QuerySet, Sum
from django.test.utils import CaptureQueriesContext

from collector.facts.runs import of_agents
from collector.models import (
    AiCodeCommit,
    DailyActivity,
    Member,
    MemberAnalyticsDay,
    MemberMerge,
    MemberModelDay,
    MemberModelHour,
    RequestSlot,
    Source,
    SourceRun,
    UsageEvent,
)
from detection.models import Anomaly
from incidents.models import Incident, Notification
from tests.tracker.pages import company
from tests.tracker.pages.conftest import acme, acme_rows, at_now  # noqa: F401  (fixtures)
from tracker.models import AuditEntry

pytestmark = pytest.mark.django_db

EVENTS = "collector_usageevent"
OURS = ("collector", "groups", "detection", "incidents", "tracker")
NOW, TODAY = company.NOW, company.TODAY
FIRST = TODAY - timedelta(days=30)

PAGES = [
    "/",
    "/?period=cycle",
    "/?period=30d&group=Platform",
    "/?search=novak",
    "/insights?period=30d",
    "/users/ana.novak@acme.example",
    "/incidents?period=30d",
    "/chargeback",
    "/api/stats?days=30",
    "/api/analytics?days=30",
    "/api/team-spend",
    "/api/model-costs",
    "/api/groups",
    "/api/anomalies?days=30",
    "/api/users/ana.novak@acme.example?days=30",
]
# How fresh the events are is the newest of them, one step into an index.
FRESHNESS = ["/settings", "/healthz", "/metrics"]

# By index: a query that it is there for.
SERVED: dict[str, Callable[[], QuerySet]] = {
    "usageevent_occurred": lambda: UsageEvent.objects.between(NOW - timedelta(days=1), NOW),
    "usageevent_cloud_agent": lambda: of_agents(["bc-1"]).filter(occurred_at__lt=NOW),
    "membermerge_pair": lambda: MemberMerge.objects.filter(
        kept_pk=1, gone_email="ann@x.io", undone_at__isnull=False
    ),
    "membersurfaceday_day_member": lambda: MemberModelDay.objects.filter(day=TODAY, member__gt=1),
    "membersurfaceday_served": lambda: (
        MemberModelDay.objects.filter(requests__gt=0, member=1, day__gte=FIRST)
        .order_by()
        .values("member_id", "day")
        .distinct()
    ),
    "membersurfaceday_by_model": lambda: (
        MemberModelDay.objects.between(FIRST, TODAY)
        .order_by()
        .values_list("day", "model", "is_after_turn")
        .annotate(cents=Sum("total_cents"), served=Sum("requests"))
    ),
    "membermodelhour_hour_member": lambda: MemberModelHour.objects.between(NOW - timedelta(days=1), NOW),
    "dailyactivity_day_member": lambda: DailyActivity.objects.between(FIRST, TODAY),
    "memberanalyticsday_metric_day": lambda: MemberAnalyticsDay.objects.between(FIRST, TODAY).filter(
        metric="mcp"
    ),
    "aicodecommit_day": lambda: AiCodeCommit.objects.between(FIRST, TODAY),
    "requestslot_class_free": lambda: RequestSlot.objects.filter(endpoint_class="admin").order_by("free_at"),
    "sourcerun_source_started": lambda: SourceRun.objects.filter(source=Source.EVENTS).order_by(
        "-started_at"
    )[:1],
    "anomaly_detected": lambda: Anomaly.objects.filter(detected_at__gte=NOW).order_by("-detected_at"),
    "incident_detected": lambda: Incident.objects.detected_between(NOW - timedelta(days=7), NOW),
    "incident_member_cause": lambda: Incident.objects.about(1, "spend"),
    "notification_status_due": lambda: Notification.objects.filter(status="waiting", due_at__lte=NOW),
    "auditentry_action_at": lambda: AuditEntry.objects.filter(action="sign_in").order_by("-at"),
}


def plan(sql: str) -> str:
    """The database's plan, as text; PostgreSQL is kept from reading small tables whole for want of rows."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET LOCAL enable_seqscan = off")
            cursor.execute(f"EXPLAIN {sql}")
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {sql}")
        return "\n".join(str(row[-1]) for row in cursor.fetchall())


def scans_events(text: str) -> bool:
    """Whether a plan reads the table of events from one end to the other."""
    return any(
        f"Seq Scan on {EVENTS}" in line or line.startswith(f"SCAN {EVENTS}") for line in text.splitlines()
    )


def plans_of_events(client, address: str) -> list[str]:
    """The plans of every query behind `address` that names the table of events."""
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address, follow=True)
    assert answer.status_code == 200, address
    assert len(asked) > 0
    return [plan(query["sql"]) for query in asked if EVENTS in query["sql"]]


@pytest.mark.parametrize("address", PAGES)
def test_no_page_touches_the_events(acme, client, address):  # noqa: F811
    assert plans_of_events(client, address) == []


@pytest.mark.overlaps(reason="the company's rows are in the module's own transaction while Redis is asked")
@pytest.mark.parametrize("address", FRESHNESS)
def test_freshness_looks_up_the_newest_event(acme, client, address):  # noqa: F811
    plans = plans_of_events(client, address)
    assert len(plans) == 1
    assert not scans_events(plans[0])


def test_an_incidents_page_reads_its_own_hours_by_an_index(acme, client):  # noqa: F811
    incident = Incident.objects.create(
        member=Member.objects.get(email="ana.novak@acme.example"),
        cause="spend",
        severity="warning",
        message="Ana Novak spent $1.",
        onset_at=NOW - timedelta(hours=5),
        detected_at=NOW,
        last_run_at=NOW,
    )
    plans = plans_of_events(client, incident.get_absolute_url())
    assert plans
    assert not [text for text in plans if scans_events(text)]


def test_a_scan_of_the_events_would_be_noticed():
    """What the tests above look for is there where it must be."""
    with CaptureQueriesContext(connection) as asked:
        list(UsageEvent.objects.filter(charged_cents__gt=5))
    assert scans_events(plan(asked[0]["sql"]))


def own_indexes() -> set[str]:
    models = [model for app in OURS for model in apps.get_app_config(app).get_models()]
    return {index.name for model in models for index in model._meta.indexes}


def test_every_index_has_a_query():
    assert own_indexes() == set(SERVED)


@pytest.mark.parametrize("index", SERVED)
def test_the_index_serves_its_query(index):
    with CaptureQueriesContext(connection) as asked:
        list(SERVED[index]())
    assert index in plan(asked[0]["sql"])

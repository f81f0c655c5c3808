"""Pages cost a fixed number of queries, however many rows there are and whatever goes on."""

from datetime import timedelta

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collector.base.names import code
from collector.models import BillingCycle, Member, Reconciliation, SpendSnapshot
from detection.frame.price_timeline import keep_price_timeline
from detection.models import Anomaly, DetectionSettings
from groups.models import BudgetSettings, CycleBudget, Group
from incidents.models import Incident, IncidentAnomaly, Notification, TimelineEntry
from tests.incidents.factories import make_channel
from tests.tracker.pages import company, screen
from tests.tracker.pages.conftest import make_incident
from tracker.models import AccessSettings, SavingFollowUp

PAGES = [
    "/",
    "/users/ana.novak@acme.example",
    "/budgets",
    "/insights",
    "/surfaces",
    "/teams",
    "/chargeback",
    "/settings",
    "/savings",
    "/incidents",
    screen.INCIDENT,
    "/days/2026-11-20",
]
MOST, MOST_KEPT = 20, 8
BOSS = "boss@company.com"  # whom the environment names as an administrator
SELF, COLLEAGUE = "ana.novak@acme.example", "/users/ben.haddad@acme.example"
# Pages that are rendered once and kept, as long as nothing that they show has changed.
KEPT = [path for path in PAGES if path != screen.INCIDENT]
ASKED = [
    "",
    "?group=Platform",
    "?period=cycle&search=a",
    "?badge=balanced",
    "?model=default",
    "?surface=cli",
    "?compare=before",
    "?group=Platform&compare=before",
    "?group=Platform&compare=cycle",
    f"?from={company.TODAY}",
]
ROLES = ("viewer", "responder", "admin")  # given by a Django group, which is looked up


@pytest.fixture
def busy(acme) -> None:
    """An open incident, budgets of all kinds, a price of seats, prices that were looked at."""
    make_incident()
    CycleBudget.objects.create(group=Group.objects.get(name="Data"), amount_dollars=50)
    BudgetSettings.objects.update_or_create(pk=1, defaults={"member_budget_dollars": 8, "seat_dollars": 40})
    DetectionSettings.objects.update_or_create(pk=1, defaults={"team_budget_dollars": 100})
    keep_price_timeline(company.NOW)


@pytest.fixture
def alarmed(busy) -> None:
    """And incidents of everybody with findings, limits almost reached, a difference of totals, follow-ups."""
    cycle = BillingCycle.objects.get(start_at=company.CYCLE_START)
    for member in Member.objects.people():
        make_open(member, "daily_requests", "requests")
        make_open(member, "expensive_model", "price")
        SpendSnapshot.objects.create(
            member=member, cycle=cycle, taken_at=company.NOW, confirmed_at=company.NOW, meaning="current",
            on_demand_cents=9_900, limit_dollars=100,
        )  # fmt: skip
        SavingFollowUp.objects.create(
            member=member, model="claude-opus-max", instead="default", state="raised", token_share=0.5,
            cents_per_token=0.001, raised_at=company.NOW - timedelta(days=9), changed_at=company.NOW,
        )  # fmt: skip
    make_open(None, "team_budget", "budget")
    make_told(Incident.objects.get(pk=screen.INCIDENT.rpartition("/")[2]))
    Reconciliation.objects.create(
        cycle=cycle, taken_at=company.NOW, events_total_cents=100, events_billed_cents=50,
        snapshot_total_cents=90, explanation=[],
    )  # fmt: skip


def make_open(member: Member | None, rule: str, cause: str) -> None:
    seen = {"detected_at": company.NOW, "onset_at": company.NOW, "message": "Much was spent."}
    about = {"member": member, "cause": cause, "severity": "warning"}
    incident = Incident.objects.create(**about, **seen, last_run_at=company.NOW)
    figures = {
        "metric": "spend_24h",
        "observed": 41_200,
        "bound": 25_000,
        "expected": 5_000,
        "extra_cents": 1,
    }
    anomaly = Anomaly.objects.create(**about, **seen, **figures, rule=rule, last_seen_at=company.NOW)
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=company.NOW)


def make_told(incident: Incident) -> None:
    """Of an incident, messages about each of several steps."""
    channel = make_channel()
    for number in range(9):
        entry = TimelineEntry.objects.create(incident=incident, at=company.NOW, step="note", text=f"{number}")
        Notification.objects.create(
            channel=channel, kind="update", incident=incident, entry=entry, dedupe_key=f"{number}",
            created_at=company.NOW, due_at=company.NOW,
        )  # fmt: skip


@pytest.mark.parametrize("path", [path for path in PAGES if path != screen.INCIDENT])
def test_a_page_needs_few_queries(acme, sign_in, path):
    assert most_queries(sign_in("viewer", BOSS), path) <= MOST


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_few_queries_when_much_goes_on(alarmed, sign_in, path, role):
    assert most_queries(sign_in(role), path) <= MOST


@pytest.mark.parametrize("sees", ("own", "pseudonyms"))
@pytest.mark.parametrize("path", [*PAGES, COLLEAGUE])
def test_a_page_needs_few_queries_for_whoever_sees_part_of_the_team(alarmed, sign_in, settings, path, sees):
    settings.AUTH_ALLOWED_EMAILS = [SELF]
    AccessSettings.objects.update_or_create(pk=1, defaults={"viewers_see": sees, "smallest_group": 2})
    if path == COLLEAGUE and sees == "pseudonyms":
        pk = Member.objects.get(email=path.rpartition("/")[2]).pk
        path = f"/users/member-{code(pk).lower()}@hidden.invalid"
    client = sign_in("viewer", SELF)
    if (path, sees) == (COLLEAGUE, "own"):
        assert client.get(path).status_code == 404  # who is in another group now
    else:
        assert most_queries(client, path) <= MOST


def test_hidden_names_cost_no_query_for_each_incident(alarmed, sign_in):
    AccessSettings.objects.update_or_create(pk=1, defaults={"viewers_see": "pseudonyms"})
    client = sign_in("viewer")
    assert queries(client, "/incidents") <= MOST
    with CaptureQueriesContext(connection) as captured:
        client.get("/?period=7d")
    on_team = [
        query["sql"]
        for query in captured
        if '"kind" = \'person\' AND "collector_member"."gone_at"' in query["sql"]
    ]
    assert on_team == []  # how large the groups are is read along with everybody


@pytest.mark.parametrize("path", KEPT)
def test_a_kept_page_needs_hardly_any(alarmed, sign_in, path):
    client = sign_in("viewer", BOSS)
    client.get(path)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert len(captured) <= MOST_KEPT


def most_queries(client, path: str) -> int:
    """The most that any of the addresses takes with nothing kept."""
    client.get(path)  # makes the one-row settings
    client.get(f"{path}?model=default")  # and the palette
    return max((queries(client, path + query), query) for query in ASKED)[0]


def queries(client, address: str) -> int:
    for name in caches.settings:
        caches[name].clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)

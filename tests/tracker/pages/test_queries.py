"""Pages cost a fixed number of queries, however many rows there are and whatever goes on."""

import pytest
from django.core.cache import caches
from django.db import connection
from django.test.utils import CaptureQueriesContext

from detection.frame.price_timeline import keep_price_timeline
from detection.models import DetectionSettings
from groups.models import BudgetSettings, CycleBudget, Group
from tests.tracker.conftest import ALLAUTH, make_person
from tests.tracker.pages import company, screen
from tests.tracker.pages.conftest import make_incident

# What comes first is asked of the company as it is, what comes second with all that can go on at once.
PAGES = {
    "/": (20, 25),
    "/users/ana.novak@acme.example": (20, 22),
    "/insights": (20, 20),
    "/surfaces": (20, 20),
    "/teams": (20, 20),
    "/chargeback": (20, 20),
    "/settings": (20, 20),
    "/savings": (20, 20),
    "/incidents": (20, 20),
    screen.INCIDENT: (20, 20),
    "/days/2026-11-20": (20, 20),
}
# Pages that are rendered once and kept, as long as nothing that they show has changed.
KEPT = ["/", "/insights", "/surfaces", "/teams", "/chargeback", "/days/2026-11-20"]
ASKED = [
    "",
    "?group=Platform",
    "?period=cycle&search=a",
    "?badge=balanced",
    "?model=default",
    "?surface=cli",
    "?compare=before",
    "?group=Platform&compare=cycle",
]


@pytest.fixture
def busy(acme) -> None:
    """An open incident, budgets of all kinds, a price of seats, prices that were looked at."""
    make_incident()
    CycleBudget.objects.create(group=Group.objects.get(name="Data"), amount_dollars=50)
    BudgetSettings.objects.update_or_create(pk=1, defaults={"member_budget_dollars": 8, "seat_dollars": 40})
    DetectionSettings.objects.update_or_create(pk=1, defaults={"team_budget_dollars": 100})
    keep_price_timeline(company.NOW)


@pytest.mark.parametrize("path", [path for path in PAGES if path != screen.INCIDENT])
def test_a_page_needs_few_queries(acme, client, path):
    assert most_queries(client, path) <= PAGES[path][0]


@pytest.mark.parametrize("path", PAGES)
def test_a_page_needs_few_queries_when_much_goes_on(busy, client, path):
    assert most_queries(client, path) <= PAGES[path][1]


@pytest.mark.parametrize("path", KEPT)
def test_a_kept_page_needs_hardly_any(busy, client, path):
    client.force_login(make_person("admin"), backend=ALLAUTH)
    client.get(path)
    client.get(path)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(path).status_code == 200
    assert len(captured) <= 8


def most_queries(client, path: str) -> int:
    """The most that any of the addresses takes an administrator with nothing kept."""
    client.force_login(make_person("admin"), backend=ALLAUTH)
    client.get(path)  # makes the one-row settings and the palette
    return max(queries(client, path + query) for query in ASKED)


def queries(client, address: str) -> int:
    for name in caches.settings:
        caches[name].clear()
    with CaptureQueriesContext(connection) as captured:
        assert client.get(address).status_code == 200
    return len(captured)

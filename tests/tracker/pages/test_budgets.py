"""Budgets on the pages, in the API and the digests, and whom they are hidden from."""

from __future__ import annotations

import json

import pytest
import time_machine
from django.contrib.auth.models import User
from django.test import Client

from detection.models import DetectionSettings
from groups.models import BudgetSettings, CycleBudget, Group
from tests.tracker.api import company
from tests.tracker.conftest import ALLAUTH, make_person
from tracker.models import AccessSettings
from tracker.reports import digests

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    """Eng > Core may spend $50 and has spent $42.50; each member $8, Bob has spent $7.50."""
    with time_machine.travel(company.NOW, tick=False):
        people = company.build()
        CycleBudget.objects.create(group=Group.objects.get(name="Eng > Core"), amount_dollars=50)
        BudgetSettings.objects.create(member_budget_dollars=8)
        DetectionSettings.objects.update_or_create(pk=1, defaults={"team_budget_dollars": 100})
        yield people


def body(path: str, client: Client | None = None) -> str:
    return (client or Client()).get(path).content.decode()


@pytest.mark.parametrize("path", ["/", "/chargeback", "/teams"])
def test_the_lists_show_the_team_the_groups_and_members_near_theirs(people, path):
    text = body(path)
    panel = text[text.index('id="budgets"') :]
    assert "The team" in panel and "50 %" in panel
    assert "Eng &gt; Core" in panel and "$42.50" in panel and "85 %" in panel
    assert "Bob" in panel and "94 %" in panel
    assert "Cat" not in panel[: panel.index("</section>")]  # nothing spent


def test_without_a_budget_of_a_group_or_member_there_is_no_panel(people):
    CycleBudget.objects.all().delete()
    BudgetSettings.objects.update(member_budget_dollars=0)
    assert 'id="budgets"' not in body("/")


def test_a_group_filter_keeps_that_groups_budget_alone(people):
    text = body("/?group=Eng > Core")
    panel = text[text.index('id="budgets"') :]
    panel = panel[: panel.index("</section>")]
    assert "85 %" in panel and "The team" not in panel and "Bob" not in panel


@pytest.mark.parametrize("path", ["/", "/chargeback", "/teams"])
def test_a_long_list_shows_the_largest_shares_and_leads_to_all(people, path, monkeypatch):
    monkeypatch.setattr("tracker.reports.budgets.MOST_LISTED", 2)
    text = body(path)
    panel = text[text.index('id="budgets"') :]
    panel = panel[: panel.index("</section>")]
    assert "The team" in panel and "Ann" in panel and "531 %" in panel
    assert "Bob" not in panel and "Eng &gt; Core" not in panel
    assert "and 2 more with a smaller share" in panel
    assert 'href="/budgets?cycle=2026-11-17"' in panel


def test_the_page_of_budgets_lists_every_one_and_so_does_its_csv(people):
    text = body("/budgets?cycle=2026-11-17")
    for shown in ("The team", "Eng &gt; Core", "$42.50", "85 %", "94 %", "Cat"):
        assert shown in text
    rows = body("/budgets?csv=budgets").splitlines()
    assert [row.split(",")[0] for row in rows[1:]] == ["Ann", "Bob", "Eng > Core", "The team", "Cat"]


def test_the_weekly_digest_counts_the_budgets_that_it_does_not_list(people, monkeypatch):
    monkeypatch.setattr("tracker.reports.budgets.MOST_LISTED", 2)
    headings = [table.heading for table in digests.weekly(company.NOW, None).tables]
    assert "Budgets (and 2 more with a smaller share)" in headings


def test_a_members_page_says_how_their_budget_stands(people):
    assert "94 % of the budget" in body("/users/bob@company.com")
    assert "the budget is exhausted" in body("/users/ann@company.com")


def test_the_api_lists_every_budget_and_keeps_the_teams_in_the_settings(people):
    rows = json.loads(body("/api/budgets"))
    assert [(row["scope"], row["name"], row["spentCents"], row["budgetCents"]) for row in rows] == [
        ("team", "The team", 5000, 10_000),
        ("group", "Eng > Core", 4250, 5000),
        ("member", "Ann", 4250, 800),
        ("member", "Bob", 750, 800),
        ("member", "Cat", 0, 800),
    ]
    assert '"teamBudgetCents": 10000' in body("/api/settings")


def test_who_may_see_their_own_group_only_sees_its_budget_and_their_colleagues(people, auth_on):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    bob: User = make_person("viewer", "bob@company.com")
    client = Client()
    client.force_login(bob, backend=ALLAUTH)
    assert [row["name"] for row in json.loads(body("/api/budgets", client))] == ["Bob"]


def test_who_may_not_know_names_sees_no_budget_of_a_group_that_is_part_of_another(people, auth_on):
    company.put(people["Cat"], Group.objects.get(name="Eng > Web"))
    AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer", smallest_group=2)
    client = Client()
    client.force_login(make_person("viewer"), backend=ALLAUTH)
    scopes = {row["scope"] for row in json.loads(body("/api/budgets", client))}
    assert scopes == {"team", "member"}
    for path in ("/", "/teams", "/chargeback", "/budgets"):
        assert "Eng &gt; Core" not in body(path, client), path


def test_the_weekly_digest_has_the_budgets(people):
    tables = {table.heading: table.rows for table in digests.weekly(company.NOW, None).tables}
    assert ("Eng > Core", "$42.50", "$50.00", "85 %") in [row[:4] for row in tables["Budgets"]]


def test_an_administrator_sets_a_budget_for_a_group_or_a_member_but_not_for_both(admin_client, people):
    group, member = Group.objects.get(name="Eng > Web"), people["Cat"]
    both = {"group": group.pk, "member": member.pk, "amount_dollars": "10"}
    url = "/admin/groups/cyclebudget/add/"
    assert b"Choose one of the two" in admin_client.post(url, both).content
    nothing = {"group": group.pk, "amount_dollars": 0}
    assert b"A budget must be more than 0" in admin_client.post(url, nothing).content
    assert admin_client.post(url, {"group": group.pk, "amount_dollars": "12.50"}).status_code == 302
    budget = CycleBudget.objects.get(group=group)
    assert str(budget.history.get().amount_dollars) == "12.50"
    for page in ("cyclebudget/", "budgetsettings/", "budgetstep/"):
        assert admin_client.get(f"/admin/groups/{page}").status_code in (200, 302)

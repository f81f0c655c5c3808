"""Budgets in the admin: members are chosen by name, and the way to the whole team's budget is shown."""

from decimal import Decimal

import pytest

from groups.models import CycleBudget
from tests.incidents.factories import make_member

pytestmark = pytest.mark.django_db


def test_a_member_is_chosen_by_name_and_address_as_two_may_share_a_name(admin_client):
    ann = make_member("ann@acme.example")
    page = admin_client.get("/admin/groups/cyclebudget/add/").content.decode()
    assert f'<option value="{ann.pk}">{ann.name} (ann@acme.example)</option>' in page


def test_the_list_leads_to_the_whole_teams_budget(admin_client):
    page = admin_client.get("/admin/groups/cyclebudget/").content.decode()
    anchor = "id_team_budget_dollars"
    assert f'href="/admin/detection/detectionsettings/#{anchor}"' in page
    assert f'id="{anchor}"' in admin_client.get("/admin/detection/detectionsettings/").content.decode()


def test_a_second_budget_of_a_member_is_refused_in_words_and_leaves_the_first(admin_client):
    form = {"member": make_member("ann@acme.example").pk, "group": ""}
    assert (
        admin_client.post("/admin/groups/cyclebudget/add/", form | {"amount_dollars": "12,50"}).status_code
        == 302
    )
    answer = admin_client.post("/admin/groups/cyclebudget/add/", form | {"amount_dollars": "9"})
    assert "This member has a budget already. Change that one." in answer.content.decode()
    assert CycleBudget.objects.get().amount_dollars == Decimal("12.50")

"""Budgets in the admin: members are chosen by name, and the way to the whole team's budget is shown."""

import pytest

from tests.incidents.factories import make_member

pytestmark = pytest.mark.django_db


def test_a_member_is_found_by_name(admin_client):
    make_member("ann@acme.example")
    page = admin_client.get("/admin/groups/cyclebudget/add/").content.decode()
    assert 'class="admin-autocomplete"' in page
    query = {"app_label": "groups", "model_name": "cyclebudget", "field_name": "member", "term": "ann"}
    assert len(admin_client.get("/admin/autocomplete/", query).json()["results"]) == 1


def test_the_list_leads_to_the_whole_teams_budget(admin_client):
    page = admin_client.get("/admin/groups/cyclebudget/").content.decode()
    anchor = "id_team_budget_dollars"
    assert f'href="/admin/detection/detectionsettings/#{anchor}"' in page
    assert f'id="{anchor}"' in admin_client.get("/admin/detection/detectionsettings/").content.decode()

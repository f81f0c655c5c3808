"""Every form of settings: each field's default, and when a change takes effect."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.urls import reverse
from solo.models import SingletonModel

from detection.models import Exemption
from tests.incidents.factories import make_member

pytestmark = pytest.mark.django_db
SETTINGS = [m for m in admin.site._registry if issubclass(m, SingletonModel)]


def fields_of(page) -> dict:
    return page.context["adminform"].form.fields


@pytest.mark.parametrize("model", SETTINGS, ids=lambda model: model.__name__)
def test_a_form_of_settings_shows_each_default_and_when_a_change_takes_effect(admin_client, model):
    page = admin_client.get(reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"))
    without = {
        name
        for name, field in fields_of(page).items()
        if model._meta.get_field(name).get_default() not in ("", None) and "Default: " not in field.help_text
    }
    assert without == set()
    assert '<p class="saving">' in page.content.decode()


def test_a_default_is_written_as_people_read_it(admin_client):
    page = admin_client.get("/admin/incidents/incidentsettings/")
    texts = {name: field.help_text.rpartition("Default: ")[2] for name, field in fields_of(page).items()}
    assert texts["email_mode"] == "one e-mail per incident, as it happens."
    assert (texts["plan_digest"], texts["reopen_window_hours"]) == ("on.", "24.")


def test_an_exemption_shows_what_is_noted_by_itself_once_there_is_something(admin_client):
    member = make_member("ann@company.com")
    page = admin_client.get("/admin/detection/exemption/add/").content.decode()
    assert "Created by" not in page
    assert "To end it, revoke it in the list." in page
    admin_client.post(
        "/admin/detection/exemption/add/", {"member": member.pk, "cause": "spend", "kind": "expected"}
    )
    page = admin_client.get(f"/admin/detection/exemption/{Exemption.objects.get().pk}/change/")
    assert "Created by" in page.content.decode()

"""What the admin says where Django's own words would say nothing, or too much."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.contrib.auth.models import User
from django.utils.text import capfirst

from detection.models import DetectionSettings, Exemption
from groups.models import CycleBudget, Group
from tests.incidents.factories import make_channel, make_member
from tests.tracker.conftest import make_person
from tracker.admin_site.board import SECTIONS

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def test_docs_call_the_pages_of_the_admin_what_it_calls_them_itself():
    pages = [settings.BASE_DIR / "README.md", *(settings.BASE_DIR / "docs").rglob("*.md")]
    named = [
        name for page in pages for name in re.findall(r"[Aa]dmin → (\w[\w ]+\w)", page.read_text("utf-8"))
    ]
    labels = [entry.label for section in SECTIONS for entry in section.entries]
    labels += [capfirst(str(model._meta.verbose_name_plural)) for model in admin.site._registry]
    assert len(named) >= 9
    assert [name for name in named if not name.startswith(tuple(labels))] == []


def test_pages_and_messages_call_a_page_of_the_admin_what_its_board_calls_it():
    """Not by the table's name, which the board replaces for some."""
    board = {entry.model: entry.label for section in SECTIONS for entry in section.entries}
    labels = {
        board.get(model._meta.label, capfirst(str(model._meta.verbose_name_plural)))
        for model in admin.site._registry
    }
    texts = [*(settings.BASE_DIR / "templates").rglob("*.html")]
    texts += [path for app in ("incidents", "tracker") for path in (settings.BASE_DIR / app).rglob("*.py")]
    pattern = re.compile(r"(?:see|open|under) ([A-Z][a-z]+(?: [a-z]+)*) in the admin")
    named = [name for path in texts for name in pattern.findall(path.read_text("utf-8"))]
    assert len(named) >= 3
    assert [name for name in named if name not in labels] == []


def test_the_admin_labels_nothing_as_only_a_table_would():
    ours = ("collector", "detection", "groups", "incidents", "tracker")
    labels = [
        label_for_field(field, model, page)
        for model, page in admin.site._registry.items()
        if model._meta.app_label in ours
        for field in (*(field.name for field in model._meta.concrete_fields), *page.list_display)
    ]
    assert [label for label in labels if re.search(r"\bat$|^is |\bok\b", label, re.IGNORECASE)] == []


def test_no_setting_of_detection_gives_its_default_as_the_example():
    repeated = [
        field.name
        for field in DetectionSettings._meta.concrete_fields
        for example in re.findall(r"[Ff]or example ([\d.]+\d)", field.help_text)
        if Decimal(example) == field.default
    ]
    assert repeated == []


def make_budget() -> CycleBudget:
    group = Group.objects.create(name="Data", created_at=NOON)
    return CycleBudget.objects.create(group=group, amount_dollars=900)


def test_a_page_that_asks_before_deleting_names_the_row_and_says_what_ends(admin_client):
    budget = CycleBudget.objects.create(
        group=Group.objects.create(name="Data", created_at=NOON), amount_dollars=900
    )
    person, channel = make_person("viewer", "vera@x.io"), make_channel("webhook")
    for address, heading, consequence in (
        (f"groups/cyclebudget/{budget.pk}", "Delete the budget “Data: $900.00”?", "no longer reported"),
        (f"auth/user/{person.pk}", "Delete the user “vera@x.io”?", "uncheck Active instead"),
        (f"incidents/channel/{channel.pk}", f"Delete the channel “{channel}”?", "nothing will be"),
    ):
        page = admin_client.get(f"/admin/{address}/delete/").text
        assert heading in page and consequence in page and "Cancel" in page
        assert "Summary" not in page and "I’m sure" not in page
    admin_client.post(f"/admin/groups/cyclebudget/{budget.pk}/delete/", {"post": "yes"})
    assert not CycleBudget.objects.exists()


def test_what_goes_with_a_deleted_row_is_listed(admin_client):
    admin = User.objects.get(username="admin")
    other = User.objects.create_superuser("ada", "ada@x.io", "a-long-password")
    changed = {"username": "ada2", "role": "admin", "is_active": "on"}
    admin_client.post(f"/admin/auth/user/{other.pk}/change/", changed)
    idle = User.objects.create_superuser("eve", "eve@x.io", "a-long-password")
    admin_client.force_login(other)  # nobody deletes themselves
    page = admin_client.get(f"/admin/auth/user/{admin.pk}/delete/").text
    assert "Deleted with it:" in page and "Log entry" in page
    for nobody_lost in (idle, make_person("viewer", "vera@x.io")):
        page = admin_client.get(f"/admin/auth/user/{nobody_lost.pk}/delete/").text
        assert "Delete the user" in page and "Deleted with it:" not in page


@pytest.mark.parametrize("kind", ["user", "budget"])
def test_every_history_is_called_so_and_names_its_columns_in_words(admin_client, kind):
    budget = CycleBudget.objects.create(
        group=Group.objects.create(name="Data", created_at=NOON), amount_dollars=900
    )
    person = make_person("viewer", "vera@x.io")
    address, row = {
        "user": (f"auth/user/{person.pk}", "vera@x.io"),
        "budget": (f"groups/cyclebudget/{budget.pk}", "Data: $900.00"),
    }[kind]
    page = admin_client.get(f"/admin/{address}/history/").text
    assert f"<h1>History of {row}</h1>" in page
    assert "object doesn" not in page and "amount_dollars" not in page.lower()
    assert ("Nothing was changed here yet" in page) == (kind == "user")


def test_whether_an_exemption_was_revoked_is_asked_in_words(admin_client):
    values = {"cause": "spend", "kind": "expected", "created_at": NOON}
    Exemption.objects.create(member=make_member("ann@x.io", name="Ann"), revoked_at=NOON, **values)
    Exemption.objects.create(member=make_member("bob@x.io", name="Bob"), **values)
    page = admin_client.get("/admin/detection/exemption/", {"revoked_at__isempty": "0"}).text
    assert "Ann" in page and "Bob" not in page
    assert "By revoked" in page and "By revoked at" not in page
    assert "Not empty" not in page and "Until at" not in page
    assert "Until at" not in admin_client.get("/admin/detection/exemption/add/").text


def test_a_persons_form_says_whether_there_is_a_password_and_not_how_it_is_stored(admin_client):
    user = User.objects.get(username="admin")
    page = admin_client.get(f"/admin/auth/user/{user.pk}/change/").text
    assert "A password is set." in page and "iterations" not in page
    user.set_unusable_password()
    user.save()
    admin_client.force_login(user)
    assert "No password is set." in admin_client.get(f"/admin/auth/user/{user.pk}/change/").text

"""What several people do on pages at the same moment: no server error, and nothing done twice or half."""

from __future__ import annotations

import re
from datetime import date
from functools import partial

import pytest
from django.contrib.auth.models import User
from django.db import IntegrityError, OperationalError
from django.db.models import ProtectedError
from django.test import Client

from detection.models import DetectionSettings
from groups.assignments import changes
from groups.models import CycleBudget, Group
from incidents.models import GuardSettings, Incident, IncidentSettings, Status
from tests.incidents.factories import NOON, make_incident, make_member
from tests.incidents.lifecycle.test_at_once import at_once
from tracker.models import AccessSettings, ApiToken

pytestmark = pytest.mark.django_db(transaction=True)
PASSWORD = "long-and-uncommon-9x"
LOCAL = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def admins() -> list[Client]:
    AccessSettings.get_solo()
    IncidentSettings.get_solo()
    ada = User.objects.create_superuser("ada", "ada@company.com")
    clients = [Client(raise_request_exception=False) for _ in range(6)]
    for client in clients:
        client.force_login(ada, backend=LOCAL)
    return clients


@pytest.mark.postgres
def test_a_login_that_is_made_at_once_is_made_once(admins):
    login = {"username": "bob", "password1": PASSWORD, "password2": PASSWORD, "usable_password": "true"}
    answers = at_once(6, lambda n: admins[n].post("/admin/auth/user/add/", login).status_code)
    assert User.objects.filter(username="bob").count() == 1
    assert set(answers) <= {302, 200, 409}  # made, taken, and taken in between


@pytest.mark.postgres
def test_a_group_that_is_made_at_once_over_the_api_is_made_once(admins):
    body = {"action": "create", "name": "Core"}
    answers = at_once(6, lambda n: admins[n].patch("/api/groups", body, "application/json"))
    assert Group.objects.count() == 1
    assert sorted(answer.status_code for answer in answers) == [200] + 5 * [409]
    assert all(answer.json()["message"] for answer in answers if answer.status_code == 409)


@pytest.mark.postgres
def test_a_deleted_group_that_is_opened_at_once_is_opened_once(admins):
    body = {"action": "create", "name": "Core"}
    Group.objects.create(name="core", created_at=NOON, closed_day=date(2026, 1, 1))
    answers = at_once(6, lambda n: admins[n].patch("/api/groups", body, "application/json"))
    assert sorted(answer.status_code for answer in answers) == [200] + 5 * [409]
    assert Group.objects.get().history.count() == 2  # made, and opened again


def test_a_group_made_between_the_check_and_the_saving_is_not_made_twice(admins, monkeypatch):
    """Whoever comes second is refused, whichever of the two statements the first comes between."""
    look_up, made = changes.group_named, []

    def make_meanwhile(path: str) -> Group | None:
        found = look_up(path)
        if not made:
            made.append(Group.objects.create(name=path, created_at=NOON))
        return found

    monkeypatch.setattr(changes, "group_named", make_meanwhile)
    body = {"action": "create", "name": "Core"}
    assert admins[0].patch("/api/groups", body, "application/json").status_code == 409


def test_a_group_that_is_deleted_while_it_is_renamed_stays_deleted(admins, monkeypatch):
    group, look_up = changes.create("Core", now=NOON), changes.group_named

    def delete_meanwhile(path: str) -> Group | None:
        changes.delete(Group.objects.get(), by="bo", now=NOON)
        return look_up(path)

    monkeypatch.setattr(changes, "group_named", delete_meanwhile)
    body = {"action": "rename", "groupId": group.pk, "name": "Kernel"}
    assert admins[0].patch("/api/groups", body, "application/json").status_code == 200
    assert Group.objects.get().closed_day == NOON.date()


@pytest.mark.postgres
def test_incidents_chosen_in_opposite_orders_are_acknowledged_without_waiting_in_a_ring(admins):
    pks = [make_incident(make_member(f"m{n}@x.io")).pk for n in range(60)]
    orders = [pks, pks[::-1]] * 3
    answers = at_once(
        6,
        lambda n: admins[n].post("/incidents/bulk", {"action": "acknowledge", "incident": orders[n]}),
    )
    assert {answer.status_code for answer in answers} == {302}
    assert set(Incident.objects.values_list("status", flat=True)) == {Status.ACKNOWLEDGED}


class Taken(Exception):
    sqlstate = "23505"


class Unknown(Exception):
    sqlstate = "23514"  # what no row may be


@pytest.mark.parametrize(
    ("kind", "cause", "status"),
    [
        (IntegrityError, Taken, 409),
        (partial(ProtectedError, protected_objects=set()), Unknown, 409),
        (IntegrityError, Unknown, 500),
        (OperationalError, Unknown, 500),
    ],
)
def test_only_what_could_have_been_done_a_moment_before_is_called_a_conflict(
    admins, monkeypatch, kind, cause, status
):
    def refuse(*args, **options):
        raise kind("key of somebody") from cause()

    monkeypatch.setattr(ApiToken, "save", refuse)
    page = admins[0].post("/admin/tracker/apitoken/add/", {"name": "ci", "scope": "viewer"})
    assert page.status_code == status
    assert ("Not saved" in page.content.decode()) == (status == 409)
    assert "key of somebody" not in page.content.decode()


def form_fields(page) -> dict[str, str]:
    """What a browser sends of the form as it was shown."""
    fields = {}
    for shown in page.context["adminform"].form:
        value = shown.value()
        fields[shown.html_initial_name] = "" if value is None else str(value)
        if value is not None and value is not False:
            fields[shown.html_name] = "on" if value is True else str(value)
    return fields


def test_settings_that_two_people_change_on_pages_opened_before_keep_both_changes(admins):
    address = "/admin/detection/detectionsettings/"
    opened = [form_fields(admins[n].get(address)) for n in range(2)]
    assert 'name="initial-floor_dollars"' in admins[0].get(address).content.decode()
    assert admins[0].post(address, opened[0] | {"floor_dollars": "80"}).status_code == 302
    del opened[1]["members_limited"]
    assert admins[1].post(address, opened[1] | {"continuation_hours": "12"}).status_code == 302
    settings = DetectionSettings.get_solo()
    assert (settings.floor_dollars, settings.continuation_hours) == (80, 12)
    assert not settings.members_limited


def test_the_guard_that_two_people_change_at_once_keeps_both_changes(admins):
    address = "/admin/incidents/guardsettings/"
    opened = [form_fields(admins[n].get(address)) for n in range(2)]
    assert admins[0].post(address, opened[0] | {"minutes": "90"}).status_code == 302
    assert admins[1].post(address, opened[1] | {"extra_dollars": "20"}).status_code == 302
    guard = GuardSettings.get_solo()
    assert (guard.minutes, guard.extra_dollars) == (90, 20)


def test_budgets_that_two_people_change_in_lists_opened_before_keep_both_changes(admins):
    address = "/admin/groups/cyclebudget/"
    for name in ("a", "b"):
        CycleBudget.objects.create(member=make_member(f"{name}@x.io"), amount_dollars=100)
    opened = [list_fields(admins[n].get(address).content.decode()) for n in range(2)]
    assert admins[0].post(address, opened[0] | {"form-0-amount_dollars": "80"}).status_code == 302
    assert admins[1].post(address, opened[1] | {"form-1-amount_dollars": "60"}).status_code == 302
    assert sorted(CycleBudget.objects.values_list("amount_dollars", flat=True)) == [60, 80]


def list_fields(page: str) -> dict[str, str]:
    """What a browser sends of an admin's list that is edited in place."""
    tags = re.findall(r"<input[^>]*>", page)
    named = {name[1]: tag for tag in tags if (name := re.search(r'name="((?:initial-)?form-[^"]*)"', tag))}
    values = {name: re.search(r'value="([^"]*)"', tag) for name, tag in named.items()}
    return {name: value[1] if value else "" for name, value in values.items()} | {"_save": "Save"}

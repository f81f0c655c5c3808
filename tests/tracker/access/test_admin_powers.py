"""What the admin lets whom do: every address by role and method, with actions, history and exports."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.core import serializers
from django.test import Client
from django.urls import NoReverseMatch, reverse
from django_q.models import OrmQ, Schedule, Task
from solo.models import SingletonModel

from detection import exemptions
from detection.models import DetectionSettings, Exemption
from groups.assignments import changes
from tests.incidents.factories import NOON, make_channel, make_incident, make_member
from tests.tracker.conftest import make_person
from tests.tracker.test_every_address import ADMIN_ROUTES
from tracker.models import AccessSettings

pytestmark = pytest.mark.django_db
LOCAL = "django.contrib.auth.backends.ModelBackend"
# What merely asking writes: the log of what was asked, and of who signed in.
UNWATCHED = {"sessions.session", "tracker.auditentry", "axes.accesslog", "contenttypes.contenttype"}


@pytest.fixture
def rows() -> None:
    """A row, with a past where it keeps one, in every table that somebody might want to change."""
    settings = DetectionSettings.get_solo()
    settings.floor_dollars = 50
    settings.save()
    for model in apps.get_models():
        if issubclass(model, SingletonModel):
            model.get_solo().save()
    member = make_member("ann@x.io")
    exemptions.revoke(exemptions.leave(member, "spend", "expected", by="ada", now=NOON), by="bob", now=NOON)
    old, new = changes.create("Old", now=NOON), changes.create("New", now=NOON)
    changes.merge(old, new, by="x", now=NOON)
    make_channel().save()
    make_incident(member)
    Schedule.objects.create(name="mine", func="tracker.tasks.hourly")
    Task.objects.create(id="a" * 32, name="t", func="os.system", success=False, started=NOON, stopped=NOON)
    OrmQ.objects.create(key="k", payload="p")


def make_client(user: User | None) -> Client:
    client = Client(raise_request_exception=False)
    if user:
        client.force_login(user, backend=LOCAL)
    return client


def looker() -> User:
    """Staff who may look at everything and change nothing."""
    user = User.objects.create_user("vera", "vera@x.io", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    return user


def boss() -> User:
    return User.objects.create_superuser("root", "root@x.io", "x")


def table_contents() -> dict[str, str]:
    return {
        model._meta.label_lower: serializers.serialize("json", model._default_manager.order_by("pk"))
        for model in apps.get_models()
        if model._meta.label_lower not in UNWATCHED and not model._meta.proxy
    }


def addresses() -> Iterator[str]:
    """Every address of the admin, with numbers that mean a row and ones that mean none."""
    for route in ADMIN_ROUTES:
        for value in ("1", "987654"):
            yield re.sub(r"<\w+>", value, route)
    for model in admin.site._registry:
        for row in model._default_manager.all()[:3]:
            for name in ("change", "history", "delete"):
                yield reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_{name}", args=[row.pk])
            if hasattr(row, "history"):
                for version in row.history.all():
                    name = f"admin:{model._meta.app_label}_{model._meta.model_name}_simple_history"
                    yield reverse(name, args=[row.pk, version.pk])


def action_posts() -> Iterator[tuple[str, dict]]:
    """Every action of every list, on its first rows."""
    for model, site in admin.site._registry.items():
        try:
            url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        except NoReverseMatch:
            continue
        pks = [str(row.pk) for row in model._default_manager.all()[:3]]
        names = [name for _, name, _ in site._get_base_actions()] if pks else []
        for name in names:
            yield url, {"action": name, "_selected_action": pks, "confirmed": "1", "post": "yes"}


def assert_unchanged(before: dict[str, str]) -> None:
    after = table_contents()
    assert {name for name in before if before[name] != after[name]} == set()


def test_who_is_no_admin_changes_nothing_there(rows):
    """That they get in nowhere is asked of every address in test_every_address."""
    client = make_client(make_person("responder"))
    before = table_contents()
    for url in sorted(set(addresses())):
        assert client.post(url).status_code in (302, 403, 404), url
    for url, form in list(action_posts()):
        assert client.post(url, form).status_code in (302, 403)
    assert_unchanged(before)


@pytest.mark.slow
def test_staff_who_may_only_look_change_nothing_anywhere(rows):
    client = make_client(looker())
    before = table_contents()
    for url in sorted(set(addresses())):
        answer = client.post(url, {"name": "A", "floor_dollars": "9999", "post": "yes"})
        assert answer.status_code in (200, 302, 400, 403, 404, 405), (url, answer.status_code)
    for url, form in list(action_posts()):
        client.post(url, form)
    assert_unchanged(before)


@pytest.mark.slow
def test_an_admin_gets_an_answer_from_every_address(rows):
    client = make_client(boss())
    failed = [url for url in sorted(set(addresses())) if client.get(url).status_code >= 500]
    assert failed == []


def test_of_other_packages_nothing_is_offered_but_logins_and_what_runs_or_was_refused():
    """An account at the provider, or an address said to be verified, would let its maker in as anybody."""
    own = {"collector", "detection", "groups", "incidents", "tracker"}
    foreign = {model._meta.label_lower for model in admin.site._registry if model._meta.app_label not in own}
    assert foreign == {
        "auth.user",
        *(f"axes.{name}" for name in ("accessattempt", "accessfailurelog", "accesslog")),
        *(f"django_q.{name}" for name in ("failure", "ormq", "schedule", "success")),
    }


@pytest.mark.parametrize("model", ["schedule", "success", "failure", "ormq"])
def test_nobody_adds_changes_runs_or_deletes_a_task_by_hand(rows, model):
    client = make_client(boss())
    row = {"schedule": Schedule, "ormq": OrmQ}.get(model, Task).objects.order_by("pk").last()
    before = table_contents()
    form = {"name": "x", "func": "os.system", "args": "'id',", "schedule_type": "O", "repeats": "-1"}
    assert client.post(reverse(f"admin:django_q_{model}_add"), form).status_code == 403
    for url, data in action_posts():
        if f"/{model}/" in url:
            client.post(url, data)
    client.post(reverse(f"admin:django_q_{model}_change", args=[row.pk]), form)
    client.post(reverse(f"admin:django_q_{model}_delete", args=[row.pk]), {"post": "yes"})
    assert_unchanged(before)


@pytest.mark.parametrize("model", ["accessattempt", "accesslog", "accessfailurelog"])
def test_the_lock_outs_are_read_by_superusers_alone(rows, model):
    url = reverse(f"admin:axes_{model}_changelist")
    assert make_client(boss()).get(url).status_code == 200
    assert make_client(boss_without_flag()).get(url).status_code == 403
    assert (
        make_client(User.objects.get(username="root"))
        .post(reverse(f"admin:axes_{model}_add"), {})
        .status_code
        == 403
    )


def boss_without_flag() -> User:
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    return user


def test_only_superusers_change_logins_since_who_can_may_become_anybody(rows):
    url = reverse("admin:auth_user_changelist")
    assert make_client(boss()).get(url).status_code == 200
    assert make_client(boss_without_flag()).get(url).status_code == 403


def test_only_superusers_say_who_is_an_administrator(rows):
    vera = boss_without_flag()
    User.objects.filter(pk=vera.pk).update(email="vera@x.io")
    url = reverse("admin:tracker_accesssettings_changelist")
    form = {"default_role": "responder", "admin_list": "vera@x.io", "viewers_see": "names"}
    client = make_client(vera)
    client.post(url, form | {"responder_list": "", "smallest_group": "5"})
    client.get("/")
    assert AccessSettings.get_solo().admin_list == ""
    assert not User.objects.get(pk=vera.pk).is_superuser


@pytest.mark.parametrize(
    "row",
    [
        lambda: Exemption.objects.get(),
        lambda: changes.group_named("Old"),
        lambda: DetectionSettings.get_solo(),
        lambda: AccessSettings.get_solo(),
    ],
)
def test_no_admin_saves_an_old_version_again(rows, row):
    client, kept = make_client(boss()), row()
    before = table_contents()
    name = f"admin:{kept._meta.app_label}_{kept._meta.model_name}_simple_history"
    for version in kept.history.all():
        url = reverse(name, args=[kept.pk, version.pk])
        page = client.get(url)
        assert page.status_code == 200 and 'value="Revert"' not in page.content.decode()
        assert client.post(url, {"name": "A", "floor_dollars": "9999", "kind": "expected"}).status_code == 403
    assert_unchanged(before)


def test_staff_without_permissions_is_no_admin_over_the_api_either(client):
    client.force_login(User.objects.create_user("vera", "v@x.io", is_staff=True), backend=LOCAL)
    answer = client.put("/api/settings", {"floorCents": 999900}, content_type="application/json")
    assert answer.status_code == 403
    assert DetectionSettings.get_solo().floor_dollars != 9999


def test_the_role_admin_brings_the_admin_with_it_with_and_without_sign_in(client):
    person = make_person("admin")
    client.force_login(person, backend=LOCAL)
    assert client.get("/admin/").status_code == 200
    person.refresh_from_db()
    assert person.is_superuser


def test_the_form_of_a_login_says_that_the_role_decides(client):
    client.force_login(boss(), backend=LOCAL)
    page = client.get(reverse("admin:auth_user_change", args=[User.objects.get().pk])).content.decode()
    assert "Administrator: can also change settings" in page
    assert "user_permissions" not in page


def test_the_schedules_row_is_shown(rows):
    page = make_client(boss()).get(reverse("admin:django_q_schedule_changelist")).content.decode()
    assert "tracker.tasks.hourly" in page

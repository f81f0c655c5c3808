from datetime import UTC, datetime

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.management import call_command

from collector.models import Member
from tracker.management.commands import serve
from tracker.models import SetUp
from tracker.running.demo import first_admin, load_demo, mark_demo

MONDAY = datetime(2026, 3, 2, 14, tzinfo=UTC)


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    return tmp_path


def test_a_later_start_goes_on_with_the_same_company(var):
    first = load_demo(MONDAY)
    later = load_demo(datetime(2026, 3, 9, 8, tzinfo=UTC))
    assert (later.anchor_at, later.key) == (first.anchor_at, first.key)
    assert first.anchor_at == "2026-03-02T14:00:00+00:00"


def test_nobody_else_can_read_the_demo_key(var):
    load_demo(MONDAY)
    assert (var / "demo.json").stat().st_mode & 0o077 == 0


@pytest.mark.django_db
def test_the_first_admin_can_sign_in_and_is_made_once(client):
    name, password = first_admin()
    assert authenticate(client.request().wsgi_request, username=name, password=password).is_superuser
    assert first_admin() is None
    assert get_user_model().objects.count() == 1


@pytest.mark.django_db
def test_no_password_is_made_up_where_only_the_provider_s_people_come_in(settings):
    settings.AUTH_ENABLED = True
    assert first_admin() is None
    assert not get_user_model().objects.exists()


@pytest.mark.django_db
def test_the_demo_begins_in_no_database_with_a_teams_own_data(settings, var):
    settings.CURSOR_ADMIN_API_KEY = "key_1"
    assert serve._demo(MONDAY) is None  # there is a key
    settings.CURSOR_ADMIN_API_KEY = ""
    assert serve._demo(MONDAY) is not None
    mark_demo(MONDAY)
    begun_at = SetUp.get_solo().demo_at
    Member.objects.create(email="made@up.example", first_seen_at=MONDAY, last_seen_at=MONDAY)
    later = datetime(2026, 3, 9, tzinfo=UTC)
    assert serve._demo(later) is not None  # the same demo goes on
    mark_demo(later)
    assert SetUp.get_solo().demo_at == begun_at == MONDAY
    SetUp.objects.update(demo_at=None)
    assert serve._demo(MONDAY) is None  # a team without a key imports its usage


class NotedChildren:
    """What `serve` starts and lets finish, in order, and starts nothing."""

    order: list[str] = []

    def __init__(self, environment):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def __contains__(self, name):
        return name in self.order

    def start(self, name, *_, **__):
        self.order.append(name)

    def finish(self, name):
        self.order.append(f"{name} is made")
        return 0


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("is_new", "is_made", "order"),
    [
        (True, False, ["the sandbox", serve.PAST, "migrate", "the site", f"{serve.PAST} is made", "serve"]),
        (False, False, ["migrate", "the sandbox", serve.PAST, "the site", f"{serve.PAST} is made", "serve"]),
        (False, True, ["migrate", "the sandbox", "the site", "serve"]),
    ],
)
def test_a_new_database_is_migrated_and_the_site_starts_while_the_demo_begins(
    settings, var, monkeypatch, is_new, is_made, order
):
    settings.CURSOR_ADMIN_API_KEY = ""
    noted = NotedChildren.order
    monkeypatch.setattr(serve, "Children", NotedChildren)
    monkeypatch.setattr(serve, "is_empty", lambda: is_new)
    monkeypatch.setattr(serve, "is_made", lambda: is_made)
    monkeypatch.setattr(serve, "_migrate", lambda: noted.append("migrate"))
    monkeypatch.setattr(serve, "_refuse_taken", lambda bind: noted.clear())
    monkeypatch.setattr(serve.Command, "_serve", lambda *_: noted.append("serve"))
    call_command("serve")
    assert noted == order
    assert SetUp.get_solo().demo_at

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone
from django_q.models import Task
from django_q.tasks import queue_size

from collector.admin import CollectedAdmin
from collector.collecting.runs import CollectReport
from collector.models import BillingCycle, CursorGroup, DirectoryGroup, Reconciliation, SourceRun
from collector.tasks import collect_now, queue_collection
from tests.detection.facts import make_member

pytestmark = pytest.mark.django_db
RUNS = "admin:collector_sourcerun_changelist"


def make_run(**fields) -> SourceRun:
    now = timezone.now()
    defaults = {"source": "events", "status": "ok", "started_at": now, "finished_at": now}
    return SourceRun.objects.create(**{**defaults, **fields})


COLLECTED = [model for model, each in admin.site._registry.items() if isinstance(each, CollectedAdmin)]


@pytest.mark.parametrize("model", COLLECTED, ids=lambda model: model.__name__)
def test_everything_collected_is_listed_and_nothing_is_edited(admin_client, model):
    name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
    assert admin_client.get(reverse(f"{name}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"{name}_add")).status_code == 403


def test_a_list_of_groups_asks_once_for_the_directory_groups(admin_client):
    seen = {"first_seen_at": timezone.now(), "last_seen_at": timezone.now()}
    for number in range(12):
        directory = DirectoryGroup.objects.create(cursor_id=f"d{number}", name=f"Directory {number}", **seen)
        CursorGroup.objects.create(cursor_id=f"g{number}", name="Web", directory_group=directory, **seen)
    with CaptureQueriesContext(connection) as queries:
        page = admin_client.get(reverse("admin:collector_cursorgroup_changelist")).content.decode()
    assert "Directory 11" in page
    alone = [query for query in queries if 'FROM "collector_directorygroup"' in query["sql"]]
    assert alone == []


def test_runs_show_their_error_and_how_fresh_each_source_is(admin_client):
    make_run(status="failed", error="POST /teams/spend: it answered 503", source="spend")
    page = admin_client.get(reverse(RUNS)).content.decode()
    assert page.count("POST /teams/spend: it answered 503") == 3  # in the banner, above the list, and in it
    assert "failed (stale)" in page


def test_collecting_now_is_queued_once_an_hour(admin_client):
    for _ in range(2):
        page = admin_client.post(reverse("admin:collector_collect_now"), follow=True).content.decode()
        make_run()
    assert "one collection an hour" in page
    assert queue_size() == 1


def test_a_run_stamped_by_a_clock_far_ahead_does_not_keep_anybody_from_collecting_now():
    now = timezone.now()
    make_run(started_at=now + timedelta(days=300))
    assert queue_collection(now).task


def test_who_may_only_look_at_runs_cannot_ask_for_one():
    looker = User.objects.create_user("vera", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_sourcerun"))
    browser = Client()
    browser.force_login(looker)
    assert "Collect now" not in browser.get(reverse(RUNS)).content.decode()
    assert browser.post(reverse("admin:collector_collect_now")).status_code == 403
    looker.user_permissions.add(Permission.objects.get(codename="change_sourcerun"))
    assert "Collect now" in browser.get(reverse(RUNS)).content.decode()
    assert browser.post(reverse("admin:collector_collect_now")).status_code == 302


def test_when_the_next_collection_is_possible_is_shown_before_the_click(admin_client):
    page = admin_client.get("/admin/collector/sourcerun/").content.decode()
    assert "Next possible" not in page
    started = timezone.now() - timedelta(minutes=10)
    SourceRun.objects.create(source="events", status="ok", trigger="collect", started_at=started)
    page = admin_client.get("/admin/collector/sourcerun/").content.decode()
    assert f"Next possible at {started + timedelta(hours=1):%H:%M} UTC." in page


@pytest.mark.parametrize(
    ("hours", "shown"),
    [(2, "12 Mar 2026, 10:00 to 12:00"), (24, "12 Mar 2026, 10:00 to 13 Mar 2026, 10:00"), (0, "")],
)
def test_the_window_of_a_run_names_its_day_once(hours, shown):
    start = datetime(2026, 3, 12, 10, tzinfo=UTC)
    run = SourceRun(window_start_at=start, window_end_at=start + timedelta(hours=hours))
    assert admin.site._registry[SourceRun].window(run) == shown


def test_after_an_hour_or_a_failure_it_may_be_asked_again():
    now = timezone.now()
    make_run(started_at=now - timedelta(minutes=59))
    assert queue_collection(now).words.startswith("Not started")
    assert queue_collection(now + timedelta(minutes=1)).words.startswith("Queued")
    make_run(status="failed")
    assert queue_collection(now).words.startswith("Queued")


def test_what_is_queued_collects_or_says_why_not(settings):
    settings.CURSOR_ADMIN_API_KEY = ""
    assert collect_now().startswith("CURSOR_ADMIN_API_KEY is not set")


def test_what_was_queued_twice_collects_once(monkeypatch):
    collected = []

    def collect(now):
        collected.append(make_run(started_at=now))
        return CollectReport()

    monkeypatch.setattr("collector.tasks.collect", collect)
    assert [queue_collection(timezone.now()).words[:6] for _ in range(2)] == ["Queued", "Queued"]
    assert collect_now() == "0 new rows, 0 changed, 0 requests"
    assert collect_now().startswith("Not started: Cursor allows one collection an hour.")
    assert len(collected) == 1


def ask_live(client: Client) -> tuple[str, str]:
    """The part of the page that htmx gets, and the address that it asks next."""
    part = client.post(
        reverse("admin:collector_collect_now"), headers={"HX-Request": "true"}
    ).content.decode()
    found = re.search(r'hx-get="([^"]+)"', part)
    return part, found.group(1) if found else ""


def finish(address: str, **fields: object) -> None:
    now = timezone.now()
    task = {"id": address.split("/")[-3], "func": "f", "name": "n", "started": now, "stopped": now}
    Task.objects.create(**task, **fields)


def test_the_state_of_a_collection_is_shown_until_it_is_done(admin_client):
    part, address = ask_live(admin_client)
    assert "Waiting for the worker" in part and "manage.py worker" not in part
    make_run(status="running", finished_at=None)
    assert "1 source run so far" in admin_client.get(address).content.decode()
    finish(address, success=True, result="7 new rows, 0 changed, 3 requests")
    done = admin_client.get(address).content.decode()
    assert "7 new rows" in done and "hx-get" not in done


def test_a_collection_that_fails_or_that_no_worker_takes_up_says_so(admin_client):
    _, address = ask_live(admin_client)
    with time_machine.travel(timezone.now() + timedelta(seconds=20), tick=False):
        assert "python manage.py worker" in admin_client.get(address).content.decode()
    finish(address, success=False, result="Traceback")
    failed = admin_client.get(address).content.decode()
    assert "The collection failed" in failed and "Traceback" not in failed and "hx-get" not in failed


def test_a_collection_asked_too_soon_is_refused_in_place(admin_client):
    make_run()
    part, address = ask_live(admin_client)
    assert "one collection an hour" in part and address == ""


def test_who_may_not_collect_does_not_see_the_state_either():
    looker = User.objects.create_user("vera", is_staff=True)
    browser = Client()
    browser.force_login(looker)
    assert browser.get(reverse("admin:collector_collecting", args=["x", 1])).status_code == 403


def test_only_a_post_collects(admin_client):
    assert admin_client.get(reverse("admin:collector_collect_now")).status_code == 405


def test_a_difference_is_told_in_words():
    now = timezone.now()
    cycle = BillingCycle.objects.create(start_at=now, end_at=now + timedelta(days=30))
    row = Reconciliation(
        cycle=cycle,
        taken_at=now,
        events_total_cents=Decimal(1200),
        explanation=[{"reason": "no_seat", "cents": "-1200.4"}, {"reason": "late", "cents": "0.2"}],
    )
    assert row.difference == (
        "spent without a seat (service accounts, no e-mail), which Cursor's list excludes: -$12.00"
    )


def test_the_owner_of_a_service_account_is_set_and_nothing_else(admin_client):
    ana = make_member()
    robot = make_member("robot@example.com", name="Robot", kind="service_account")
    page = reverse("admin:collector_member_change", args=[robot.pk])
    assert admin_client.post(page, {"owner": ana.pk, "name": "Other"}).status_code == 302
    robot.refresh_from_db()
    assert (robot.owner, robot.name) == (ana, "Robot")
    assert admin_client.post(page, {"owner": robot.pk}).status_code == 200  # only a person owns
    person = reverse("admin:collector_member_change", args=[ana.pk])
    assert admin_client.post(person, {"owner": ana.pk}).status_code == 403


def test_who_may_only_look_at_members_sets_no_owner():
    robot = make_member("robot@example.com", kind="service_account")
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_member"))
    client = Client()
    client.force_login(user)
    page = reverse("admin:collector_member_change", args=[robot.pk])
    assert client.get(page).status_code == 200
    assert client.post(page, {"owner": make_member().pk}).status_code == 403

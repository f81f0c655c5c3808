"""The set-up checklist: what is done, what is not, where to do it, and who is reminded."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from django.test import Client

from collector.models import MemberModelDay, SourceRun
from detection.models import DetectionSettings
from groups.models import Group
from incidents.models import Channel
from tests.tracker.conftest import make_person
from tests.tracker.pages.company import make_member
from tracker.admin_site.checklist import read_checklist
from tracker.models import AccessSettings, SetUp

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
OVERVIEW = "/"


def step(key: str):
    return next(step for step in read_checklist(NOW).steps if step.key == key)


def run(source: str = "events", status: str = "ok", error: str = "", at: datetime = NOW) -> None:
    SourceRun.objects.create(
        source=source, status=status, started_at=at, finished_at=at, error=error, trigger="collect"
    )


def test_a_new_installation_has_everything_before_it_and_says_where_each_is_done(admin_client):
    checklist = read_checklist(NOW)
    assert [step.key for step in checklist.steps] == [
        "key",
        "history",
        "groups",
        "channel",
        "budget",
        "sign-in",
        "roles",
        "backup",
        "schedule",
    ]
    assert checklist.done == 0
    for step in checklist.steps:
        assert step.why.endswith(".")
        assert not step.place or admin_client.get(step.place).status_code == 200, step.key


def test_a_key_counts_once_a_source_was_read_and_its_refusals_are_named(settings):
    settings.CURSOR_ADMIN_API_KEY = "key_x"
    assert not step("key").is_done
    run()
    run("team_analytics", "unavailable")
    assert step("key").is_done
    assert step("key").state == "reaches 1 of 8 sources; not on this plan: team analytics"
    run("spend", "failed", "Cursor refused the key: set another")
    assert (step("key").is_done, step("key").state) == (False, "Cursor refused the key: set another")


def test_history_counts_from_two_weeks_on():
    member = make_member("ann@x.io", "Ann")
    row = MemberModelDay.objects.create(member=member, model="auto", day=date(2026, 3, 1), updated_at=NOW)
    assert (step("history").is_done, step("history").state) == (False, "usage since 1 Mar 2026")
    MemberModelDay.objects.filter(pk=row.pk).update(day=date(2026, 2, 26))
    assert step("history").is_done


def test_a_channel_counts_once_something_got_through():
    channel = Channel.objects.create(name="ops", kind="webhook", target="http://127.0.0.1:1/")
    assert not step("channel").is_done
    Channel.objects.filter(pk=channel.pk).update(last_ok_at=NOW)
    assert step("channel").is_done
    Channel.objects.filter(pk=channel.pk).update(last_error="No answer")
    assert (step("channel").is_done, step("channel").state) == (False, "0 of 1 channel working")


def test_groups_a_budget_sign_in_and_roles_count_when_they_are_there(settings):
    Group.objects.create(name="Core", created_at=NOW)
    DetectionSettings.objects.update_or_create(pk=1, defaults={"team_budget_dollars": 500})
    settings.AUTH_ENABLED = True
    AccessSettings.objects.update_or_create(pk=1, defaults={"responder_list": "ops@x.io"})
    done = {step.key for step in read_checklist(NOW).steps if step.is_done}
    assert done == {"groups", "budget", "sign-in", "roles"}


def test_a_backup_counts_for_eight_days_and_the_job_for_three_hours():
    SetUp.objects.create(backed_up_at=NOW - timedelta(days=7))
    run(at=NOW - timedelta(hours=2))
    assert step("backup").is_done and step("schedule").is_done
    program, script, *rest = step("backup").command.split()
    assert Path(program).is_absolute() and Path(script).is_file() and rest == ["backup", "--keep", "14"]
    SetUp.objects.update(backed_up_at=NOW - timedelta(days=9))
    SourceRun.objects.update(started_at=NOW - timedelta(hours=4))
    assert not step("backup").is_done and not step("schedule").is_done


def test_administrators_alone_are_reminded_on_the_overview_until_they_dismiss_it(client, sign_in):
    assert "Set-up: " not in sign_in("responder").get(OVERVIEW).content.decode()
    admin = Client()
    admin.force_login(make_person("admin"), backend="allauth.account.auth_backends.AuthenticationBackend")
    assert "Set-up: " in admin.get(OVERVIEW).content.decode()
    assert admin.post("/admin/setup/dismiss/")["Location"] == OVERVIEW
    assert "Set-up: " not in admin.get(OVERVIEW).content.decode()
    assert "Show the reminder on the overview again" in admin.get("/admin/").content.decode()
    admin.post("/admin/setup/dismiss/", {"restore": "yes"})
    assert "Set-up: " in admin.get(OVERVIEW).content.decode()


def test_the_checklist_costs_few_queries(django_assert_max_num_queries):
    SetUp.get_solo()
    with time_machine.travel(NOW), django_assert_max_num_queries(2):
        read_checklist(NOW)

"""The admin's front page: what there is to do, where it is, and how it stands."""

import re
from datetime import UTC, datetime

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import User

from collector.models import SourceRun
from detection.models import DetectionSettings
from incidents.models import Channel
from tracker.admin_site import board

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)


def text_of(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def front_page(client) -> str:
    return client.get("/admin/").content.decode()


def test_the_front_page_lists_tasks_in_the_order_in_which_they_are_needed(admin_client):
    headings = re.findall(r"<h2[^>]*>([^<]+)</h2>", front_page(admin_client))
    assert [h for h in headings if h != "Set-up"] == [
        "Alerts",
        "Groups and budgets",
        "People and access",
        "Data",
        "Under the hood",
    ]


def test_every_entry_says_what_it_is_for_and_how_it_stands(admin_client):
    Channel.objects.create(name="ops", kind="webhook", target="http://127.0.0.1:1/x")
    Channel.objects.create(name="team", kind="webhook", target="http://127.0.0.1:1/x", last_error="no answer")
    DetectionSettings.objects.update_or_create(pk=1, defaults={"floor_dollars": 80, "continuation_hours": 12})
    text = text_of(front_page(admin_client))
    assert "Channels Choose who is notified, and send a test. 2 channels, 1 failing" in text
    assert "Detection Change a threshold, and test it on the past 30 days. 2 settings changed" in text


def test_the_front_page_asks_at_most_twenty_queries(admin_client, django_assert_max_num_queries):
    front_page(admin_client)
    with django_assert_max_num_queries(20):
        front_page(admin_client)


def test_without_a_channel_the_board_says_that_nobody_is_notified(admin_client):
    assert "none: nobody is notified" in text_of(front_page(admin_client))


def test_a_failing_source_is_counted_on_the_board(admin_client):
    with time_machine.travel(NOW, tick=False):
        admin_client.force_login(User.objects.get())  # the session is of today, not of NOW
        SourceRun.objects.create(
            source="events", status="failed", started_at=NOW, finished_at=NOW, error="POST: it answered 503"
        )
        assert "8 sources, 1 failing" in text_of(front_page(admin_client))


def test_every_table_stands_on_the_board_once(admin_client):
    page = front_page(admin_client).partition('class="board"')[2]
    for model in admin.site._registry:
        address = f'href="/admin/{model._meta.app_label}/{model._meta.model_name}/"'
        assert page.count(address) == 1, model


def test_staff_who_are_not_superusers_do_not_see_under_the_hood(client):
    client.force_login(User.objects.create_user("staff", is_staff=True))
    assert "Under the hood" not in front_page(client)


def test_a_page_of_the_admin_leads_back_to_where_one_came_from(admin_client):
    admin_client.get("/admin/", headers={"Referer": "http://testserver/insights?period=7d"})
    page = admin_client.get("/admin/incidents/channel/", headers={"Referer": "http://testserver/admin/"})
    assert '<a class="came-from" href="/insights?period=7d">‹ Back to Insights</a>' in page.content.decode()


@pytest.mark.parametrize(
    "referrer",
    ["https://elsewhere.example/insights", "http://testserver/nowhere", "javascript:alert(1)", "//"],
)
def test_no_other_site_becomes_the_way_back(admin_client, referrer):
    assert "came-from" not in admin_client.get("/admin/", headers={"Referer": referrer}).content.decode()


def test_the_breadcrumb_names_the_task(admin_client):
    text = text_of(admin_client.get("/admin/incidents/channel/add/").content.decode())
    assert "Admin Alerts Channels Add channel" in text


def test_dates_are_written_as_on_the_pages(admin_client):
    SourceRun.objects.create(source="events", status="ok", started_at=NOW, finished_at=NOW)
    assert "12 Mar 2026, 10:00 UTC" in admin_client.get("/admin/collector/sourcerun/").content.decode()


def test_each_entry_of_the_board_is_in_one_section_only():
    models = [entry.model for section in board.SECTIONS for entry in section.entries]
    assert len(models) == len(set(models))

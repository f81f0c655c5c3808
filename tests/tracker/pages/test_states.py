"""What a page says when there is nothing to show, or reason to doubt what it shows."""

import os
import time
from datetime import timedelta

import pytest

from collector.models import Source, SourceRun
from tests.tracker.pages import company
from tracker.access.request import Access
from tracker.access.roles import Role


def make_run(source, status, age, error=""):
    at = company.NOW - age
    SourceRun.objects.create(source=source, status=status, started_at=at, finished_at=at, error=error)


@pytest.mark.parametrize("path", ["/", "/insights"])
def test_without_a_key_an_empty_page_says_how_to_get_one(db, at_now, client, settings, path):
    settings.CURSOR_ADMIN_API_KEY = ""
    text = client.get(path).text
    assert "CURSOR_ADMIN_API_KEY" in text
    assert "import_usage_csv" in text
    assert "Daily spend" not in text


def test_with_a_key_an_empty_page_says_that_the_first_collection_runs(db, at_now, client, settings):
    settings.CURSOR_ADMIN_API_KEY = "key_of_a_test"
    text = client.get("/").text
    assert "First collection." in text
    assert "run_pipeline" in text


def test_a_first_collection_that_failed_promises_no_figures_by_themselves(db, at_now, client, settings):
    settings.CURSOR_ADMIN_API_KEY = "key_of_a_test"
    make_run(Source.MEMBERS, "failed", timedelta(minutes=5), "Cursor refused the key.")
    for path in ("/", "/insights", "/surfaces"):
        text = client.get(path).text
        assert "starts by itself" not in text
        assert "The notice above says why. After a change of <code>.env</code>, restart" in text


def test_demo_data_say_so(acme, client, settings):
    settings.DEMO = True
    assert "Demo data." in client.get("/insights").text


def test_a_failed_source_is_named_with_its_error(acme, client, settings):
    settings.CURSOR_ADMIN_API_KEY = "key_of_a_test"
    make_run(Source.EVENTS, "ok", timedelta(hours=2))
    make_run(Source.EVENTS, "failed", timedelta(hours=1), "Cursor answered 503. Try again later.")
    text = client.get("/").text
    assert "The last collection failed: usage events." in text
    assert "Cursor answered 503. Try again later." in text
    assert "Collected <time" in text
    assert ">2 h ago</time>" in text


def test_a_source_that_stopped_is_called_old(acme, client):
    make_run(Source.EVENTS, "ok", timedelta(hours=30))
    assert "usage events: last read 1 d ago" in client.get("/").text


def test_whoever_may_see_only_themselves_finds_nobody_else(acme, client, monkeypatch):
    ana = company.Member.objects.get(email="ana.novak@acme.example")
    monkeypatch.setattr("tracker.filters.visible_ids", lambda access, day: frozenset({ana.pk}))
    assert client.get("/users/ana.novak@acme.example").status_code == 200
    assert client.get("/users/eva.novak@acme.example").status_code == 404
    text = client.get("/").text
    assert "Ana Novak" in text
    assert "Eva Novak" not in text


def test_the_admin_is_offered_to_admins_alone(acme, client, monkeypatch):
    assert "Change and preview" not in client.get("/settings").text
    monkeypatch.setattr("tracker.access.guard.find_access", lambda request: Access(Role.ADMIN))
    assert "Change and preview" in client.get("/settings").text


def test_settings_show_no_secret(acme, client, settings):
    settings.SLACK_BOT_TOKEN = "xoxb-not-to-be-seen"
    settings.CURSOR_ADMIN_API_KEY = "key_not_to_be_seen"
    text = client.get("/settings").text
    assert "not-to-be-seen" not in text
    assert "not_to_be_seen" not in text


def test_the_clock_of_the_server_moves_no_day(acme, client, monkeypatch):
    in_utc = client.get("/?csv=daily&period=3d").text
    monkeypatch.setitem(os.environ, "TZ", "Asia/Tokyo")
    time.tzset()
    try:
        assert client.get("/?csv=daily&period=3d").text == in_utc
    finally:
        monkeypatch.undo()
        time.tzset()

"""Cursor answers and its events are hours old: pages say so, and count the hours after as unknown."""

from datetime import timedelta

import pytest

from collector.models import SourceRun, Watermark
from incidents.models import IncidentSettings
from tests.tracker.pages import company

SENT = company.NOW.replace(hour=3, minute=36)


@pytest.fixture
def lagging(acme):
    read_at = company.NOW - timedelta(minutes=5)
    SourceRun.objects.create(
        source="events", status="ok", started_at=read_at, finished_at=read_at, window_end_at=read_at
    )
    Watermark.objects.update(complete_until_at=read_at, sent_until_at=SENT)


def notice_after(hours):
    settings = IncidentSettings.get_solo()
    settings.vendor_lag_hours = hours
    settings.save()


@pytest.mark.parametrize("path", ["/", "/insights", "/incidents"])
def test_every_page_says_up_to_when_cursor_has_sent_events(lagging, client, path):
    text = client.get(path).text
    assert "Cursor has sent events up to 03:36 UTC" in text
    assert "No news since" not in text


def test_the_notice_comes_after_the_hours_that_are_set(lagging, client):
    hours = int((company.NOW - SENT) / timedelta(hours=1))
    notice_after(hours)
    assert "its newest events are older than usual" in client.get("/").text
    notice_after(hours + 1)
    assert "its newest events are older than usual" not in client.get("/").text
    notice_after(0)
    assert "its newest events are older than usual" not in client.get("/").text


def test_without_a_lag_no_page_speaks_of_one(acme, client):
    assert "Cursor has sent events" not in client.get("/").text

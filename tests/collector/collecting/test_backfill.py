from datetime import UTC, datetime, timedelta

import pytest
from django.core.management import call_command

from collector.collecting.backfill import backfill, next_window
from collector.collecting.windows import Window
from collector.cursor.client import CursorClient
from collector.cursor.events import PATH
from collector.cursor.limits import Limiter
from collector.models import SourceRun, UsageEvent, Watermark
from collector.sources import events
from sandbox import Sandbox, build_company
from tests.collector.fake_api import event, events_page, ms

from .test_collect import NOW, true_cents

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def company():
    return build_company(members=4, days=100, seed=3, now=NOW, has_stories=False)


@pytest.fixture
def client(company):
    with Sandbox(company, enforces_limits=False) as sandbox:
        yield CursorClient(sandbox.url, sandbox.key, limiter=Limiter(is_unlimited=True))


def stored_cents():
    return sum(UsageEvent.objects.values_list("charged_cents", flat=True))


def test_it_reads_back_in_windows_of_thirty_days_until_one_is_empty(client, company):
    report = backfill(NOW, client=client)
    assert report.failed == []
    assert stored_cents() == true_cents(company, NOW - 200 * DAY, NOW.replace(second=0))
    windows = SourceRun.objects.filter(source="events", trigger="backfill").order_by("started_at")
    assert [(run.window_end_at - run.window_start_at).days for run in windows] == [30] * len(windows)
    assert windows.last().rows_seen == 0
    assert report.complete_from["events"] <= NOW - 100 * DAY


def test_it_stops_at_the_days_asked_for_and_goes_further_another_time(client, company):
    for days in (45, 45, 60):
        backfill(NOW, days=days, client=client)
        start = (NOW - days * DAY).replace(hour=0, minute=0, second=0)
        assert stored_cents() == true_cents(company, start, NOW.replace(second=0))
        assert Watermark.objects.get(source="events").complete_from_at == start


def test_killed_in_the_middle_it_goes_on_where_it_stopped(client, company, monkeypatch):
    class Killed(BaseException):
        pass

    backfill(NOW, days=31, client=client)
    parts: list[Window] = []

    def kill(source, part, result):
        parts.append(part)
        raise Killed

    with pytest.raises(Killed):
        backfill(NOW, client=client, progress=kill)
    assert Watermark.objects.get(source="events").complete_from_at == parts[0].start_at
    backfill(NOW, client=client)
    assert stored_cents() == true_cents(company, NOW - 200 * DAY, NOW.replace(second=0))


def test_parts_of_a_window_backwards_keep_what_is_complete_in_one_piece(told, client, monkeypatch):
    monkeypatch.setattr("collector.cursor.events.LARGEST_PART", 1)
    monkeypatch.setattr("collector.cursor.events.AIM", 1)
    end = datetime(2026, 9, 16, tzinfo=UTC)
    Watermark.objects.create(source="events", complete_from_at=end, complete_until_at=NOW)
    times = [end - timedelta(hours=hours) for hours in (1, 30)]
    told.tell(
        PATH,
        lambda body: events_page(
            [event(at) for at in times if body["startDate"] <= ms(at) <= body["endDate"]]
        ),
    )
    client.base_url = "https://cursor.test"
    marks = []
    events.sync(
        client,
        Window(end - 2 * DAY, end, NOW, is_backwards=True),
        lambda part, result: marks.append(Watermark.objects.get().complete_from_at),
    )
    assert marks == [end - DAY, end - 2 * DAY]


def test_a_collection_meanwhile_stays_as_far_as_it_came(told, client):
    client.base_url = "https://cursor.test"
    end, later = NOW - DAY, NOW + timedelta(hours=1)
    Watermark.objects.create(source="events", complete_from_at=end, complete_until_at=later)
    told.tell(PATH, events_page([event(end - timedelta(hours=1))]))
    events.sync(client, Window(end - DAY, end, NOW, is_backwards=True))
    mark = Watermark.objects.get()
    assert (mark.complete_from_at, mark.complete_until_at) == (end - DAY, later)


def test_nothing_is_asked_before_anything_is_complete():
    assert next_window("events", None, NOW) is None


def test_the_command_says_since_when_each_source_is_complete(client, monkeypatch, capsys, time_machine):
    time_machine.move_to(NOW)
    monkeypatch.setattr(CursorClient, "from_settings", lambda: client)
    call_command("backfill", "--days=40")
    assert "events is complete since 2026-08-07 00:00 UTC" in capsys.readouterr().out


def test_an_api_that_refuses_to_look_so_far_back_is_read_to_its_first_day(told, client, monkeypatch):
    client.base_url = "https://cursor.test"
    end = datetime(2026, 9, 1, tzinfo=UTC)
    Watermark.objects.create(source="events", complete_from_at=end, complete_until_at=NOW)
    first = end - 11 * DAY
    # Nothing on four days: a short window without events is no end.
    times = [end - hours * timedelta(hours=7) for hours in (*range(1, 23), *range(37, 38))]

    def answer(body):
        if body["startDate"] < ms(first):
            return 400, {"error": "Bad Request", "message": "startDate is too far back"}, {}
        return events_page([event(at) for at in times if body["startDate"] <= ms(at) <= body["endDate"]])

    told.tell(PATH, answer)
    monkeypatch.setattr("collector.collecting.backfill.SOURCES", ("events",))
    report = backfill(NOW, client=client)
    assert (report.failed, report.complete_from["events"]) == ([], first)
    assert UsageEvent.objects.count() == 23
    error = SourceRun.objects.latest("started_at").error
    assert error == f"not available so far back: POST {PATH} answered 400 startDate is too far back"


def test_an_api_that_allows_only_short_windows_ends_after_a_month_without_events(told, client, monkeypatch):
    client.base_url = "https://cursor.test"
    end = datetime(2026, 9, 1, tzinfo=UTC)
    Watermark.objects.create(source="events", complete_from_at=end, complete_until_at=NOW)
    monkeypatch.setattr("collector.collecting.backfill.SOURCES", ("events",))
    told.tell(
        PATH,
        lambda body: (
            events_page([])
            if body["endDate"] - body["startDate"] <= ms(end) - ms(end - 7 * DAY)
            else (400, {"error": "Bad Request", "message": "at most 7 days"}, {})
        ),
    )
    report = backfill(NOW, client=client)
    assert (report.failed, report.complete_from["events"]) == ([], end - 35 * DAY)

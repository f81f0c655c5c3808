"""An API that answers no window as long as is asked for, or none that reaches as far back."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting import runs
from collector.collecting.backfill import backfill
from collector.cursor.errors import CursorApiError
from collector.cursor.events import PATH
from collector.models import Doubt, SourceRun, UsageEvent, Watermark
from tests.collector.fake_api import event, events_page, ms, spend_page, spend_row

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
END = NOW.replace(second=0)
DAY = timedelta(days=1)
TIMES = [END - days * DAY - timedelta(hours=1) for days in range(40)]  # an event a day
TOO_MUCH = (400, {"error": "Bad Request", "message": "Date range is not allowed"}, {})
TIMED_OUT = (504, {}, {})

Refusal = Callable[[dict], object]  # of a question; nothing where it is answered


def longer_than(days: int, answer: object) -> Refusal:
    return lambda body: answer if body["endDate"] - body["startDate"] > days * 86_400_000 else None


def before(instant: datetime, answer: object) -> Refusal:
    return lambda body: answer if body["startDate"] < ms(instant) else None


def tell(told, refuses: Refusal) -> None:
    def answer(body: dict) -> object:
        inside = [event(at) for at in TIMES if body["startDate"] <= ms(at) <= body["endDate"]]
        return refuses(body) or events_page(inside)

    told.tell(PATH, answer)
    told.tell("/teams/spend", spend_page([spend_row("ana@example.com")], start=NOW - 3 * DAY))


def collect(client, now: datetime = NOW) -> runs.CollectReport:
    return runs.collect(now, client=client, sources=["spend", "events"])


def marks() -> tuple[datetime, datetime]:
    return Watermark.objects.values_list("complete_from_at", "complete_until_at").get()


@pytest.mark.parametrize("refused", [TOO_MUCH, TIMED_OUT])
def test_a_window_that_is_too_long_is_read_day_by_day(told, client, refused):
    tell(told, longer_than(7, refused))
    for _ in range(2):
        assert collect(client).is_ok
        assert UsageEvent.objects.count() == 30
        assert marks() == (END - 30 * DAY, END)


def test_what_is_too_far_back_is_left_out_and_the_first_day_that_is_answered_is_noted(told, client):
    tell(told, before(END - 7 * DAY, TOO_MUCH))
    assert collect(client).is_ok
    assert UsageEvent.objects.count() == 7
    assert marks() == ((END - 6 * DAY).replace(hour=0, minute=0), END)
    assert collect(client, NOW + timedelta(hours=1)).is_ok
    assert marks()[1] == END + timedelta(hours=1)


def test_what_the_vendor_gave_up_while_nothing_was_collected_holds_nothing_up(told, client):
    Watermark.objects.create(
        source="events", complete_from_at=END - 60 * DAY, complete_until_at=END - 20 * DAY
    )
    tell(told, before(END - 7 * DAY, TOO_MUCH))
    assert collect(client).is_ok
    begins = (END - 6 * DAY).replace(hour=0, minute=0)
    assert marks() == (begins, END)
    # Nothing is known of the days between: they are no days without usage.
    gap = Doubt.objects.still_open().get()
    assert (gap.source, gap.kind, gap.start_at, gap.end_at) == (
        "events", "absence", END - 20 * DAY, begins,
    )  # fmt: skip
    assert SourceRun.objects.get(source="events").status == "ok_doubts"
    assert collect(client, NOW + timedelta(hours=1)).is_ok
    assert Doubt.objects.still_open().get() == gap
    tell(told, lambda body: None)
    backfill(NOW + timedelta(hours=2), days=40, client=client)
    assert not Doubt.objects.still_open().filter(kind="absence").exists()
    assert UsageEvent.objects.filter(occurred_at__gte=END - 20 * DAY).count() == 20


@pytest.mark.parametrize("problem", [{"error": "try later"}, TIMED_OUT])
def test_a_day_that_may_be_answered_later_is_not_given_up(told, client, problem):
    began = (END - 60 * DAY, END - 20 * DAY)
    Watermark.objects.create(source="events", complete_from_at=began[0], complete_until_at=began[1])
    tell(told, before(END - 7 * DAY, problem))
    assert [run.source for run in collect(client).failed] == ["events"]
    assert UsageEvent.objects.count() == 7
    assert marks() == began


def test_nothing_is_asked_day_by_day_where_nothing_is_answered_at_all(told, client):
    tell(told, lambda body: TIMED_OUT)
    told.tell("/teams/spend", TIMED_OUT)
    with pytest.raises(CursorApiError, match="answered 504, 7 times in a row"):
        collect(client)
    assert len(told.asked[PATH]) == 7

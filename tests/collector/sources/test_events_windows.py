"""Windows, pages and parts of usage events: complete, or nothing of them."""

from datetime import timedelta
from decimal import Decimal

import pytest

from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.cursor.errors import CursorApiError
from collector.models import Doubt, Member, RejectedRow, UsageEvent, Watermark
from collector.sources import events
from tests.collector.fake_api import event, events_page, ms

from .test_events import END, NOON, PATH, START, WINDOW, stored, sync, totals

pytestmark = pytest.mark.django_db


def test_pages_are_added_up(told, client, monkeypatch):
    monkeypatch.setattr(reading, "PAGE_SIZE", 1)
    rows = [event(NOON), event(NOON, "bo@example.com")]
    told.tell(PATH, *[events_page([row], total=2, page=n, pages=2) for n, row in enumerate(rows, 1)])
    assert events.sync(client, WINDOW).new == 2
    assert [asked["page"] for asked in told.asked[PATH]] == [1, 2]


SECOND = timedelta(seconds=1)
ONE, TWO = event(NOON), event(NOON, "bo@example.com")


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([events_page([ONE], total=5)], "1 came in 1 pages, 5 were announced"),
        (
            [events_page([ONE], total=2, pages=2), events_page([ONE], total=2, page=2, pages=2)],
            "repeats page 1",
        ),
        (
            [events_page([ONE], total=2, pages=3), events_page([], total=2, page=2, pages=3)],
            "page 2 is empty, yet more",
        ),
        ([events_page([ONE], total=2, pages=2)] * 2, "page 2 was requested, page 1 came"),
        ([events_page([event(END + timedelta(hours=1))])], "is outside"),
        ([{"error": "oops"}], "an error: oops"),
        ([{"pagination": {}}], "totalUsageEventsCount"),
    ],
)
def test_pages_that_cannot_be_true_leave_everything_as_it_was(told, client, pages, problem):
    sync(told, client, event(NOON - timedelta(hours=1), "old@example.com"))
    before = stored(), totals(), Watermark.objects.get().complete_until_at
    told.tell(PATH, *pages)
    with pytest.raises(CursorApiError, match=problem):
        events.sync(client, Window(START, END + timedelta(hours=1), END))
    assert (stored(), totals(), Watermark.objects.get().complete_until_at) == before
    assert set(Member.objects.values_list("email", flat=True)) == {"old@example.com"}


def test_a_total_that_moves_while_reading_starts_the_reading_again(told, client):
    rows = [ONE, TWO, event(NOON, "cy@example.com")]
    told.tell(
        PATH,
        events_page(rows[:1], total=2, page=1, pages=2),
        events_page(rows[:1], total=3, page=2, pages=3),
        *[events_page([row], total=3, page=n, pages=3) for n, row in enumerate(rows, 1)],
    )
    assert events.sync(client, WINDOW).new == 3


def test_a_long_window_is_read_in_parts_that_are_each_committed(told, client, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_PART", 2)
    monkeypatch.setattr(reading, "AIM", 1)
    times = [START + timedelta(hours=hour) for hour in (1, 9, 17)]

    def answer(body: dict) -> dict:
        inside = [event(at) for at in times if body["startDate"] <= ms(at) <= body["endDate"]]
        return events_page(inside)

    told.tell(PATH, answer)
    parts: list[tuple[Window, int]] = []
    events.sync(client, WINDOW, lambda part, result: parts.append((part, result.new)))
    assert [(part.start_at.hour, part.end_at.hour, new) for part, new in parts] == [
        (0, 8, 1),
        (8, 16, 1),
        (16, 0, 1),
    ]
    assert len(stored()) == 3


def test_what_was_committed_before_a_failure_stays_and_the_watermark_says_so(told, client, monkeypatch):
    monkeypatch.setattr(reading, "LARGEST_PART", 1)
    monkeypatch.setattr(reading, "AIM", 1)
    morning, evening = event(START + timedelta(hours=1)), event(START + timedelta(hours=13))
    told.tell(PATH, events_page([morning, evening]), events_page([morning]), (400, {"message": "no"}, {}))
    with pytest.raises(CursorApiError):
        events.sync(client, WINDOW)
    assert len(stored()) == 1
    assert Watermark.objects.get().complete_until_at == NOON


@pytest.mark.parametrize("total", [1, 3, 5])
def test_a_total_that_differs_by_a_few_is_a_doubt_with_both_figures(told, client, total):
    told.tell(PATH, events_page([ONE, TWO], total=total))
    result = events.sync(client, WINDOW)
    assert (result.new, result.noted) == (2, 1)
    assert Doubt.objects.values_list("kind", "announced", "counted").get() == ("total", str(total), "2")
    told.tell(PATH, events_page([ONE, TWO]))
    assert events.sync(client, WINDOW).noted == 0
    assert not Doubt.objects.still_open().exists()


def test_events_that_lack_a_second_time_are_taken_without(told, client):
    told.tell(PATH, events_page([ONE], total=9))
    with pytest.raises(CursorApiError, match="9 were announced"):
        events.sync(client, WINDOW)
    assert (stored(), Doubt.objects.values_list("announced", "counted").get()) == ([], ("9", "1"))
    assert events.sync(client, WINDOW).new == 1


def test_a_row_that_comes_twice_beyond_the_total_counts_once(told, client):
    told.tell(PATH, events_page([ONE, ONE, TWO], total=2))
    assert events.sync(client, WINDOW).noted == 1
    assert len(stored()) == 2
    assert Doubt.objects.get().kind == "repeated"


def test_a_row_that_a_shifted_page_repeats_is_read_again_with_the_one_it_pushed_away(told, client):
    rows = [ONE, TWO, event(NOON - SECOND, "cy@example.com")]
    told.tell(
        PATH,
        events_page(rows[:2], total=3, page=1, pages=2),
        events_page(rows[1:2], total=3, page=2, pages=2),
        events_page(rows[:2], total=3, page=1, pages=2),
        events_page(rows[2:], total=3, page=2, pages=2),
    )
    assert events.sync(client, WINDOW).new == 3
    assert len(stored()) == 3


def test_two_events_alike_that_always_stand_on_two_pages_are_two(told, client):
    pages = [events_page([TWO, ONE], total=3, page=1, pages=2), events_page([ONE], total=3, page=2, pages=2)]
    told.tell(PATH, *pages * 3)
    result = events.sync(client, WINDOW)
    assert (result.new, result.noted) == (3, 1)
    assert "each counts" in Doubt.objects.get().reason


def test_rows_that_come_again_on_every_page_count_once(told, client):
    rows = [event(NOON - n * SECOND, "cy@example.com") for n in range(4)]
    pages = [events_page(rows[n : n + 2], total=6, page=n + 1, pages=3) for n in range(3)]
    told.tell(PATH, *pages * 3)
    assert (events.sync(client, WINDOW).new, UsageEvent.objects.count()) == (4, 4)
    assert set(Doubt.objects.values_list("kind", flat=True)) == {"repeated", "total"}


@pytest.mark.parametrize("total", [None, 7, 5])
def test_of_repeated_rows_those_of_another_page_go_and_not_two_alike_of_one_page(told, client, total):
    alike, *others = (event(NOON - n * SECOND, "cy@example.com") for n in range(4))
    pages = [[alike, alike, *others[:2]], others]
    answers = [events_page(rows, page=n, pages=2) for n, rows in enumerate(pages, 1)]
    told.tell(PATH, *[answer | {"totalUsageEventsCount": total} for answer in answers] * 3)
    events.sync(client, WINDOW)
    seconds = [(NOON - at).seconds for at in UsageEvent.objects.values_list("occurred_at", flat=True)]
    assert sorted(seconds) == [0, 0, 1, 2, 3]


def test_events_that_are_all_there_twice_as_the_total_says_count_with_a_doubt(told, client):
    told.tell(PATH, events_page([ONE, TWO, ONE, TWO]))
    result = events.sync(client, WINDOW)
    assert (result.new, result.noted) == (4, 1)


def test_an_amount_that_no_event_has_is_rejected_so_that_days_can_be_added_up(told, client):
    odd = [event(NOON - SECOND, chargedCents=10**7 + 1), event(NOON, chargedCents=10**7)]
    told.tell(PATH, events_page(odd))
    assert events.sync(client, WINDOW).new == 1
    assert "too large for one usage event" in RejectedRow.objects.get().reason


def test_an_event_beyond_the_window_is_stored_with_a_doubt_once(told, client):
    beyond = event(END + timedelta(milliseconds=1), "bo@example.com")
    for _ in range(2):
        told.tell(PATH, events_page([ONE, beyond]))
        assert events.sync(client, WINDOW).noted == 1
        assert len(stored()) == 2
    assert Doubt.objects.values_list("kind", "cents").get() == ("outside", Decimal("21.36232"))


@pytest.mark.parametrize("envelope", [{}, {"pagination": None}, {"pagination": {}}, {"pagination": "none"}])
def test_pages_without_an_envelope_end_where_the_total_says(told, client, monkeypatch, envelope):
    monkeypatch.setattr(reading, "PAGE_SIZE", 1)
    told.tell(PATH, *[{"totalUsageEventsCount": 2, "usageEvents": [row], **envelope} for row in (ONE, TWO)])
    assert events.sync(client, WINDOW).new == 2


def test_an_answer_that_always_promises_another_page_ends(told, client, monkeypatch):
    monkeypatch.setattr("collector.cursor.pages.MOST_PAGES", 5)
    pages = [events_page([event(NOON + n * SECOND)], total=None, page=n, pages=99) for n in range(1, 9)]
    told.tell(PATH, *[page | {"totalUsageEventsCount": 99} for page in pages])
    with pytest.raises(CursorApiError, match="more than 5 pages"):
        events.sync(client, WINDOW)


def minutes(**fields):
    return [event(NOON + timedelta(minutes=minute), **fields) for minute in range(10)]


def test_an_answer_of_which_no_row_can_be_read_is_no_hour_without_usage(told, client):
    sync(told, client, ONE)
    before = Watermark.objects.get().complete_until_at
    rows = [{**row, "occurredAt": row["timestamp"], "timestamp": None} for row in minutes()]
    told.tell(PATH, events_page(rows))
    with pytest.raises(CursorApiError, match="none of the 10 rows can be read .timestamp: "):
        events.sync(client, Window(START, END + timedelta(hours=1), END))
    assert Watermark.objects.get().complete_until_at == before
    assert RejectedRow.objects.count() == 10
    told.tell(PATH, events_page([None] * 10))
    with pytest.raises(CursorApiError, match="none of the 10 rows can be read"):
        events.sync(client, Window(START, END + timedelta(hours=1), END))


def test_billed_events_that_all_lack_their_cost_are_no_free_usage(told, client):
    told.tell(PATH, events_page(minutes(chargedCents=None, tokenUsage=None)))
    with pytest.raises(CursorApiError, match="none of the 10 billed events has a cost"):
        events.sync(client, WINDOW)
    assert (stored(), Watermark.objects.count()) == ([], 0)
    assert sync(told, client, *minutes(chargedCents=None, tokenUsage=None)[1:], ONE).new == 10


def test_requests_of_a_request_plan_count_without_a_cost(told, client):
    rows = minutes(
        chargedCents=None, tokenUsage=None, isTokenBasedCall=False, isChargeable=None, requestsCosts=2
    )
    assert sync(told, client, *rows).new == 10
    assert sum(UsageEvent.objects.values_list("request_units", flat=True)) == 20


def test_a_page_promised_after_an_hour_without_events_is_a_doubt(told, client):
    told.tell(PATH, events_page([], total=0, pages=2))
    assert (events.sync(client, WINDOW).noted, len(told.asked[PATH])) == (1, 1)
    assert Watermark.objects.get().complete_until_at == END


def by_page(*pages: dict):
    """The answer to each page that is asked for; the last stays."""
    return lambda body: pages[min(body["page"], len(pages)) - 1]


def test_a_page_that_was_not_announced_is_read_where_the_total_says_that_there_is_one(told, client):
    rest = [event(NOON + n * SECOND, "cy@example.com") for n in range(4)]
    told.tell(PATH, by_page(events_page([ONE], total=5), events_page(rest, total=5, page=2)))
    assert events.sync(client, WINDOW).new == 5
    assert Doubt.objects.get().reason == "page 2 was not announced, and has rows"


@pytest.mark.parametrize(
    "beyond", [events_page([], total=9, page=2), events_page([ONE], total=9), (404, {"message": "no"}, {})]
)
def test_where_nothing_comes_after_the_last_page_the_total_is_what_is_wrong(told, client, beyond):
    told.tell(PATH, by_page(events_page([ONE], total=9), beyond))
    with pytest.raises(CursorApiError, match="1 came in . pages, 9 were announced"):
        events.sync(client, WINDOW)
    assert events.sync(client, WINDOW).new == 1


def test_an_empty_page_between_two_others_is_no_harm_where_all_that_was_announced_came(told, client):
    first = events_page([ONE], total=2, page=1, pages=3)
    empty, last = events_page([], total=2, page=2, pages=3), events_page([TWO], total=2, page=3, pages=3)
    told.tell(PATH, by_page(first, empty, last))
    assert events.sync(client, WINDOW).new == 2
    assert Doubt.objects.get().reason == "page 2 is empty, yet more were announced"
    told.tell(PATH, by_page(*(page | {"totalUsageEventsCount": 3} for page in (first, empty, last))))
    with pytest.raises(CursorApiError, match="page 2 is empty"):
        events.sync(client, WINDOW)

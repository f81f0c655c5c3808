"""Pages of usage events that shift while they are read: others arrive, or each page is sorted anew."""

import itertools
from datetime import timedelta

import pytest

from collector.cursor.errors import CursorApiError
from collector.models import UsageEvent, Watermark
from collector.sources import events
from tests.collector.fake_api import event, events_page, ms

from .test_events import END, NOON, PATH, START, WINDOW, stored, totals

pytestmark = pytest.mark.django_db
ONE = event(NOON)


def test_a_total_that_never_stands_still_is_given_up(told, client):
    numbers = itertools.count(2)

    def answer(body: dict) -> dict:
        row = ONE | {"timestamp": body["startDate"] + body["page"]}
        return events_page([row], total=next(numbers), page=body["page"], pages=9)

    told.tell(PATH, answer)
    with pytest.raises(CursorApiError, match=r"changed from \d+ to \d+ while reading, 3 times in a row"):
        events.sync(client, WINDOW)
    assert stored() == []
    # In ever smaller parts, down to a minute.
    assert len(told.asked[PATH]) < 100
    last = told.asked[PATH][-1]
    assert last["endDate"] - last["startDate"] < 60_000


def test_events_that_keep_arriving_while_they_are_read_do_not_end_the_reading(told, client):
    rows = [event(START + timedelta(minutes=minute), chargedCents=1) for minute in range(0, 1440, 9)]

    def answer(body: dict) -> dict:
        inside = [row for row in rows if body["startDate"] <= int(row["timestamp"]) <= body["endDate"]][::-1]
        page, size = body["page"], 20
        # Another event arrives with each answer, as late as the vendor is.
        late = END - timedelta(seconds=7 * (len(rows) - 159))
        rows.append(event(late, chargedCents=1))
        rows.sort(key=lambda row: int(row["timestamp"]))
        pages = max(-(-len(inside) // size), 1)
        return events_page(inside[(page - 1) * size : page * size], total=len(inside), page=page, pages=pages)

    told.tell(PATH, answer)
    events.sync(client, WINDOW)
    assert UsageEvent.objects.count() >= 160
    assert sum(row[-2] for row in totals()) == UsageEvent.objects.count()  # a cent each
    assert Watermark.objects.get().complete_until_at == END
    # What came after its part was read is left to the next run, which begins a day earlier.
    told.tell(PATH, lambda body: events_page(rows))
    events.sync(client, WINDOW)
    assert UsageEvent.objects.count() == len(rows)


def test_pages_that_are_each_sorted_in_another_way_lose_no_event(told, client):
    rows = [event(START + timedelta(minutes=9 * n), chargedCents=1) for n in range(160)]
    turns = itertools.count(7, 11)

    def answer(body: dict) -> dict:
        inside = [row for row in rows if body["startDate"] <= int(row["timestamp"]) <= body["endDate"]]
        page, turn = body["page"], next(turns) % max(len(inside), 1)
        inside = inside[turn:] + inside[:turn]
        pages = max(-(-len(inside) // 20), 1)
        return events_page(inside[(page - 1) * 20 : page * 20], total=len(inside), page=page, pages=pages)

    told.tell(PATH, answer)
    for _ in range(2):
        events.sync(client, WINDOW)
        assert UsageEvent.objects.count() == 160
        assert sum(row[-2] for row in totals()) == 160


def test_a_total_that_counts_more_than_is_listed_is_not_chased_through_every_minute(told, client):
    """As in a server that counts rows which this key may not see: halves lack as much as the whole."""
    rows = [event(START + timedelta(minutes=5 * n), chargedCents=1) for n in range(283)]
    hidden = [ms(START + timedelta(minutes=5 * n, seconds=7)) for n in range(0, 283, 3)]

    def answer(body: dict) -> dict:
        first, last, page = body["startDate"], body["endDate"], body["page"]
        inside = [row for row in rows if first <= int(row["timestamp"]) <= last]
        total = len(inside) + sum(first <= at <= last for at in hidden)
        pages = max(-(-len(inside) // 50), 1)
        return events_page(inside[(page - 1) * 50 : page * 50], total=total, page=page, pages=pages)

    told.tell(PATH, answer)
    with pytest.raises(CursorApiError, match="283 came in 6 pages, 378 were announced"):
        events.sync(client, WINDOW)
    assert len(told.asked[PATH]) < 60
    events.sync(client, WINDOW)  # the vendor counts in another way
    assert UsageEvent.objects.count() == 283

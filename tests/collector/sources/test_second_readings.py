"""Events whose window has passed get a second look, a few requests a night at most."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from collector.base.notes import Notes
from collector.collecting.windows import Window
from collector.cursor.events import PATH
from collector.facts.doubts import store_notes
from collector.models import Doubt, MemberModelDay, RejectedRow, Source, UsageEvent
from collector.sources import events, second_readings
from tests.collector.fake_api import event, events_page

pytestmark = pytest.mark.django_db
START, END = datetime(2026, 9, 14, tzinfo=UTC), datetime(2026, 9, 15, tzinfo=UTC)
NOON = START + timedelta(hours=12)
OLD = Window(START, END, END)
NOW = Window(END, END + timedelta(hours=24), END + timedelta(hours=24))


def reject(raw):
    """Keep `raw` as a version would that could not read it."""
    notes = Notes(PATH, END)
    notes.reject(raw, "unknown form", cents=Decimal(5), at=NOON)
    store_notes(Source.EVENTS, notes, settles=False)


def test_a_row_that_can_be_read_by_now_is_stored_and_its_rejection_settled():
    reject(event(NOON))
    reject(event(NOON, "bo@example.com", chargedCents="a lot"))
    assert second_readings.recover_rejected(NOW).new == 1
    assert UsageEvent.objects.get().charged_cents == Decimal("21.36232")
    assert MemberModelDay.objects.get().total_cents == Decimal("21.36232")
    assert RejectedRow.objects.still_open().count() == 1
    assert second_readings.recover_rejected(NOW).new == 0


def test_an_event_that_came_meanwhile_stays_as_it_is(told, client):
    told.tell(PATH, events_page([event(NOON)]))
    events.sync(client, OLD)
    reject(event(NOON, chargedCents=1))
    assert second_readings.recover_rejected(NOW).new == 0
    assert UsageEvent.objects.get().charged_cents == Decimal("21.36232")
    assert not RejectedRow.objects.still_open().exists()


def test_a_row_of_the_present_window_is_left_to_its_reading():
    reject(event(NOON))
    assert second_readings.recover_rejected(OLD).seen == 0
    assert RejectedRow.objects.still_open().exists()


def test_a_stretch_whose_total_did_not_add_up_is_asked_for_again(told, client):
    told.tell(PATH, {**events_page([event(NOON)]), "totalUsageEventsCount": 2})
    events.sync(client, OLD)
    assert Doubt.objects.still_open().exists()
    told.tell(PATH, events_page([event(NOON), event(NOON + timedelta(hours=1))]))
    assert second_readings.ask_again(client, NOW).new == 1
    assert not Doubt.objects.still_open().exists()
    asked = len(told.asked[PATH])
    second_readings.ask_again(client, NOW)
    assert len(told.asked[PATH]) == asked


def test_nobody_asks_for_ever(told, client):
    told.tell(PATH, {**events_page([event(NOON)]), "totalUsageEventsCount": 2})
    for night in range(second_readings.MOST_NIGHTS + 3):
        read_at = NOW.read_at + timedelta(days=night)
        if night == 0:
            events.sync(client, OLD)
        second_readings.ask_again(client, Window(END, read_at, read_at))
    first_pages = [asked for asked in told.asked[PATH] if asked["page"] == 1]
    assert len(first_pages) == second_readings.MOST_NIGHTS + 1

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from collector.base.notes import MOST_KEPT, DoubtKind, Notes
from collector.facts.doubts import forget_settled, open_notes, store_notes
from collector.models import Doubt, RejectedRow, Source

pytestmark = pytest.mark.django_db
MONDAY = datetime(2026, 9, 14, tzinfo=UTC)
HOUR = timedelta(hours=1)


def notes_of(*raws: object, total: int | None = None, at: datetime = MONDAY) -> Notes:
    notes = Notes("/teams/spend", at)
    for raw in raws:
        notes.reject(raw, "spendCents is not a number", cents=Decimal(5))
    if total is not None:
        notes.doubt(DoubtKind.TOTAL, "1 row came, 2 were announced", announced=total, counted=1)
    return notes


def test_a_rejected_row_is_kept_once_however_often_it_comes_and_settled_when_it_no_longer_does():
    for number in range(3):
        store_notes(Source.SPEND, notes_of({"a": 1, "b": 2}, at=MONDAY + number * HOUR))
        store_notes(Source.SPEND, notes_of({"b": 2, "a": 1}, at=MONDAY + number * HOUR))
    row = RejectedRow.objects.get()
    assert (row.times, row.first_seen_at, row.last_seen_at) == (3, MONDAY, MONDAY + 2 * HOUR)
    assert (row.raw, row.reason, row.cents) == ({"a": 1, "b": 2}, "spendCents is not a number", 5)
    store_notes(Source.SPEND, Notes("/teams/spend", MONDAY + 3 * HOUR))
    assert RejectedRow.objects.get().resolved_at == MONDAY + 3 * HOUR
    assert open_notes() == {}
    store_notes(Source.SPEND, notes_of({"a": 1, "b": 2}, at=MONDAY + 4 * HOUR))
    assert RejectedRow.objects.get().resolved_at is None


def test_a_doubt_keeps_both_figures_and_follows_them():
    store_notes(Source.SPEND, notes_of(total=2))
    store_notes(Source.SPEND, notes_of(total=3, at=MONDAY + HOUR))
    doubt = Doubt.objects.get()
    assert (doubt.announced, doubt.counted, doubt.times) == ("3", "1", 2)


def test_only_what_the_reading_covered_is_settled():
    days = MONDAY, MONDAY + 24 * HOUR
    store_notes(Source.SPEND, notes_of({"a": 1}), covers=days)
    store_notes(Source.SPEND, Notes("/teams/spend", MONDAY), covers=(days[0] + HOUR, days[1]))
    store_notes(Source.SPEND, Notes("/teams/other", MONDAY))
    store_notes(Source.SPEND, Notes("/teams/spend", MONDAY), settles=False)
    assert RejectedRow.objects.still_open().count() == 1
    store_notes(Source.SPEND, Notes("/teams/spend", MONDAY), covers=days)
    assert RejectedRow.objects.still_open().count() == 0


def test_what_is_open_is_counted_with_its_money():
    store_notes(Source.SPEND, notes_of({"a": 1}, {"a": 2}, total=2))
    assert str(open_notes()["spend"]) == "1 doubt, 2 rejected rows ($0.10)"


def test_a_flood_of_rejected_rows_is_bounded_and_the_rest_is_counted():
    notes = notes_of(*range(MOST_KEPT + 7))
    store_notes(Source.SPEND, notes)
    assert RejectedRow.objects.count() == MOST_KEPT
    assert Doubt.objects.values_list("kind", "rows", "cents").get() == ("more", 7, Decimal(35))


def test_odd_text_in_a_row_is_stored_on_either_database():
    store_notes(Source.SPEND, notes_of({"a": "\x00\ud83d \u2028", "b": Decimal("1.5")}, "x" * 50_000))
    assert RejectedRow.objects.count() == 2


def test_settled_notes_are_forgotten_after_ninety_days():
    store_notes(Source.SPEND, notes_of({"a": 1}, total=2))
    store_notes(Source.SPEND, Notes("/teams/spend", MONDAY))
    forget_settled(MONDAY + timedelta(days=90))
    assert RejectedRow.objects.count() == 1
    forget_settled(MONDAY + timedelta(days=91))
    assert (RejectedRow.objects.count(), Doubt.objects.count()) == (0, 0)

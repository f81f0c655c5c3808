"""The vendor answers, and its newest events are old: that is known, and hours after them are unknown."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting.freshness import known_until, sources
from collector.collecting.lag import note_vendor_lag
from collector.models import DailyActivity, Member, Source, UsageEvent, Watermark

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 6, 17, 16, 36, tzinfo=UTC)  # a Wednesday
NEWEST = NOW - timedelta(hours=13)


@pytest.fixture
def ann():
    Watermark.objects.create(source=Source.EVENTS, complete_until_at=NOW - timedelta(minutes=5))
    return Member.objects.create(email="ann@x.io", first_seen_at=NOW, last_seen_at=NOW)


def used(member, *instants, origin="api"):
    UsageEvent.objects.bulk_create(
        UsageEvent(member=member, occurred_at=at, origin=origin, first_seen_at=NOW, changed_at=NOW)
        for at in instants
    )


def every_half_hour(start, end):
    return [start + timedelta(minutes=30 * n) for n in range(int((end - start) / timedelta(minutes=30)))]


def test_silence_where_the_same_hours_of_earlier_weeks_were_busy_is_a_lag(ann):
    used(ann, *every_half_hour(NOW - timedelta(days=10), NEWEST), NEWEST)
    assert note_vendor_lag(NOW) == NEWEST
    assert known_until(NOW) == NEWEST
    assert next(each for each in sources(NOW) if each.source == Source.EVENTS).sent_until_at == NEWEST


def test_silence_that_is_usual_at_that_hour_is_none(ann):
    weeks = [NEWEST - timedelta(weeks=n) for n in range(4)]
    used(ann, *(at for week in weeks for at in every_half_hour(week - timedelta(hours=8), week)), NEWEST)
    assert note_vendor_lag(NOW) is None
    assert known_until(NOW) == NOW - timedelta(minutes=5)


def test_a_short_silence_is_none(ann):
    used(ann, *every_half_hour(NOW - timedelta(days=10), NOW - timedelta(minutes=90)))
    assert note_vendor_lag(NOW) is None


def test_people_who_are_active_today_without_an_event_are_a_lag(ann):
    used(ann, NEWEST)
    for n in range(3):
        member = Member.objects.create(email=f"p{n}@x.io", first_seen_at=NOW, last_seen_at=NOW)
        DailyActivity.objects.create(member=member, day=NOW.date(), is_active=True, updated_at=NOW)
    assert note_vendor_lag(NOW) == NEWEST


def test_a_lag_that_is_over_is_forgotten(ann):
    used(ann, *every_half_hour(NOW - timedelta(days=10), NEWEST), NEWEST)
    note_vendor_lag(NOW)
    used(ann, *every_half_hour(NEWEST + timedelta(minutes=30), NOW))
    assert note_vendor_lag(NOW) is None
    assert known_until(NOW) == NOW - timedelta(minutes=5)


def test_nothing_is_concluded_before_anything_was_read():
    assert note_vendor_lag(NOW) is None

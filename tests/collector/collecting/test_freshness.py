"""How old what is known is, whoever brought it last."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting import freshness, watermarks
from collector.collecting.windows import Window
from collector.models import Source, SourceRun, Watermark

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 9, 16, 15, 4, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def make_run(source: str, ago: timedelta, status: str = "ok", **fields) -> None:
    at = NOW - ago
    SourceRun.objects.create(source=source, status=status, started_at=at, finished_at=at, **fields)


def known(source: str) -> freshness.SourceFreshness:
    return next(each for each in freshness.sources(NOW) if each.source == source)


def test_what_the_plan_lacks_is_not_stale_when_it_was_not_asked_again():
    make_run(Source.COMMITS, 2 * HOUR, "unavailable")
    make_run(Source.COMMITS, HOUR, "fresh")
    commits = known("commits")
    assert (commits.is_available, commits.is_stale, commits.last_run_at) == (False, False, NOW - 2 * HOUR)


def read(trigger: str, ago: timedelta, end_ago: timedelta, status: str = "ok") -> None:
    window = {"window_start_at": NOW - end_ago - DAY, "window_end_at": NOW - end_ago}
    make_run(Source.EVENTS, ago, status, trigger=trigger, **window)


def test_events_are_as_old_as_the_end_of_what_was_read():
    read("collect", HOUR, 3 * HOUR)
    assert freshness.ages(NOW)["events"] == 3 * HOUR


@pytest.mark.parametrize("trigger", ["csv", "backfill"])
def test_what_brings_history_does_not_make_a_source_fresh(trigger):
    read("collect", 40 * HOUR, 40 * HOUR)
    read("collect", 2 * HOUR, 2 * HOUR, "failed")
    read(trigger, HOUR, 199 * DAY)
    events = known("events")
    assert (events.age, events.is_stale) == (40 * HOUR, True)
    assert (events.status, events.last_run_at, events.last_good_at) == ("ok", NOW - HOUR, NOW - 40 * HOUR)


def test_where_nothing_was_ever_collected_the_furthest_import_counts():
    read("csv", 2 * HOUR, 5 * HOUR)
    read("csv", HOUR, 30 * DAY)
    assert freshness.ages(NOW)["events"] == 2 * HOUR


def test_a_run_stamped_by_a_clock_far_ahead_makes_nothing_fresh():
    read("collect", 5 * HOUR, 5 * HOUR)
    read("collect", -30 * DAY, -30 * DAY)
    read("collect", HOUR, HOUR, "failed")
    events = known("events")
    assert (events.age, events.is_stale, events.status) == (5 * HOUR, True, "failed")


def test_what_a_clock_far_ahead_called_known_is_put_right_by_the_next_reading():
    """Hours that later readings fail to bring are then unknown, not zero."""
    ahead = NOW + 30 * DAY
    watermarks.extend(Source.EVENTS, Window(NOW - DAY, ahead, ahead))
    watermarks.extend(Source.EVENTS, Window(NOW - DAY, NOW, NOW))
    assert freshness.known_until(NOW + 9 * HOUR) == NOW
    mark = Watermark.objects.get()
    assert (mark.complete_from_at, mark.complete_until_at) == (NOW - DAY, NOW)

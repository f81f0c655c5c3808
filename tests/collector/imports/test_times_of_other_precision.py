"""The same usage imported twice, with times of another precision: each event counts once."""

from datetime import UTC, datetime, timedelta

import pytest
from django.db.models import F

from collector.imports.usage import import_usage
from collector.models import MemberModelDay, UsageEvent
from collector.sources.event_rows import EventKey, EventValues
from collector.sources.owners import settle_cut_instants
from tests.collector.fake_api import NOW
from tests.collector.imports.rows import ONE, TEAM

pytestmark = pytest.mark.django_db

DAY_ZERO = datetime(1899, 12, 30, tzinfo=UTC)
# 59.2 s after three minutes: a spreadsheet's number with five decimals is true to half a second.
LATE = [datetime(2026, 7, 30, 23, minute, 59, 200_000, tzinfo=UTC) for minute in (3, 4, 5)]


def file_of(*instants: str) -> str:
    return TEAM + "".join(ONE.replace("2026-07-30T10:00:00.123Z", instant) for instant in instants)


def serial(at: datetime) -> str:
    return f"{(at - DAY_ZERO) / timedelta(days=1):.5f}"


def test_a_serial_that_another_version_put_to_the_next_minute_counts_once(write):
    text = file_of(*map(serial, LATE[:1]))
    import_usage(write(text), NOW)
    UsageEvent.objects.update(occurred_at=F("occurred_at") + timedelta(minutes=1))  # as 1.1.1 did
    assert import_usage(write(text), NOW).new == 0
    assert UsageEvent.objects.count() == 1


def test_a_serial_is_cut_to_its_minute_as_in_version_1_1_0(write):
    import_usage(write(file_of(*map(serial, LATE))), NOW)
    minutes = [at.replace(second=0, microsecond=0) for at in LATE]
    assert sorted(UsageEvent.objects.values_list("occurred_at", flat=True)) == minutes


@pytest.mark.parametrize("columns", ['"0","0","0","0","0"', '"100","20","3000","5","3125"'])
def test_requests_of_two_minutes_stay_two_where_they_differ_or_say_too_little(write, columns):
    first = '"0","0","0","0","0"' if columns.startswith('"0"') else '"100","20","3000","4","3124"'
    for minute, counts in (("7/30/2026 10:05", first), ("7/30/2026 10:06", columns)):
        import_usage(write(file_of(minute).replace('"100","20","3000","4","3124"', counts)), NOW)
    assert UsageEvent.objects.count() == 2


@pytest.mark.parametrize("is_exact_first", [True, False])
def test_exports_of_two_precisions_in_one_file_count_what_they_share_once(write, is_exact_first):
    parts = [file_of(*(at.isoformat() for at in LATE)), file_of(*map(serial, LATE))]
    result = import_usage(write("".join(parts if is_exact_first else reversed(parts))), NOW)
    assert (UsageEvent.objects.count(), result.new) == (3, 3)
    assert sum(day.total_cents for day in MemberModelDay.objects.all()) == 3 * 42


def test_of_two_events_that_are_alike_one_that_is_stored_a_minute_later_stands_for_one():
    values, minute = EventValues(input_tokens=5), datetime(2026, 7, 30, 10, 3, tzinfo=UTC)
    key = EventKey(1, minute, "gpt-5", 0)
    later = key._replace(occurred_at=minute + timedelta(minutes=1))
    rows = {key: values, key._replace(ordinal=1): values}
    settle_cut_instants(rows, {later: values}, moves=False)
    assert len(rows) == 2 and later in rows

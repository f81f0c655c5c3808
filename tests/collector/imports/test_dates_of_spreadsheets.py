"""Dates as spreadsheets write them: read where they are clear, and still the same event as the exact one."""

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from collector.collecting.windows import Window
from collector.imports.instants import Instants
from collector.imports.usage import import_usage
from collector.models import MemberModelDay, UsageEvent
from collector.sources.events import sync
from tests.collector.fake_api import NOW, event, events_page
from tests.collector.imports.rows import ONE, TEAM

pytestmark = pytest.mark.django_db

EXACT = "2026-07-30T10:05:07.123Z"
MINUTE, HOUR = datetime(2026, 7, 30, 10, 5, tzinfo=UTC), timedelta(hours=1)
TOKENS = {"inputTokens": 20, "outputTokens": 4, "cacheWriteTokens": 100, "cacheReadTokens": 3000}


def file_of(*instants: str) -> str:
    return TEAM + "".join(ONE.replace("2026-07-30T10:00:00.123Z", instant) for instant in instants)


def collect(told, client, *instants: datetime) -> None:
    rows = [event(at, "ann@x.io", tokenUsage=TOKENS, chargedCents=42.5) for at in instants]
    told.tell("/teams/filtered-usage-events", events_page(rows))
    sync(client, Window(MINUTE - HOUR, MINUTE + HOUR, MINUTE + HOUR))


@pytest.mark.parametrize(
    "text",
    [
        "30.07.2026 10:05",
        "30.7.26 10:05",
        "2026/07/30 10:05",
        "2026-7-30 10:05",
        "7/30/2026 10:05",
        "7/30/26, 10:05 AM",
        "'7/30/2026 10:05",
        "30/07/2026 10:05:00",
        "30-07-2026 10:05",
        "46233.42014",  # rounded to nine tenths of a second: true to the minute
        "30. 7. 2026 10:05",
        "30.07.2026 10.05",
        "2026.07.30. 10:05:00",
        "2026. 7. 30. 10:05:00",
        "Jul 30, 2026 10:05",
        "July 30, 2026, 10:05:00 AM",
        "30-Jul-26 10:05",
        "30 JUL 2026 10:05:00",
        "46,233.42014",
    ],
)
def test_a_date_of_a_spreadsheet_is_read_and_its_zone_is_reported_as_missing(write, text):
    result = import_usage(write(file_of(text)), NOW)
    assert UsageEvent.objects.get().occurred_at == MINUTE
    assert result.survey.without_zone == 1


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("46233.4202213310", MINUTE + timedelta(seconds=7, milliseconds=123)),
        ("1785405907", MINUTE + timedelta(seconds=7)),
        ("7/30/2026 10:05:07 PM", MINUTE + timedelta(hours=12, seconds=7)),
        ("7/30/2026 12:05:07 AM", MINUTE - timedelta(hours=10) + timedelta(seconds=7)),
        ("7/30/2026 12:05:07 p.m.", MINUTE + timedelta(hours=2, seconds=7)),
        ("07/30/2026 03:05:07 -0700", MINUTE + timedelta(seconds=7)),
        ("Thu, 30 Jul 2026 10:05:07 GMT", MINUTE + timedelta(seconds=7)),
        ("Thu, 30 Jul 2026 12:05:07 +0200", MINUTE + timedelta(seconds=7)),
        (
            "Thu Jul 30 2026 12:05:07 GMT+0200 (Central European Summer Time)",
            MINUTE + timedelta(seconds=7),
        ),
        ("2026-07-30 10.05Z", MINUTE),
        ("2026-07-30 10.05.07+00:00", MINUTE + timedelta(seconds=7)),
        ("2026-07-30 10:05:07 (UTC)", MINUTE + timedelta(seconds=7)),
        ("30 Sept 2026, 10:05:07 UTC", datetime(2026, 9, 30, 10, 5, 7, tzinfo=UTC)),
        ("1.785405907123E+12", MINUTE + timedelta(seconds=7, milliseconds=123)),
    ],
)
def test_as_much_of_an_instant_is_kept_as_its_form_states(text, instant):
    read_at = NOW + timedelta(days=30)
    assert Instants(read_at, first=lambda: "month").read(text) == instant


@pytest.mark.parametrize(
    "text", ["46233", "46233.0", "2026-07-30", "30-Jul-26", "2030-01-01 10:00", "1.79E+12", "Jul 30, 2026"]
)
def test_a_day_or_a_time_ahead_is_refused_and_not_counted_as_without_a_zone(text):
    instants = Instants(NOW)
    with pytest.raises(ValueError, match="there can be no usage|not a date and time"):
        instants.read(text)
    assert not instants.without_zone


@pytest.mark.parametrize(
    "text",
    [
        "2026-07-30T10.05Z",
        "2026-07-30 10:05:07 (PDT)",
        "7/30/2026 10:05 (GMT+2)",
        "Jul 30, 2026 10:05 (Pacific Time)",
    ],
)
def test_a_time_that_python_would_misread_or_whose_zone_is_only_named_is_refused(text):
    with pytest.raises(ValueError, match="not a date and time|may begin with"):
        Instants(NOW, first=lambda: "month").read(text)


def test_a_long_cell_of_apostrophes_is_refused_at_once():
    text, began = "x" + 30_000 * "'", time.process_time()
    with pytest.raises(ValueError, match="not a date and time"):
        Instants(NOW).read(text)
    assert time.process_time() - began < 1


def test_a_serial_number_with_a_decimal_comma_is_read_between_semicolons(write):
    rows = file_of("46233.42014").replace(",", ";").replace("46233.42014", "46233,42014")
    import_usage(write(rows), NOW)
    assert UsageEvent.objects.get().occurred_at == MINUTE


@pytest.mark.parametrize(
    ("others", "month"),
    [
        (["Thu 7/30/2026 9:00"], 7),
        (["7/30/2026 9:00"], 7),
        (["30/7/2026 9:00"], 6),
        (["31/31/2026 9:00", "5/8/2026 9:00"], 0),
    ],
)
def test_what_dates_begin_with_is_what_all_dates_of_the_file_can_begin_with(write, others, month):
    result = import_usage(write(file_of("7/6/2026 10:05", EXACT, *others)), NOW)
    months = {at.month for at in UsageEvent.objects.values_list("occurred_at", flat=True)}
    assert months == ({7, month} if month else {7})
    assert any("may begin with the day or the month" in line for line in result.lines) == (not month)


def test_a_date_that_would_be_ahead_in_one_order_is_read_in_the_other(write):
    import_usage(write(file_of("9/12/2026 10:05")), NOW)  # in December nothing can have happened yet
    assert UsageEvent.objects.get().occurred_at == datetime(2026, 9, 12, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize("cut", ["7/30/2026 10:05", "2026-07-30 10:05:07", "1785405907"])
@pytest.mark.parametrize("is_exact_first", [True, False])
def test_an_event_whose_instant_a_spreadsheet_cut_is_counted_once(write, cut, is_exact_first):
    files = [file_of(EXACT), file_of(cut)]
    for text in files if is_exact_first else reversed(files):
        import_usage(write(text), NOW, is_dry_run=True)
        import_usage(write(text), NOW)
    assert (UsageEvent.objects.count(), MemberModelDay.objects.get().total_cents) == (1, 42)
    again = import_usage(write(files[1]), NOW)
    assert (again.new, again.unchanged) == (0, 1)


def test_two_requests_of_one_minute_stay_two_and_each_finds_its_exact_one(write):
    exact = file_of(EXACT, EXACT.replace("07.123", "41.500")).replace('"0.42"\n', '"0.40"\n', 1)
    import_usage(write(file_of("7/30/2026 10:05", "7/30/2026 10:05")), NOW)
    assert import_usage(write(exact), NOW).new == 0
    assert (UsageEvent.objects.count(), MemberModelDay.objects.get().total_cents) == (2, 82)


def test_requests_of_one_minute_are_written_together_so_that_a_cut_one_stands_for_one_of_them(
    write, monkeypatch
):
    monkeypatch.setattr("collector.imports.events.STEP_ROWS", 1)
    import_usage(write(file_of("7/30/2026 10:05")), NOW)
    import_usage(write(file_of(EXACT, EXACT.replace("07.123", "41.500"))), NOW)
    assert UsageEvent.objects.count() == 2


def test_the_api_puts_its_exact_event_in_the_place_of_one_that_was_cut_to_the_minute(told, client, write):
    import_usage(write(file_of("7/30/2026 10:05")), NOW)
    at = MINUTE + timedelta(seconds=7, milliseconds=123)
    collect(told, client, at)
    stored = UsageEvent.objects.get()
    assert (stored.occurred_at, stored.origin, float(stored.charged_cents)) == (at, "api", 42.5)
    assert MemberModelDay.objects.get().total_cents == stored.charged_cents


def test_an_event_cut_to_its_minutes_first_second_is_not_taken_for_a_later_one_of_that_minute(
    told, client, write
):
    import_usage(write(file_of("2026-07-30 10:05:00", "2026-07-30 10:05:41")), NOW)
    instants = [
        MINUTE + timedelta(milliseconds=ms) for ms in (41_200, 300)
    ]  # the newest first, as Cursor does
    collect(told, client, *instants)
    assert sorted(UsageEvent.objects.values_list("occurred_at", flat=True)) == sorted(instants)


@pytest.mark.parametrize("is_exact_first", [True, False])
def test_a_file_with_the_sum_of_tokens_alone_has_the_event_that_the_api_knows(
    told, client, write, is_exact_first
):
    text = (
        "Date,User,Kind,Model,Tokens,Cost\n7/30/2026 10:05,ann@x.io,On-Demand,claude-4.5-sonnet,3124,0.42\n"
    )
    steps = [
        lambda: collect(told, client, MINUTE + timedelta(seconds=7)),
        lambda: import_usage(write(text), NOW),
    ]
    for step in steps if is_exact_first else reversed(steps):
        step()
    assert (UsageEvent.objects.get().origin, UsageEvent.objects.get().cache_read_tokens) == ("api", 3000)


@pytest.mark.parametrize("seconds", [Decimal("-0.6"), Decimal("-0.3"), Decimal("0.3"), Decimal("59.8")])
@pytest.mark.parametrize("is_exact_first", [True, False])
def test_a_serial_that_was_rounded_into_the_next_minute_is_still_the_event_that_the_api_knows(
    told, client, write, seconds, is_exact_first
):
    at = MINUTE + timedelta(seconds=float(seconds))
    days = (at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    steps = [
        lambda: collect(told, client, at),
        lambda: import_usage(write(file_of(f"{days:.5f}")), NOW),
    ]
    for step in steps if is_exact_first else reversed(steps):
        step()
    assert [(row.occurred_at, row.origin) for row in UsageEvent.objects.all()] == [(at, "api")]


@pytest.mark.parametrize("is_exact_first", [True, False])
def test_a_serial_rounded_to_midnight_is_the_event_of_the_day_before(write, is_exact_first):
    exact = file_of("2026-07-29T23:59:59.900Z").replace('"0.42"', '"0.50"')
    files = [exact, file_of("46232.999999")]
    for text in files if is_exact_first else reversed(files):
        import_usage(write(text), NOW)
    stored, day = UsageEvent.objects.get(), MemberModelDay.objects.get()
    assert (day.day, day.total_cents) == (stored.occurred_at.date(), stored.charged_cents)


def test_a_serial_rounded_to_the_end_of_a_reading_is_the_event_before_it(told, client, write):
    at = MINUTE - timedelta(seconds=0.3)
    days = (at - datetime(1899, 12, 30, tzinfo=UTC)) / timedelta(days=1)
    import_usage(write(file_of(f"{days:.5f}")), NOW)
    rows = [event(at, "ann@x.io", tokenUsage=TOKENS, chargedCents=42.5)]
    told.tell("/teams/filtered-usage-events", events_page(rows))
    sync(client, Window(MINUTE - HOUR, MINUTE, MINUTE))
    assert [(row.occurred_at, row.origin) for row in UsageEvent.objects.all()] == [(at, "api")]


@pytest.mark.parametrize("is_exact_first", [True, False])
def test_an_event_cut_to_its_minute_is_the_same_where_its_model_is_spelled_for_people(
    told, client, write, is_exact_first
):
    text = file_of("7/30/2026 10:05").replace("claude-4.5-sonnet", "Claude 4.5 Sonnet")
    at = MINUTE + timedelta(seconds=7, milliseconds=123)
    steps = [lambda: collect(told, client, at), lambda: import_usage(write(text), NOW)]
    for step in steps if is_exact_first else reversed(steps):
        step()
    event = UsageEvent.objects.get()
    assert (event.occurred_at, event.origin, event.model) == (at, "api", "claude-4.5-sonnet")


def test_events_of_one_minute_without_tokens_stay_two_where_their_models_differ(told, client, write):
    nothing = dict.fromkeys(TOKENS, 0)
    failed = event(MINUTE + timedelta(seconds=7), "ann@x.io", model="gpt-5", tokenUsage=nothing)
    told.tell("/teams/filtered-usage-events", events_page([failed]))
    sync(client, Window(MINUTE - HOUR, MINUTE + HOUR, MINUTE + HOUR))
    text = file_of("7/30/2026 10:05").replace('"100","20","3000","4","3124"', '"0","0","0","0","0"')
    assert import_usage(write(text), NOW).new == 1

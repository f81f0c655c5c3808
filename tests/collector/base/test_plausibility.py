from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collector.base.plausibility import (
    ImplausibleValue,
    plausible_address,
    plausible_cents,
    plausible_count,
    plausible_cycle_start,
    plausible_day,
    plausible_instant,
    storable_text,
)

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    "value", [1789570800000, "1789570800000", "2026-09-16T15:00:00Z", "2026-09-16T17:00:00+02:00"]
)
def test_an_instant_is_read_in_every_spelling_of_the_vendor(value):
    assert plausible_instant(value, NOW) == datetime(2026, 9, 16, 15, tzinfo=UTC)


def test_an_instant_is_cut_to_the_milliseconds_that_identify_an_event():
    cut = plausible_instant("1789570800123", NOW)
    for exact in ("2026-09-16T15:00:00.123999Z", "1789570800123.9", Decimal("1789570800123.9")):
        assert plausible_instant(exact, NOW) == cut


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (0, "before 2023"),
        (-1, "before 2023"),
        (1789570800, "in seconds"),
        (Decimal("1789570800.5"), "in seconds"),
        ("1789570800", "in seconds"),
        (1789570800 * 10**6, "in microseconds"),
        (str(1789570800 * 10**9), "in nanoseconds"),
        (1789570800 + 2 * 86400, "before 2023"),
        (Decimal("1e999999999"), "not a date and time"),
        ("2022-12-31T23:59:59Z", "before 2023"),
        ("2026-09-17T15:04:31Z", "more than a day ahead"),
        ("9999-12-31T23:59:59Z", "more than a day ahead"),
        ("9999-12-31T23:59:59-05:00", "not a date and time"),
        (10**18, "not a date and time"),
        (10**400, "not a date and time"),
        ("9" * 5000, "not a date and time"),
        ("yesterday", "not a date and time"),
        (True, "not a date and time"),
        (None, "not a date and time"),
        (["2026-09-16"], "not a date and time"),
        (float("nan"), "not a date and time"),
        (Decimal("NaN"), "not a date and time"),
        (Decimal("1e400"), "not a date and time"),
        (float("inf"), "not a date and time"),
    ],
)
def test_an_instant_that_cannot_be_is_refused_with_its_reason(value, reason):
    with pytest.raises(ImplausibleValue, match=reason):
        plausible_instant(value, NOW)


@pytest.mark.parametrize("value", ["2026-09-15", "2026-09-15T23:59:59Z", 1789430400000, date(2026, 9, 15)])
def test_a_day_is_the_utc_day(value):
    assert plausible_day(value, NOW) == date(2026, 9, 15)


@pytest.mark.parametrize(
    ("value", "cents"),
    [
        (8, Decimal(8)),
        ("8.5", Decimal("8.5")),
        (Decimal("2450.125487"), Decimal("2450.125487")),
        (-20, Decimal(-20)),
        (Decimal("1E-7"), Decimal(0)),
    ],
)
def test_cents_are_read_exactly(value, cents):
    assert plausible_cents(value) == cents


@pytest.mark.parametrize(
    "value",
    [
        "1e400",
        "1e2",
        Decimal("1e2"),
        Decimal("1e400"),
        10**9 + 1,
        Decimal("NaN"),
        float("inf"),
        "NaN",
        "",
        "1_000",
        "١٢",
        "1,50",
        True,
        None,
        [],
    ],
)
def test_an_amount_that_cannot_be_is_refused(value):
    with pytest.raises(ImplausibleValue):
        plausible_cents(value)


@pytest.mark.parametrize(
    ("value", "count"), [(0, 0), ("12", 12), (Decimal("12.0"), 12), (5.0, 5), (10**12, 10**12)]
)
def test_a_count_is_a_whole_number(value, count):
    assert plausible_count(value) == count


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (-1, "negative"),
        (1.5, "whole"),
        (10**12 + 1, "too large"),
        (Decimal("1e400"), "too large"),
        (Decimal("-1e400"), "negative"),
        (Decimal("1e999999999"), "too large"),
        (Decimal("1e-999999999"), "whole"),
        ("1e3", "not a number"),
        (None, "not a number"),
        (False, "not a number"),
    ],
)
def test_a_count_that_cannot_be_is_refused_with_its_reason(value, reason):
    with pytest.raises(ImplausibleValue, match=reason):
        plausible_count(value)


def test_an_address_is_measured_in_lower_case():
    assert plausible_address(" Ana+X@Example.COM ") == "ana+x@example.com"
    with pytest.raises(ImplausibleValue, match="longer than 254"):
        plausible_address("İ" * 250)


@pytest.mark.parametrize(
    "value", ["zoe\u0308@x.io", "zo\u00eb\u200b@x.io", "\u202eZOË@x.io", "zo\u00eb@x.io"]
)
def test_an_address_is_one_however_its_accents_are_composed_and_without_what_nobody_sees(value):
    assert plausible_address(value) == "zo\u00eb@x.io"


@pytest.mark.parametrize(
    "value", ["ann\nlee@acme.example", "ann\x00@x.com", "a\u2028b@x.com", "a\rb", "a\tb"]
)
def test_an_address_in_two_lines_is_refused(value):
    with pytest.raises(ImplausibleValue, match="line break"):
        plausible_address(value)


def test_a_text_is_stored_without_nul_and_half_characters():
    assert storable_text(" a\x00b\ud83d ") == " ab "


@pytest.mark.parametrize("value", [0, 1789570800, 1789571100000 + 60_000, "9999-01-01", "2024-01-01"])
def test_a_cycle_that_begins_at_no_possible_time_is_refused(value):
    with pytest.raises(ImplausibleValue):
        plausible_cycle_start(value, NOW)

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from tracker.widgets import formats


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (Decimal("123456"), "$1,234.56"),
        (Decimal("0.5"), "$0.01"),
        (Decimal("0.4"), "$0.00"),
        (Decimal("-250"), "-$2.50"),
        (None, "–"),
    ],
)
def test_money_is_rounded_half_up_to_cents(cents, said):
    assert formats.money(cents) == said


@pytest.mark.parametrize(
    ("cents", "said"),
    [
        (120_000, "$1.2K"),
        (4_550, "$45.50"),
        (99_940, "$999"),
        (99_960, "$1K"),
        (3_100_000, "$31K"),
        (250_000_000, "$2.5M"),
        (35, "$0.35"),
    ],
)
def test_short_money_keeps_three_figures(cents, said):
    assert formats.money_short(cents) == said


def test_a_range_whose_ends_read_alike_is_one_figure():
    assert formats.money_range((11_500, 12_100)) == "$115 to $121"
    assert formats.money_range((13_500, 13_510)) == "$135"


def test_a_request_below_a_dollar_is_shown_to_the_tenth_of_a_cent():
    assert (formats.rate(Decimal("1.53")), formats.rate(156)) == ("$0.015", "$1.56")


@pytest.mark.parametrize(
    ("ratio", "said"),
    [(0.42, "42 %"), (0.004, "0.4 %"), (0.0004, "under 0.1 %"), (0, "0 %"), (1, "100 %"), (None, "–")],
)
def test_a_small_share_does_not_read_as_none(ratio, said):
    assert formats.percent(ratio) == said


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=59), "just now"),
        (timedelta(seconds=60), "1 min ago"),
        (timedelta(hours=3, minutes=59), "3 h ago"),
        (timedelta(days=2), "2 d ago"),
        (timedelta(hours=-3), "in 3 h"),
    ],
)
def test_an_age_names_its_largest_unit(passed, said):
    assert formats.age(passed) == said


def test_a_count_has_a_decimal_only_where_it_says_something():
    assert [formats.count(value) for value in (21.98, 22.9, 7, 1234.5)] == ["22", "22.9", "7", "1,234"]


def test_the_instant_is_on_hover():
    at = datetime(2026, 11, 23, 14, 5, tzinfo=UTC)
    assert 'title="23 Nov 2026, 14:05 UTC">2 h ago<' in formats.ago(at, at + timedelta(hours=2))


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"])
def test_text_that_a_spreadsheet_would_run_is_disarmed(text):
    assert formats.csv_cell(text) == "'" + text


def test_a_number_in_a_csv_keeps_its_sign_and_digits():
    assert (formats.csv_cell(-1.5), formats.csv_cell(Decimal("12.500000"))) == (-1.5, "12.5")


@pytest.mark.parametrize(
    ("value", "said"),
    [(1_234, "1,234"), (Decimal("5.00"), "5"), (Decimal("3.25"), "3.25"), (3.5, "3.5"), (100, "100")],
)
def test_what_somebody_set_is_shown_unrounded(value, said):
    assert formats.exact(value) == said

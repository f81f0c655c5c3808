"""Numbers as accountants, spreadsheets and other countries write them."""

from decimal import Decimal

import pytest

from collector.imports.numbers import count, money
from collector.imports.usage import import_usage
from collector.models import (
    MemberModelDay,
    MemberModelHour,
    MemberModelWeek,
    TeamModelDay,
    UsageEvent,
)
from tests.collector.fake_api import NOW

from .rows import ONE, TEAM


@pytest.mark.parametrize(
    ("cell", "cents"),
    [
        ("(0.25)", -25),
        ("($0.25)", -25),
        ("$(1,234.50)", -123450),
        ("0.25-", -25),
        ("-$0.25", -25),
        ("$-0.25", -25),
        ("+0.25", 25),
        ("$1,234.50", 123450),
    ],
)
def test_a_credit_is_one_however_its_sign_is_written(cell, cents):
    assert money(cell, ",") == Decimal(cents)


@pytest.mark.parametrize(
    "cell", ["(-0.25)", "((0.25))", "(0.25", "0.25)", "-0.25-", "+-0.25", "()", "(free)"]
)
def test_a_sign_that_says_two_things_is_refused(cell):
    with pytest.raises(ValueError, match="is not a cost"):
        money(cell, ",")


@pytest.mark.parametrize("cell", ["$-", "$ -", "$ –"])
def test_the_dash_of_an_accountants_format_is_zero(cell):
    assert money(cell, ",") == 0


@pytest.mark.parametrize("cell", ["<$0.01", "< $0.01", "<0.01", "<$.001"])
def test_an_amount_too_small_to_show_is_none_that_is_known(cell):
    assert money(cell, ",") is None


def test_an_amount_below_another_is_refused():
    with pytest.raises(ValueError, match="is not a cost"):
        money("<$1", ",")


@pytest.mark.parametrize(
    ("cell", "number"), [("3.124000e+03", 3124), ("1.237591E+06", 1237591), ("0.000000e+00", 0)]
)
def test_a_number_with_an_exponent_is_read_where_it_has_all_its_digits(cell, number):
    assert count(cell, "number of tokens") == number


def test_an_amount_with_an_exponent_is_read():
    assert money("$1.234500e+03", ",") == 123450


@pytest.mark.parametrize("cell", ["1.25E+02", "1.25E+01", "$1.2345e+03", "1e0"])
def test_an_amount_that_a_spreadsheet_may_have_rounded_is_refused(cell):
    with pytest.raises(ValueError, match="may have lost its last digits"):
        money(cell, ",")


@pytest.mark.parametrize("cell", ["1.24E+06", "1e12", "3.124e+400", "1.5e+0"])
def test_a_count_that_a_spreadsheet_has_rounded_is_refused(cell):
    with pytest.raises(ValueError, match="is not a number of tokens"):
        count(cell, "number of tokens")


def test_a_credit_with_a_decimal_comma_is_read_between_semicolons():
    assert money("(1.234,50)", ";") == -123450


@pytest.mark.parametrize("cell", ["1,234,567", "12,34,567", "1234567", "1 234 567"])
def test_tokens_are_grouped_as_in_any_country(cell):
    assert count(cell, "number of tokens") == (1234567)


@pytest.mark.parametrize("cell", ["1,23,45", "123,45,678", "1,2345", "12,34.567"])
def test_tokens_in_groups_of_no_country_are_refused(cell):
    with pytest.raises(ValueError, match="is not a number of tokens"):
        count(cell, "number of tokens")


@pytest.mark.django_db
def test_as_many_of_the_largest_amounts_as_a_day_holds_are_added_up_and_read(write):
    row = ONE.replace('"0.42"', '"99999.99"').replace('"3000"', f'"{10**12 - 200}"')
    row = row.replace('"3124"', f'"{10**12 - 76}"')
    rows = [row.replace("00.123Z", f"{n // 20:02d}.{n % 20:03d}Z") for n in range(990)]
    assert import_usage(write(TEAM + "".join(rows)), NOW).new == 990
    for model in (MemberModelDay, MemberModelHour, MemberModelWeek, TeamModelDay):
        total = model.objects.get()
        cents = total.total_micro / 10**6 if hasattr(total, "total_micro") else total.total_cents
        assert (cents, total.cache_read_tokens) == (990 * 9_999_999, 990 * (10**12 - 200))


@pytest.mark.django_db
def test_cells_that_are_written_as_text_for_excel_are_read(write):
    cells = ONE.strip().split(",")
    wrapped = ",".join('"=""{}"""'.format(cell.strip('"')) for cell in cells)
    assert import_usage(write(TEAM + ONE), NOW).new == 1
    assert import_usage(write(TEAM + wrapped + "\n"), NOW).unchanged == 1
    assert UsageEvent.objects.count() == 1

"""What commands take for a day or an instant."""

import argparse
from datetime import UTC, date, datetime

import pytest

from collector.base.arguments import day, instant


def test_a_day_and_an_instant_are_read():
    assert day("2026-03-02") == date(2026, 3, 2)
    assert instant("2026-03-02") == datetime(2026, 3, 2, tzinfo=UTC)


@pytest.mark.parametrize("parse", [day, instant])
@pytest.mark.parametrize("text", ["0001-01-01", "1999-12-31", "3000-01-01", "9999-12-31", "2026-02-30"])
def test_the_ends_of_the_calendar_are_refused_in_words(parse, text):
    with pytest.raises(argparse.ArgumentTypeError, match=text):
        parse(text)

from datetime import UTC, datetime

import pytest

from collector.cursor.retry import next_wait, retry_after

NOW = datetime(2026, 9, 16, 15, 0, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("30", 30.0),
        (" 0 ", 0.0),
        ("12.5", 12.5),
        ("Wed, 16 Sep 2026 15:00:45 GMT", 45.0),
        ("Wed, 16 Sep 2026 14:00:00 GMT", 0.0),
        (None, None),
        ("", None),
        ("soon", None),
        ("-5", None),
        ("99999999999999999999", None),
        ("²", None),
        ("Wed, 16 Sep 2026 15:00:00 +99999999999999999999", None),
        ("Wed, 16 Sep 99999999999999999999 15:00:00 GMT", None),
        ("Wed, 16 Sep 2026 15:00:45 -0000", 45.0),
    ],
)
def test_retry_after_is_read_in_both_forms_and_rubbish_is_ignored(header, seconds):
    assert retry_after(header, NOW) == seconds


def test_waits_double_and_the_last_reaches_a_whole_minute():
    waits = [next_wait(tries, 0, None, dice=0) for tries in range(1, 8)]
    assert waits == [1, 2, 4, 8, 16, 60, None]


def test_jitter_only_lengthens_what_was_asked_for():
    assert next_wait(1, 0, asked=30, dice=0) == 30
    assert next_wait(1, 0, asked=30, dice=0.8) == 36


def test_an_asked_wait_is_at_least_a_second():
    assert next_wait(1, 0, asked=0, dice=0) == 1


def test_it_gives_up_rather_than_ask_before_a_wait_of_over_two_minutes_is_over():
    assert next_wait(1, 0, asked=120, dice=0) == 120
    assert next_wait(1, 0, asked=121, dice=0) is None


def test_it_gives_up_rather_than_wait_beyond_five_minutes_in_all():
    assert next_wait(3, 240, asked=60, dice=0) == 60
    assert next_wait(3, 241, asked=60, dice=0) is None

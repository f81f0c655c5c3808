from datetime import UTC, datetime, timedelta

from collector.collecting.windows import DAY, MINUTE, Window, closed_minute


def at(day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC)


def window(start: datetime, end: datetime, **options) -> Window:
    return Window(start, end, end, **options)


def test_the_last_millisecond_asked_for_is_the_one_before_the_end():
    asked = window(at(1), at(1, 0, 1))
    assert asked.last_ms - asked.first_ms == 59_999


def test_the_minute_under_way_is_left_out():
    assert closed_minute(datetime(2026, 9, 16, 15, 4, 30, 5, tzinfo=UTC)) == at(16, 15, 4)


def test_pieces_of_days_end_at_midnight_and_leave_no_gap():
    pieces = window(at(1, 17), at(4, 9)).cut(DAY)
    assert [(each.start_at, each.end_at) for each in pieces] == [
        (at(1, 17), at(2)),
        (at(2), at(3)),
        (at(3), at(4)),
        (at(4), at(4, 9)),
    ]


def test_pieces_of_minutes_are_even_and_backwards_means_newest_first():
    pieces = window(at(1), at(1, 0, 5), is_backwards=True).cut(2 * MINUTE)
    assert [(each.start_at.minute, each.end_at.minute) for each in pieces] == [(4, 5), (2, 4), (0, 2)]


def test_thirty_days_from_midnight_stay_one_piece():
    assert len(window(at(1), at(1) + timedelta(days=30)).cut(timedelta(days=30))) == 1

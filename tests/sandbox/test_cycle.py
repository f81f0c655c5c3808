from datetime import UTC, datetime, time

from sandbox.company import Anniversary


def at(month, day, *clock, year=2026):
    return datetime(year, month, day, *clock, tzinfo=UTC)


def test_the_cycle_turns_at_the_second_of_the_anniversary():
    monthly = Anniversary()
    assert monthly.cycle(at(9, 14, 21, 23, 7)) == (at(8, 14, 21, 23, 8), at(9, 14, 21, 23, 8))
    assert monthly.cycle(at(9, 14, 21, 23, 8)) == (at(9, 14, 21, 23, 8), at(10, 14, 21, 23, 8))


def test_the_cycle_spans_the_turn_of_the_year():
    assert Anniversary().cycle(at(1, 3)) == (at(12, 14, 21, 23, 8, year=2025), at(1, 14, 21, 23, 8))


def test_a_short_month_turns_on_its_last_day():
    monthly = Anniversary(day=31, at=time(6))
    assert monthly.cycle(at(3, 1)) == (at(2, 28, 6), at(3, 31, 6))


def test_turns_cover_the_whole_span():
    starts = Anniversary().turns(at(7, 20), at(9, 20))
    assert starts == [at(7, 14, 21, 23, 8), at(8, 14, 21, 23, 8), at(9, 14, 21, 23, 8)]

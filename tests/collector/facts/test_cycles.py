from datetime import UTC, date, datetime

import pytest

from collector.facts import cycles
from collector.models import BillingCycle

pytestmark = pytest.mark.django_db


def at(month: int, day: int, hour: int = 21, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, 23, 8, tzinfo=UTC)


def table() -> list[tuple]:
    return list(BillingCycle.objects.order_by("start_at").values_list("start_at", "end_at", "is_inferred"))


@pytest.mark.parametrize(
    ("start", "months", "expected"),
    [
        (at(6, 14), 1, at(7, 14)),
        (at(1, 31), 1, at(2, 28)),
        (at(3, 31), -1, at(2, 28)),
        (at(12, 15), 1, at(1, 15, year=2027)),
        (at(1, 15), -13, at(12, 15, year=2024)),
    ],
)
def test_a_month_later_is_the_same_day_or_the_last_of_a_shorter_month(start, months, expected):
    assert cycles.months_later(start, months) == expected


def test_the_first_cycle_ends_a_month_later_and_is_learnt_once():
    for _ in range(2):
        cycles.learn(at(9, 14))
        assert table() == [(at(9, 14), at(10, 14), False)]


def test_learning_says_which_day_is_split_anew():
    assert cycles.learn(at(9, 14))[1] == {date(2026, 9, 14)}
    assert cycles.learn(at(9, 14))[1] == set()


def test_a_start_of_which_a_file_gives_only_the_day_is_the_one_known_to_the_instant():
    day = datetime(2026, 9, 14, tzinfo=UTC)
    cycles.learn(at(8, 14))
    assert cycles.learn(day)[0].start_at == day
    for start in (at(9, 14), day):
        assert cycles.learn(start)[0].start_at == at(9, 14)
    assert table() == [(at(8, 14), at(9, 14), False), (at(9, 14), at(10, 14), False)]


def test_the_next_start_ends_the_cycle_before_to_the_instant():
    cycles.learn(at(9, 14))
    cycles.learn(at(10, 13, hour=3))
    assert table() == [
        (at(9, 14), at(10, 13, hour=3), False),
        (at(10, 13, hour=3), at(11, 13, hour=3), False),
    ]


def test_cycles_missed_in_between_are_filled_in():
    cycles.learn(at(6, 14))
    cycles.learn(at(9, 14))
    assert table() == [
        (at(6, 14), at(7, 14), False),
        (at(7, 14), at(8, 14), True),
        (at(8, 14), at(9, 14), True),
        (at(9, 14), at(10, 14), False),
    ]


def test_history_is_stepped_back_to_the_cycle_that_holds_it_and_no_further():
    cycles.learn(at(9, 14))
    assert cycles.reach_back_to(at(7, 20)) == {date(2026, 8, 14), date(2026, 7, 14)}
    assert cycles.reach_back_to(at(7, 20)) == set()
    assert table() == [
        (at(7, 14), at(8, 14), True),
        (at(8, 14), at(9, 14), True),
        (at(9, 14), at(10, 14), False),
    ]


def test_after_a_shorter_month_cycles_turn_on_the_31st_again():
    cycles.learn(at(1, 31))
    cycles.learn(at(2, 28))
    assert table()[1] == (at(2, 28), at(3, 31), False)
    assert cycles.reach_back_to(at(11, 1, year=2025)) == {
        date(2025, 12, 31),
        date(2025, 11, 30),
        date(2025, 10, 31),
    }


def test_a_cycle_that_turns_on_the_28th_does_so_after_february_too():
    cycles.learn(at(1, 28))
    cycles.learn(at(2, 28))
    assert table()[1] == (at(2, 28), at(3, 28), False)


def test_cycles_before_a_shorter_month_are_stepped_back_to_from_the_31st():
    cycles.learn(at(2, 28))
    cycles.learn(at(3, 31))
    assert cycles.reach_back_to(at(2, 1)) == {date(2026, 1, 31)}


def test_a_cycle_does_not_end_while_the_vendor_names_it():
    cycles.learn(at(2, 28))
    cycles.learn(at(2, 28), running_at=at(3, 28, hour=20))
    assert table() == [(at(2, 28), at(3, 28), False)]
    for hour in (21, 22):
        cycles.learn(at(2, 28), running_at=at(3, 28, hour=hour))
        assert table() == [(at(2, 28), datetime(2026, 3, 29, tzinfo=UTC), False)]
    cycles.learn(at(3, 31), running_at=at(3, 31, hour=22))
    assert table() == [(at(2, 28), at(3, 31), False), (at(3, 31), at(4, 30), False)]


def test_nothing_is_inferred_from_nothing():
    assert cycles.reach_back_to(at(7, 20)) == set()
    assert table() == []

from datetime import UTC, datetime

import pytest
from django_q.models import Schedule

from tests.incidents.lifecycle.test_at_once import at_once
from tracker.running.schedule import ensure_schedules

pytestmark = pytest.mark.django_db


def test_the_pipeline_is_due_five_past_the_next_hour_and_waiting_messages_at_once():
    ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC))
    assert list(Schedule.objects.order_by("func").values_list("func", "schedule_type", "next_run")) == [
        ("tracker.tasks.daily", "D", datetime(2026, 3, 3, 3, 35, tzinfo=UTC)),
        ("tracker.tasks.every_minute", "I", datetime(2026, 3, 2, 14, 20, tzinfo=UTC)),
        ("tracker.tasks.hourly", "H", datetime(2026, 3, 2, 15, 5, tzinfo=UTC)),
    ]


def test_just_before_five_past_the_pipeline_is_due_this_hour():
    ensure_schedules(datetime(2026, 3, 2, 14, 4, 59, tzinfo=UTC))
    assert (
        Schedule.objects.get(func="tracker.tasks.hourly").next_run.isoformat() == "2026-03-02T14:05:00+00:00"
    )


def test_a_second_start_neither_doubles_nor_postpones_what_is_due():
    ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC))
    before = list(Schedule.objects.order_by("pk").values())
    ensure_schedules(datetime(2026, 3, 2, 18, 0, tzinfo=UTC))
    assert list(Schedule.objects.order_by("pk").values()) == before


def test_a_start_brings_forward_what_a_clock_far_ahead_has_put_off():
    ensure_schedules(datetime(2027, 3, 2, 14, 20, tzinfo=UTC))
    ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC))
    assert list(Schedule.objects.order_by("func").values_list("next_run", flat=True)) == [
        datetime(2026, 3, 3, 3, 35, tzinfo=UTC),
        datetime(2026, 3, 2, 14, 20, tzinfo=UTC),
        datetime(2026, 3, 2, 15, 5, tzinfo=UTC),
    ]


def test_a_schedule_paused_by_hand_stays_paused():
    ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC))
    Schedule.objects.filter(func="tracker.tasks.every_minute").update(repeats=0)
    ensure_schedules(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    assert Schedule.objects.get(func="tracker.tasks.every_minute").repeats == 0


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_workers_that_start_at_once_make_each_schedule_once():
    at_once(6, lambda number: ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC)))
    assert Schedule.objects.count() == 3


def test_a_schedule_that_two_workers_made_is_one_again():
    ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC))
    before = list(Schedule.objects.order_by("pk").values())
    twins = Schedule.objects.exclude(func="tracker.tasks.daily")
    Schedule.objects.bulk_create(Schedule(**{**row, "id": None}) for row in twins.values())
    ensure_schedules(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    assert list(Schedule.objects.order_by("pk").values()) == before


def test_a_schedule_moved_by_hand_keeps_its_hour():
    ensure_schedules(datetime(2026, 3, 2, 14, 20, tzinfo=UTC))
    moved = datetime(2026, 3, 3, 5, 0, tzinfo=UTC)
    Schedule.objects.filter(func="tracker.tasks.daily").update(next_run=moved)
    ensure_schedules(datetime(2026, 3, 2, 15, 0, tzinfo=UTC))
    assert Schedule.objects.get(func="tracker.tasks.daily").next_run == moved

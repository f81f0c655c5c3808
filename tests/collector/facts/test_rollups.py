import importlib
from collections import Counter, defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest
from django.apps import apps
from django.db import connection

from collector.base.money import cents
from collector.facts import cycles, rollups
from collector.facts.surfaces import surface_in_sql
from collector.models import (
    BillingCycle,
    Member,
    MemberModelDay,
    MemberModelHour,
    Pruning,
    Surface,
    UsageEvent,
)
from tests.detection.facts import make_event, make_member, new_event
from tests.sums import assert_sums_agree
from tests.surfaces import surface_for

pytestmark = pytest.mark.django_db

DAY = date(2026, 3, 14)
NEXT_DAY = DAY + timedelta(days=1)
OLD = "collector_membermodelday"
AT = datetime(2026, 3, 20, tzinfo=UTC)
TURN = datetime(2026, 3, 14, 10, 30, tzinfo=UTC)


def at(hour: int, minute: int = 0, day: date = DAY) -> datetime:
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC)


@pytest.fixture
def ana() -> Member:
    return make_member()


@pytest.mark.parametrize(
    ("fields", "surface"),
    [
        ({}, "ide"),
        ({"is_headless": True}, "cli"),
        ({"cloud_agent_id": "bc-1", "is_headless": True}, "cloud_agent"),
        ({"cloud_agent_id": "bc-1", "automation_id": "auto-1"}, "automation"),
        ({"is_bugbot": True, "cloud_agent_id": "bc-1"}, "bugbot"),
    ],
)
def test_what_an_event_names_tells_its_surface(ana, fields, surface):
    event = make_event(ana, at(9), 1, **fields)
    assert surface_for(event) == surface
    assert UsageEvent.objects.annotate(surface=surface_in_sql()).get().surface == surface


def test_a_service_account_is_a_surface_unless_it_runs_an_agent():
    robot = make_member("robot@example.com", kind="service_account")
    for hour, fields in enumerate(({}, {"is_headless": True}, {"cloud_agent_id": "bc-1"})):
        make_event(robot, at(hour), 1, **fields)
    told = [surface_for(event) for event in UsageEvent.objects.order_by("pk")]
    in_sql = (
        UsageEvent.objects.annotate(surface=surface_in_sql()).order_by("pk").values_list("surface", flat=True)
    )
    assert told == list(in_sql) == ["service_account", "service_account", "cloud_agent"]


def company() -> None:
    """Two days of two members on all surfaces, a turn in the middle of an hour, twins, failures, two runs."""
    ana, robot = make_member(), make_member("robot@example.com", kind="service_account")
    BillingCycle.objects.create(start_at=TURN, end_at=TURN + timedelta(days=31))
    shapes = [
        {},
        {"is_headless": True},
        {"cloud_agent_id": "bc-1", "is_headless": True},
        {"automation_id": "auto-1", "conversation_id": "talk-1"},
        {"automation_id": "auto-1", "cloud_agent_id": "bc-2"},
        {"is_bugbot": True, "model": "bugbot"},
        {"kind": "Errored, Not Charged"},
        {"is_chargeable": True, "is_max_mode": True, "conversation_id": "talk-2"},
    ]
    events = [
        new_event(
            robot if number % 5 == 0 else ana,
            at(9) + timedelta(minutes=17 * number),
            cents(number * 1234567 % 977 / 7000) + Decimal("0.0001"),
            **{"model": ("sonnet", "opus")[number % 2]} | shapes[number * 7 % len(shapes)],
            input_tokens=number,
            output_tokens=2 * number,
            cache_read_tokens=None if number % 3 else 5,
            request_units=Decimal("1.4"),
        )
        for number in range(120)
    ]
    last = [
        new_event(ana, at(20) + timedelta(seconds=second), 1, conversation_id="talk-3") for second in range(6)
    ]
    UsageEvent.objects.bulk_create(events + last)


def worked_out() -> tuple[dict, dict]:
    """Daily and hourly sums of the events, added up one by one: cents, requests, failed, tokens, runs."""
    days, hours = defaultdict(lambda: [Decimal(0), 0, 0, 0, 0]), defaultdict(lambda: [Decimal(0), 0, 0, 0, 0])
    begun = set()
    for event in UsageEvent.objects.select_related("member").order_by("occurred_at", "pk"):
        failed = "errored" in event.kind.lower()
        day = event.occurred_at.date()
        run = event.cloud_agent_id or (
            event.automation_id and (event.automation_id, event.conversation_id, day)
        )
        starts = bool(run) and run not in begun
        begun.add(run)
        tokens = (event.input_tokens or 0) + (event.output_tokens or 0) + (event.cache_read_tokens or 0)
        hour = event.occurred_at.replace(minute=0, second=0, microsecond=0)
        is_after = day == DAY and event.occurred_at >= TURN
        surface = surface_for(event)
        for sums in (
            days[event.member_id, day, event.model, surface, is_after],
            hours[event.member_id, hour, event.model, surface],
        ):
            for place, value in enumerate((event.charged_cents, not failed, failed, tokens, starts)):
                sums[place] += value
    return {key: tuple(sums) for key, sums in days.items()}, {key: tuple(sums) for key, sums in hours.items()}


def stored() -> tuple[dict, dict]:
    def sums(row) -> tuple:
        tokens = row.input_tokens + row.output_tokens + row.cache_write_tokens + row.cache_read_tokens
        return (row.total_cents, row.requests, row.failed_requests, tokens, row.runs)

    days = {
        (row.member_id, row.day, row.model, row.surface, row.is_after_turn): sums(row)
        for row in MemberModelDay.objects.all()
    }
    hours = {
        (row.member_id, row.hour_at, row.model, row.surface): sums(row)
        for row in MemberModelHour.objects.all()
    }
    return days, hours


def test_daily_and_hourly_totals_equal_the_events_added_up_one_by_one():
    company()
    rollups.recompute_days(DAY, NEXT_DAY, AT)
    assert stored() == worked_out()
    assert {key[3] for key in stored()[0]} == set(Surface.values) - {""}


def test_daily_totals_are_the_sum_of_the_hours():
    company()
    rollups.recompute_days(DAY, NEXT_DAY, AT)
    by_day, by_hour = Counter(), Counter()
    for row in MemberModelDay.objects.all():
        by_day[row.member_id, row.day] += row.total_cents
    for row in MemberModelHour.objects.all():
        by_hour[row.member_id, row.hour_at.date()] += row.total_cents
    assert by_day == by_hour


def test_the_busiest_conversation_of_an_hour_is_named(ana):
    for minute in range(7):
        make_event(ana, at(9, minute), 1, conversation_id="long")
    for minute in range(10, 15):
        make_event(ana, at(9, minute), 1, conversation_id="short")
    make_event(ana, at(11), 1, conversation_id="single")
    rollups.recompute({(ana.pk, DAY)}, AT)
    hours = MemberModelHour.objects.order_by("hour_at").values_list("top_thread", "top_thread_requests")
    assert list(hours) == [("long", 7), ("", 0)]


def test_a_run_over_midnight_counts_once_where_it_began(ana):
    make_event(ana, at(23, 50), 1, cloud_agent_id="bc-1")
    make_event(ana, at(0, 10, NEXT_DAY), 1, cloud_agent_id="bc-1", model="opus")
    rollups.recompute({(ana.pk, DAY), (ana.pk, NEXT_DAY)}, AT)
    assert dict(MemberModelDay.objects.values_list("day", "runs")) == {DAY: 1, NEXT_DAY: 0}


def test_a_run_whose_beginning_is_read_later_is_not_counted_twice(ana):
    make_event(ana, at(0, 10, NEXT_DAY), 1, cloud_agent_id="bc-1")
    rollups.recompute({(ana.pk, NEXT_DAY)}, AT)
    make_event(ana, at(23, 50), 1, cloud_agent_id="bc-1")
    rollups.recompute({(ana.pk, DAY)}, AT)
    assert dict(MemberModelDay.objects.values_list("day", "runs")) == {DAY: 1, NEXT_DAY: 0}


def test_totals_that_lost_their_events_stay_at_nothing(ana):
    event = make_event(ana, at(9), 1)
    rollups.recompute({(ana.pk, DAY)}, AT)
    event.delete()
    rollups.recompute({(ana.pk, DAY)}, AT)
    assert list(MemberModelDay.objects.values_list("requests", "total_cents")) == [(0, 0)]
    assert list(MemberModelHour.objects.values_list("requests", "total_cents")) == [(0, 0)]


def test_a_day_known_by_its_total_alone_is_of_the_cycle_that_begins_at_its_midnight(ana):
    """Whoever has events that day has them in the new cycle already."""
    bob = make_member("bob@x.io")
    make_event(bob, at(9), 1)
    rollups.recompute({(bob.pk, DAY)}, AT)
    MemberModelDay.objects.create(member=ana, day=DAY, total_cents=700, updated_at=AT)
    for _ in range(2):
        cycle, changed = cycles.learn(at(0))
        rollups.recompute_days(min(changed, default=DAY), max(changed, default=DAY), AT)
        sums = cycles_sums(cycle)
        assert sums == {ana.pk: 700, bob.pk: UsageEvent.objects.get().charged_cents}
    earlier = BillingCycle.objects.create(start_at=at(0, day=date(2026, 2, 14)), end_at=at(0))
    assert cycles_sums(earlier) == {}
    assert_sums_agree()


def cycles_sums(cycle: BillingCycle) -> dict[int, Decimal]:
    rows = MemberModelDay.objects.in_cycle(cycle).exclude(total_cents=0)
    return dict(rows.values_list("member", "total_cents"))


def test_hours_stay_when_their_events_are_pruned(ana):
    event = make_event(ana, at(9), 1)
    rollups.recompute({(ana.pk, DAY)}, AT)
    Pruning.objects.create(first_day=DAY, last_day=DAY, started_at=AT)
    event.delete()
    rollups.recompute_days(DAY, DAY, AT)
    assert MemberModelHour.objects.get().total_cents == 100


class TestMigration:
    """What the migration fills in is what collecting would have written."""

    @pytest.fixture(autouse=True)
    def _old_table(self):
        company()

    def add_old(self, member: Member, day: date, total_cents: int) -> None:
        values = {
            "member_id": member.pk,
            "model": "sonnet",
            "day": str(day),
            "requests": 3,
            "total_cents": total_cents,
        }
        values |= {"is_after_turn": False, "updated_at": str(AT)}
        columns = [column.name for column in self.columns() if column.name != "id"]
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {OLD} ({', '.join(columns)}) VALUES ({', '.join(['%s'] * len(columns))})",  # noqa: S608
                [values.get(column, 0) for column in columns],
            )

    def columns(self) -> list:
        with connection.cursor() as cursor:
            return connection.introspection.get_table_description(cursor, OLD)

    def fill(self) -> None:
        module = importlib.import_module("collector.migrations.0005_fill_surfaces")
        module.fill(apps, SimpleNamespace(connection=connection))

    def table(self, model) -> list[tuple]:
        stamps = ("id", "updated_at", "settled_at")
        names = [field.attname for field in model._meta.concrete_fields if field.name not in stamps]
        return sorted(model.objects.values_list(*names), key=str)

    def test_totals_of_events_are_those_that_collecting_writes(self):
        for day in (DAY, NEXT_DAY):
            self.add_old(Member.objects.first(), day, 5)
        self.fill()
        self.fill()  # killed half-way it is run again
        filled = self.table(MemberModelDay), self.table(MemberModelHour)
        MemberModelDay.objects.all().delete()
        MemberModelHour.objects.all().delete()
        rollups.recompute_days(DAY, NEXT_DAY, AT)
        assert filled[0] == self.table(MemberModelDay)
        assert filled[1] == self.table(MemberModelHour)

    def test_totals_without_events_stay_on_no_surface(self):
        bo = make_member("bo@example.com")
        self.add_old(bo, DAY, 700)
        self.add_old(bo, date(2026, 1, 1), 800)
        Pruning.objects.create(first_day=date(2026, 1, 1), last_day=date(2026, 1, 1), started_at=AT)
        self.fill()
        rows = MemberModelDay.objects.filter(member=bo).order_by("day")
        assert list(rows.values_list("surface", "requests", "total_cents")) == [("", 3, 800), ("", 3, 700)]
        assert MemberModelHour.objects.filter(member=bo).count() == 0

from datetime import UTC, date, datetime, timedelta
from threading import Thread

import pytest
from django.db import connection
from django.db.models import Count, Exists, OuterRef

from collector.base.spans import DaySpan
from collector.base.statements import MOST_SHAPES, MOST_VALUES, prepared
from collector.models import Lease, Member, MemberModelDay

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
MARCH = date(2026, 3, 1)

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann() -> Member:
    return make_member("ann@example.com")


@pytest.fixture
def bob() -> Member:
    return make_member("bob@example.com")


def make_member(email: str) -> Member:
    return Member.objects.create(email=email, name=email[:3], first_seen_at=NOON, last_seen_at=NOON)


def make_day(member: Member, day: date, **fields) -> MemberModelDay:
    return MemberModelDay.objects.create(member=member, day=day, updated_at=NOON, **fields)


def days_of(rows) -> list[tuple[str, int]]:
    return [(row.member.name, row.day.day) for row in rows]


def test_each_call_gives_the_rows_of_its_own_arguments_out_of_one_build(ann, bob, django_assert_num_queries):
    for day in range(1, 5):
        make_day(ann, date(2026, 3, day), model="gpt")
        make_day(bob, date(2026, 3, day), model="opus")
    builds = []

    @prepared
    def rows(model: str, span: DaySpan, member: int | None):
        builds.append(model)
        found = MemberModelDay.objects.within(span).select_related("member").order_by("day", "member__name")
        found = found.filter(model=model) if model else found
        return found.filter(member=member) if member else found

    assert days_of(rows("gpt", DaySpan(MARCH, MARCH + timedelta(days=1)), None)) == [("ann", 1), ("ann", 2)]
    with django_assert_num_queries(1):
        assert days_of(rows("opus", DaySpan(date(2026, 3, 3), date(2026, 3, 9)), None)) == [
            ("bob", 3),
            ("bob", 4),
        ]
    assert len(builds) == 1
    assert days_of(rows("", DaySpan(MARCH, MARCH), None)) == [("ann", 1), ("bob", 1)]
    assert days_of(rows("", DaySpan(MARCH, MARCH), bob.pk)) == [("bob", 1)]
    assert days_of(rows("", DaySpan(MARCH, MARCH), ann.pk)) == [("ann", 1)]
    assert len(builds) == 3


def test_rows_come_as_the_queryset_gives_them(ann, bob):
    make_day(ann, MARCH, total_cents="12.345678", requests=3)
    make_day(bob, MARCH, total_cents="0.000001", requests=1)

    @prepared
    def spenders(least: int):
        days = MemberModelDay.objects.filter(member=OuterRef("pk"), requests__gte=least)
        return Member.objects.order_by("name").annotate(is_busy=Exists(days)).prefetch_related("model_days")

    assert [(m.name, m.is_busy, len(m.model_days.all())) for m in spenders(2)] == [
        ("ann", True, 1),
        ("bob", False, 1),
    ]
    assert [member.is_busy for member in spenders(1)] == [True, True]

    @prepared
    def figures(first: date):
        rows = MemberModelDay.objects.filter(day__gte=first).order_by("member__name")
        return rows.values("day", "total_cents").annotate(number=Count("pk"))

    assert figures(MARCH) == list(figures.build(MARCH))
    assert figures(date(2026, 3, 2)) == []


def test_a_set_may_hold_any_number_and_what_is_empty_in_it_can_be_asked_for(ann, bob):
    @prepared
    def named(pks: frozenset[int]):
        rows = Member.objects.order_by("name").values_list("name", flat=True)
        return rows if 0 in pks else rows.filter(pk__in=pks)

    assert named(frozenset({ann.pk})) == ["ann"]
    assert named(frozenset({bob.pk})) == ["bob"]
    assert named(frozenset({ann.pk, bob.pk})) == ["ann", "bob"]
    assert named(frozenset({0, ann.pk})) == ["ann", "bob"]

    @prepared
    def days(pks: frozenset[int]):
        return MemberModelDay.objects.filter(member__in=pks).values_list("member__name", "day")

    make_day(ann, MARCH)
    assert (days(frozenset({ann.pk, bob.pk})), days(frozenset({bob.pk}))) == ([("ann", MARCH)], [])


def test_filters_that_exclude_every_row_ask_nothing(django_assert_num_queries):
    @prepared
    def nobody(pks: frozenset[int]):
        return Member.objects.filter(pk__in=pks)

    with django_assert_num_queries(0):
        assert (nobody(frozenset()), nobody.statement(frozenset())) == ([], None)


def test_a_statement_has_its_values_as_the_database_takes_them(ann):
    Lease.objects.create(name="job", holder="somebody", expires_at=NOON)

    @prepared
    def expired(now: datetime):
        return Lease.objects.filter(expires_at__lte=now, name="job").values_list("holder")

    assert expired(NOON) == [("somebody",)]
    assert expired(NOON - timedelta(microseconds=1)) == []
    with connection.cursor() as cursor:
        cursor.execute(*expired.statement(NOON))
        assert cursor.fetchall() == [("somebody",)]


@pytest.mark.django_db(transaction=True)
def test_what_one_thread_has_put_together_another_asks_on_its_own_connection(ann):
    @prepared
    def names():
        return Member.objects.values_list("name")

    found = [names()]

    def ask() -> None:
        found.append(names())
        connection.close()

    thread = Thread(target=ask)
    thread.start()
    thread.join()
    assert found == [[("ann",)], [("ann",)]]


def test_of_many_shapes_only_some_are_kept(ann):
    @prepared
    def chosen(pk: int, shape: float):
        return Member.objects.filter(pk=pk).values_list("name", flat=True)

    for number in range(MOST_SHAPES + 5):
        assert chosen(ann.pk, number / 2) == ["ann"]
    assert len(chosen.kept) == 5


def test_a_large_set_is_asked_for_and_not_kept(ann, bob):
    @prepared
    def chosen(pks: frozenset[int]):
        return Member.objects.filter(pk__in=pks).order_by("name").values_list("name", flat=True)

    nobody = frozenset(range(10**6, 10**6 + MOST_VALUES))
    assert chosen(frozenset({ann.pk})) == ["ann"]
    assert chosen(nobody | {ann.pk}) == ["ann"]
    assert chosen(nobody | {bob.pk}) == ["bob"]
    assert chosen(nobody | {ann.pk, bob.pk}) == ["ann", "bob"]
    assert len(chosen.kept) == 1


def test_what_is_equal_and_of_another_type_is_another_shape(ann):
    @prepared
    def named(limit: int | bool):
        rows = Member.objects.values_list("name", flat=True)
        return rows if limit is False else rows.filter(pk=limit)

    assert (named(0), named(False), named(ann.pk)) == ([], ["ann"], ["ann"])

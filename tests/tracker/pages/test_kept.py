"""Sums that are kept between pages, and when they are made anew."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collector.base.upsert import revision, writing
from collector.facts.rollups import DAYS, DayKey, DayTotals
from collector.models import MemberModelDay
from tests.tracker.pages.company import make_member
from tracker.models import LeftSums
from tracker.reports import kept, usage

pytestmark = pytest.mark.django_db

DAY, AT = date(2026, 3, 3), datetime(2026, 3, 4, 9, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def nothing_held():
    kept.held.clear()
    yield
    kept.held.clear()


def write(member, cents):
    rows = {
        DayKey(member.pk, DAY, "default", "ide", False): DayTotals(requests=1, total_cents=Decimal(cents))
    }
    with writing():
        DAYS.upsert(rows, MemberModelDay.objects.filter(member=member), AT)


def total():
    return kept.Kept(newest_row=1)(usage.parts, MemberModelDay.objects.all()).total.total_cents


@pytest.fixture
def many(monkeypatch):
    monkeypatch.setattr(kept, "MANY", 1)


def test_many_rows_are_summed_once_until_facts_are_written(many, django_assert_num_queries):
    member = make_member("ana@example.com", "Ana")
    write(member, 125)
    assert total() == Decimal(125)
    with django_assert_num_queries(1):  # how often facts were written
        assert total() == Decimal(125)
    write(member, 131)
    assert total() == Decimal(131)


def test_what_one_process_leaves_to_all_is_not_summed_again(many, django_assert_num_queries):
    member = make_member("ana@example.com", "Ana")
    write(member, 125)
    with kept.for_all():
        assert total() == Decimal(125)
    kept.held.clear()  # as in another process
    with django_assert_num_queries(2):  # how often facts were written, and what was left
        assert total() == Decimal(125)
    write(member, 131)
    assert total() == Decimal(131)


def test_what_this_site_has_not_signed_is_not_read(many, django_assert_num_queries):
    write(make_member("ana@example.com", "Ana"), 125)
    with kept.for_all():
        total()
    kept.held.clear()
    left = LeftSums.objects.get()
    LeftSums.objects.update(signed=left.signed[:-1] + ("A" if left.signed[-1] != "A" else "B"))
    with django_assert_num_queries(3):  # how often facts were written, what was left, the sums
        assert total() == Decimal(125)


def test_few_rows_are_summed_anew(django_assert_num_queries):
    write(make_member("ana@example.com", "Ana"), 125)
    total()
    with django_assert_num_queries(1):  # the sums
        assert total() == Decimal(125)


def test_writing_nothing_new_keeps_what_is_kept():
    member = make_member("ana@example.com", "Ana")
    write(member, 125)
    before = revision()
    write(member, 125)
    assert revision() == before


def test_sums_of_other_rows_are_other_sums(many):
    first, second = make_member("a@example.com", "a"), make_member("b@example.com", "b")
    write(first, 100)
    write(second, 50)
    keep = kept.Kept(newest_row=1)
    rows = MemberModelDay.objects
    assert keep(usage.parts, rows.filter(member=first)).total.total_cents == Decimal(100)
    assert keep(usage.parts, rows.filter(member=second)).total.total_cents == Decimal(50)
    assert keep(usage.request_days, rows.filter(member=second)) == {second.pk: 1}

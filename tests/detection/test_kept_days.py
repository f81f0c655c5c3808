"""Days are kept from one run to the next, and read again once something of theirs has changed."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from collector.models import MemberModelDay
from detection.frame.load import load_frame

from .facts import NOW, make_day, make_member

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(hours=1)


def dollars():
    """By member, what the frame's days hold."""
    frame = load_frame(NOW, days=44)
    return dict(zip(frame.member_ids.tolist(), frame.days.cents.sum(axis=1) / 100, strict=True))


@pytest.fixture
def ana():
    member = make_member()
    for back in range(2, 12):
        make_day(member, date(2026, 3, 17) - timedelta(days=back), 10)
    return member


def test_a_total_that_was_written_moved_or_deleted_counts_as_it_is_now(ana):
    ben = make_member("ben@example.com")
    assert dollars() == {ana.pk: 100, ben.pk: 0}
    MemberModelDay.objects.filter(day=date(2026, 3, 10)).update(total_cents=9_000, updated_at=LATER)
    assert dollars() == {ana.pk: 180, ben.pk: 0}
    MemberModelDay.objects.filter(day=date(2026, 3, 10)).update(member=ben)
    assert dollars() == {ana.pk: 90, ben.pk: 90}
    MemberModelDay.objects.filter(day=date(2026, 3, 12)).delete()
    assert dollars() == {ana.pk: 80, ben.pk: 90}
    make_day(ana, date(2026, 3, 12), 5)
    assert dollars() == {ana.pk: 85, ben.pk: 90}


def test_a_run_after_another_reads_no_day_that_stayed_as_it_was(ana):
    dollars()
    MemberModelDay.objects.filter(day=date(2026, 3, 10)).update(total_cents=9_000, updated_at=LATER)
    dollars()
    with CaptureQueriesContext(connection) as captured:
        assert dollars() == {ana.pk: 180}
    of_days = [query["sql"] for query in captured if MemberModelDay._meta.db_table in query["sql"]]
    assert len(of_days) == 1

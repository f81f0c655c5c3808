"""Words in place of the addresses of people who have left: an id beside them says who it is."""

from datetime import UTC, datetime

import pytest

from collector.models import DailyActivity, Member, SpendSnapshot
from collector.sources import activity, members, spend
from tests.collector.fake_api import member, spend_page, spend_row

from . import test_activity
from .test_pages import WINDOW

pytestmark = pytest.mark.django_db
START = datetime(2026, 9, 1, tzinfo=UTC)


def test_two_people_whose_address_is_the_same_word_are_two(told, client):
    people = [member("(deleted)", id=f"user_{letter}", isRemoved=True) for letter in "ab"]
    told.tell(members.PATH, {"teamMembers": [member("ana@x.com"), *people]})
    rows = [
        spend_row("(deleted)", userId=f"user_{letter}", overallSpendCents=cents)
        for letter, cents in (("a", 5000), ("b", 7000))
    ]
    told.tell(spend.PATH, spend_page(rows, start=START))
    days = [
        test_activity.row("(deleted)", "2026-09-15", user=number, agentRequests=number) for number in (5, 7)
    ]
    told.tell(activity.PATH, test_activity.page(days, users=2))
    for source in (members, spend, activity) * 2:
        source.sync(client, WINDOW)
        assert not Member.objects.filter(email="(deleted)").exists()
    assert sorted(SpendSnapshot.objects.values_list("member__cursor_id", "total_cents")) == [
        ("user_a", 5000),
        ("user_b", 7000),
    ]
    assert sorted(DailyActivity.objects.values_list("member__email", "agent_requests")) == [
        ("user:5", 5),
        ("user:7", 7),
    ]

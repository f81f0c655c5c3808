"""Lists that come as null, nulls as text, and numbers in two spellings, as some servers write them."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.cursor.errors import CursorApiError
from collector.models import (
    CursorGroupMembership,
    DailyActivity,
    Doubt,
    Member,
    MemberAnalyticsDay,
    UsageEvent,
    Watermark,
)
from collector.sources import activity, analytics
from tests.collector.fake_api import event, ms

from . import test_activity, test_analytics, test_events, test_groups
from .test_pages import SOURCES, WINDOW

pytestmark = pytest.mark.django_db
TOTALS = {
    "spend": {"totalMembers": 0, "subscriptionCycleStart": ms(datetime(2026, 9, 1, tzinfo=UTC))},
    "events": {"totalUsageEventsCount": 0, "pagination": {"hasNextPage": False}},
    "activity": {"pagination": {"totalUsers": "0", "hasNextPage": False}},
    "commits": {"totalCount": 0, "page": 1},
}


@pytest.mark.parametrize("is_there", [True, False])
@pytest.mark.parametrize("name", TOTALS)
def test_null_or_nothing_in_place_of_a_list_is_no_row_where_the_total_says_so(told, client, name, is_there):
    source, path, key, rows, _ = SOURCES[name]
    told.tell(path, ({key: None} if is_there else {}) | TOTALS[name])
    result = source.sync(client, WINDOW)
    assert (result.seen, result.noted) == (0, 0)


@pytest.mark.parametrize("name", TOTALS)
@pytest.mark.parametrize("total", [3, None])
def test_null_in_place_of_a_list_is_no_answer_otherwise(told, client, name, total):
    source, path, key, rows, _ = SOURCES[name]
    stated = {field: total for field in TOTALS[name] if field.startswith("total")}
    told.tell(path, {key: None, **TOTALS[name], **stated, "pagination": {"totalUsers": total}})
    with pytest.raises(CursorApiError):
        source.sync(client, WINDOW)
    assert not Watermark.objects.exists()


def test_a_group_whose_people_are_null_and_none_in_number_is_empty(told, client):
    ana = test_groups.person("ana@x.com")
    test_groups.sync(told, client, test_groups.MONDAY, test_groups.group(1, ana), test_groups.group(2))
    empty = test_groups.group(1) | {"currentMembers": None, "memberCount": 0}
    moved = test_groups.person("ana@x.com", joined="2026-09-14T20:00:00.000Z")
    result = test_groups.sync(told, client, test_groups.TUESDAY, empty, test_groups.group(2, moved))
    assert result.noted == 0
    open_stays = CursorGroupMembership.objects.filter(left_at=None)
    assert list(open_stays.values_list("group__name", flat=True)) == ["Group 2"]


@pytest.mark.parametrize("nobody", [[], None])
def test_an_empty_list_in_place_of_an_object_names_nobody(told, client, nobody):
    for metric in analytics.MEMBER_METRICS:
        page = {"data": nobody, "pagination": {"page": 1, "totalUsers": 0, "hasNextPage": False}}
        told.tell(analytics.MEMBER_PATH + metric, page)
    assert analytics.sync_members(client, test_analytics.WINDOW).noted == 0
    assert not MemberAnalyticsDay.objects.exists()


def test_a_number_with_a_decimal_point_is_the_same_id(told, client):
    for number in (12345, "12345", 12345.0):
        row = test_activity.row(None, user=number, agentRequests=2)
        told.tell(activity.PATH, test_activity.page([row], users=1))
        activity.sync(client, test_activity.WINDOW)
    assert [member.numeric_id for member in Member.objects.all()] == ["12345"]
    assert DailyActivity.objects.get().agent_requests == 2


@pytest.mark.parametrize("null", ["null", "", "None"])
def test_a_null_that_is_written_as_a_text_states_no_cost(told, client, null):
    row = event(test_events.NOON, chargedCents=null)
    test_events.sync(told, client, row)
    assert UsageEvent.objects.values_list("charged_cents", "cost_basis").get() == (
        Decimal("20.18232"),
        "model_cost",
    )
    assert [doubt.where for doubt in Doubt.objects.still_open()] == ["chargedCents"]
    test_events.sync(told, client, event(test_events.NOON, chargedCents=8), window=test_events.LATER)
    test_events.sync(told, client, row, window=test_events.LATER)
    assert UsageEvent.objects.values_list("charged_cents", "cost_basis").get() == (Decimal(8), "charged")

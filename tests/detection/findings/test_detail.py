"""What is read about those who stand out."""

from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

from collector.models import UsageEvent
from detection.findings.detail import EVENT_COLUMNS, load_detail, read_events
from detection.frame.prices import NO_PRICES
from tests.incidents.factories import make_member, make_usage

pytestmark = pytest.mark.django_db

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def test_where_only_the_team_stands_out_nobodys_events_are_read():
    make_usage(make_member(), NOON - timedelta(hours=1), 5)
    detail = load_detail([], NOON, days=28, prices=NO_PRICES)
    assert detail.events.empty
    assert list(detail.events) == EVENT_COLUMNS
    assert detail.usual.empty


def test_events_are_read_as_they_are_stored_in_the_order_of_time():
    late, early = NOON - timedelta(milliseconds=1), NOON - timedelta(hours=2)
    carl, eve = make_member(), make_member("eve@example.com")
    make_usage(carl, late, 5, input_tokens=40, cloud_agent_id="bc-1", is_chargeable=True)
    make_usage(eve, early, 0.5, kind="Errored", model="sonnet")
    make_usage(carl, NOON, 7)  # the end is not included
    events = read_events(UsageEvent.objects.all(), early, NOON, NO_PRICES)
    assert list(events["at"]) == [pd.Timestamp(early), pd.Timestamp(late)]
    columns = ["member_id", "model", "by_agent", "cents", "charged", "billed", "requests", "tokens"]
    assert events[columns].to_numpy(object).tolist() == [
        [eve.pk, "sonnet", False, 50.0, 50.0, 0.0, 0.0, 0.0],
        [carl.pk, "claude-4.6-opus-high", True, 500.0, 500.0, 500.0, 1.0, 40.0],
    ]

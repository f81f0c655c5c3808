"""Cursor's own lag: one notice when it has lasted, one when it is over, to whom incidents go."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.models import Source, Watermark
from incidents.models import Channel, IncidentSettings, Notification
from incidents.notifying.vendor_lag import record_vendor_lag
from tests.incidents.factories import make_channel

pytestmark = pytest.mark.django_db

SENT = datetime(2026, 3, 18, 3, 36, tzinfo=UTC)  # a Wednesday
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def lag():
    Watermark.objects.create(source=Source.EVENTS, complete_until_at=SENT + 12 * HOUR, sent_until_at=SENT)


def sent_until(instant):
    Watermark.objects.update(sent_until_at=instant)


def titles():
    rows = Notification.objects.order_by("pk").select_related("channel")
    return [(row.channel.name, row.digest["title"]) for row in rows]


def test_a_lag_is_reported_once_and_once_more_when_it_is_over():
    make_channel()
    assert record_vendor_lag(SENT + 6 * HOUR - timedelta(seconds=1)).notices == 0
    assert record_vendor_lag(SENT + 6 * HOUR).notices == 1
    sent_until(SENT + HOUR)  # a few events came, and it is behind still
    assert record_vendor_lag(SENT + 8 * HOUR).notices == 0
    sent_until(None)
    assert record_vendor_lag(SENT + 9 * HOUR).notices == 1
    assert record_vendor_lag(SENT + 10 * HOUR).notices == 0
    assert titles() == [
        ("slack channel", "Cursor has sent events up to 18 Mar 2026, 03:36 UTC"),
        ("slack channel", "Cursor sends events on time again"),
    ]


def test_the_next_lag_is_reported_again():
    make_channel()
    record_vendor_lag(SENT + 7 * HOUR)
    sent_until(None)
    record_vendor_lag(SENT + 8 * HOUR)
    sent_until(SENT + 24 * HOUR)
    assert record_vendor_lag(SENT + 31 * HOUR).notices == 1


def test_a_lag_that_nobody_heard_of_ends_silently():
    make_channel()
    record_vendor_lag(SENT + 2 * HOUR)
    sent_until(None)
    assert record_vendor_lag(SENT + 3 * HOUR).notices == 0


def test_not_on_a_weekend_and_not_where_it_is_switched_off():
    make_channel()
    saturday = SENT + timedelta(days=3)
    assert record_vendor_lag(saturday + 7 * HOUR).notices == 0
    settings = IncidentSettings.get_solo()
    settings.vendor_lag_hours = 0
    settings.save()
    assert record_vendor_lag(SENT + 12 * HOUR).notices == 0


def test_nobody_is_called_and_groups_are_not_concerned():
    make_channel("pager")
    make_channel("email", audience=Channel.Audience.MEMBER, target="")
    make_channel("webhook")
    record_vendor_lag(SENT + 7 * HOUR)
    assert [name for name, _ in titles()] == ["webhook channel"]

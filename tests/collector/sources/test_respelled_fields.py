"""Answers whose fields begin with a capital letter, unlike the documented ones: `UserEmail`."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting.windows import Window
from collector.models import DailyActivity, Member, RejectedRow, SpendSnapshot, UsageEvent
from collector.sources import activity, events, members, spend
from tests.collector.fake_api import event, events_page, member, spend_page, spend_row

pytestmark = pytest.mark.django_db
AT = datetime(2026, 9, 15, 10, tzinfo=UTC)
WINDOW = Window(AT - timedelta(hours=1), AT + timedelta(hours=1), AT + timedelta(hours=1))


def pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def respelled(value, spell):
    if isinstance(value, dict):
        return {spell(name): respelled(inner, spell) for name, inner in value.items()}
    return [respelled(inner, spell) for inner in value] if isinstance(value, list) else value


@pytest.mark.parametrize("part", ["answer", "rows", "wrapped"])
def test_events_are_read_as_documented(told, client, part):
    page = events_page([event(AT, "ana@x.com"), event(AT + timedelta(seconds=1), "bo@x.com")])
    answer = {
        "answer": respelled(page, pascal),
        "rows": page | {"usageEvents": respelled(page["usageEvents"], pascal)},
        "wrapped": {"data": respelled(page, pascal)},
    }[part]
    told.tell(events.PATH, answer)
    events.sync(client, WINDOW)
    assert set(UsageEvent.objects.values_list("member__email", "input_tokens", "is_chargeable")) == {
        ("ana@x.com", 126, True),
        ("bo@x.com", 126, True),
    }
    assert not RejectedRow.objects.exists()


def test_so_are_members_spend_and_daily_activity(told, client):
    day = {"userId": 5, "day": "2026-09-15", "email": "ana@x.com", "isActive": True, "totalLinesAdded": 3}
    for source, answer in (
        (members, {"teamMembers": [member("ana@x.com")]}),
        (spend, spend_page([spend_row("ana@x.com", overallSpendCents=50)], start=AT - timedelta(days=1))),
        (activity, {"data": [day]}),
    ):
        told.tell(source.PATH, respelled(answer, pascal))
        source.sync(client, WINDOW)
    assert Member.objects.get().cursor_id == "user_ana@x.com"
    assert SpendSnapshot.objects.get().total_cents == 50
    assert DailyActivity.objects.get().lines_added == 3


def test_what_is_wrong_with_a_row_is_said_of_it_as_it_came(told, client):
    told.tell(events.PATH, events_page([event(AT, chargedCents="many") | {"Model": "x"}]))
    events.sync(client, WINDOW)
    assert RejectedRow.objects.get().reason == "chargedCents: is not a number"

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.cursor.errors import CursorApiError
from collector.cursor.records import EventRecord, EventsAnswer, MembersAnswer, parse
from tests.collector.fake_api import NOW, event, events_page


def test_an_event_is_read_with_the_vendors_quirks():
    record = parse(
        EventRecord,
        {
            "timestamp": "1787050925854",
            "userEmail": " Ana@Example.COM ",
            "serviceAccountId": "null",
            "userId": 12345,
            "kindLabel": "Included in Business",
            "requestsCosts": Decimal("1.4"),
            "chargedCents": "8",
            "somethingNew": {"x": 1},
        },
        "here",
    )
    assert record.timestamp == datetime(2026, 8, 18, 11, 2, 5, 854000, tzinfo=UTC)
    assert (record.user_email, record.service_account_id, record.user_id) == ("ana@example.com", "", "12345")
    assert (record.kind, record.requests_costs, record.charged_cents) == (
        "Included in Business",
        Decimal("1.4"),
        Decimal("8"),
    )
    assert (record.token_usage, record.is_chargeable, record.max_mode) == (None, None, False)


def test_cents_keep_six_decimals():
    record = parse(EventRecord, {"timestamp": "1", "chargedCents": Decimal("2450.125487")}, "here")
    assert record.charged_cents == Decimal("2450.125487")


@pytest.mark.parametrize(
    ("payload", "named"),
    [
        ([], "the answer"),
        ({}, "teamMembers"),
        ({"teamMembers": None}, "teamMembers"),
        ({"teamMembers": [{"name": "Ana"}]}, "teamMembers.0.email"),
        ({"teamMembers": [{"email": ["x"]}]}, "teamMembers.0.email"),
    ],
)
def test_a_missing_or_mistyped_field_is_named(payload, named):
    with pytest.raises(CursorApiError, match=f"^/teams/members: unexpected answer: {named}: .*Nothing of it"):
        parse(MembersAnswer, payload, "/teams/members")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timestamp", "yesterday"),
        ("timestamp", None),
        ("chargedCents", "a lot"),
        ("chargedCents", True),
        ("chargedCents", "NaN"),
        ("chargedCents", "1e12"),
        ("tokenUsage", "many"),
        ("tokenUsage", {"inputTokens": 1.5}),
        ("tokenUsage", {"inputTokens": -1}),
    ],
)
def test_money_and_tokens_that_cannot_be_are_refused_not_taken_for_zero(field, value):
    row = event(NOW) | {field: value}
    with pytest.raises(CursorApiError, match=f"usageEvents.0.{field}"):
        parse(EventsAnswer, events_page([row]), "events")


def test_the_dashboards_spelling_of_the_list_is_taken():
    page = events_page([event(NOW)])
    page["usageEventsDisplay"] = page.pop("usageEvents")
    assert len(parse(EventsAnswer, page, "events").usage_events) == 1


def test_names_longer_than_their_columns_are_cut():
    record = parse(EventRecord, {"timestamp": 1, "model": "m" * 500, "kind": "k\x00" * 90}, "here")
    assert (len(record.model), record.kind) == (120, "k" * 80)


def test_half_a_character_of_a_name_that_was_cut_is_left_out():
    answer = {"teamMembers": [{"email": "ana@x.com", "name": "Ana \ud83d"}]}
    assert parse(MembersAnswer, answer, "here").team_members[0].name == "Ana"

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.base.notes import Notes
from collector.cursor.errors import CursorApiError
from collector.cursor.records import EventRecord, EventsAnswer, MembersAnswer, TeamMember
from collector.cursor.rows import parse, read_rows
from tests.collector.fake_api import NOW, event, events_page, ms


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
    row = event(NOW, chargedCents=Decimal("2450.125487"))
    assert read(row)[0].charged_cents == Decimal("2450.125487")


def read(*rows: object, record=EventRecord, notes: Notes | None = None) -> list:
    return [row for row, _ in read_rows(record, rows, notes or Notes("here", NOW))]


@pytest.mark.parametrize(
    ("payload", "named"),
    [([], "Input should be"), ({}, "teamMembers"), ({"teamMembers": None}, "teamMembers")],
)
def test_an_answer_without_its_list_is_refused_with_the_fields_name(payload, named):
    with pytest.raises(CursorApiError, match=f"^/teams/members: unexpected answer: {named}.*Nothing from"):
        parse(MembersAnswer, payload, "/teams/members")


@pytest.mark.parametrize("row", [{"name": "Ana"}, {"email": ["x"]}, "ana@x.com", None, 7, []])
def test_a_row_that_names_nobody_is_rejected_and_its_neighbours_are_read(row):
    notes = Notes("here", NOW)
    assert [each.email for each in read(row, {"email": "bo@x.com"}, record=TeamMember, notes=notes)] == [
        "bo@x.com"
    ]
    assert [draft.raw for draft in notes.rejections.values()] == [row]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("timestamp", "yesterday"),
        ("timestamp", None),
        ("timestamp", 0),
        ("timestamp", str(ms(NOW) // 1000 + 2 * 86400)),
        ("chargedCents", "a lot"),
        ("chargedCents", True),
        ("chargedCents", "NaN"),
        ("chargedCents", "1e12"),
        ("chargedCents", 10**10),
    ],
)
def test_an_event_without_clear_money_or_time_is_rejected_never_taken_for_zero(field, value):
    notes = Notes("here", NOW)
    assert read(event(NOW) | {field: value}, notes=notes) == []
    (draft,) = notes.rejections.values()
    assert draft.reason.startswith(f"{field}: ")
    assert draft.cents == (None if field == "chargedCents" else Decimal("21.36232"))


@pytest.mark.parametrize(
    ("field", "value", "named"),
    [
        ("tokenUsage", "many", "tokenUsage"),
        ("tokenUsage", {"inputTokens": 1.5}, "inputTokens"),
        ("tokenUsage", {"inputTokens": -1}, "inputTokens"),
        ("tokenUsage", {"outputTokens": 10**12 + 1}, "outputTokens"),
        ("tokenUsage", {"totalCents": "x"}, "totalCents"),
        ("requestsCosts", 5 * 10**9, "requestsCosts"),
        ("requestsCosts", -1, "requestsCosts"),
        ("cursorTokenFee", [], "cursorTokenFee"),
        ("isChargeable", "perhaps", "isChargeable"),
        ("maxMode", 7, "maxMode"),
        ("model", {"name": "m"}, "model"),
        ("model", "m" * 500, "model"),
        ("userEmail", "ann\nlee@x.com", "userEmail"),
        ("userEmail", ["ann"], "userEmail"),
    ],
)
def test_an_event_with_clear_cents_counts_whatever_else_it_says(field, value, named):
    notes = Notes("here", NOW)
    (row,) = read(event(NOW) | {field: value}, notes=notes)
    assert row.charged_cents == Decimal("21.36232")
    (((_, subject), doubt),) = notes.doubts.items()
    assert (subject, doubt.cents, doubt.rows) == (named, Decimal("21.36232"), 1)


@pytest.mark.parametrize("factor", [0.001, 1000, 10**6])
def test_an_instant_in_another_unit_counts_with_a_doubt(factor):
    notes = Notes("here", NOW)
    (row,) = read(event(NOW) | {"timestamp": str(int(ms(NOW) * factor))}, notes=notes)
    assert (row.timestamp, row.charged_cents) == (NOW, Decimal("21.36232"))
    (((_, subject), doubt),) = notes.doubts.items()
    assert (subject, doubt.start_at) == ("timestamp", NOW)
    assert "seconds, not in milliseconds: taken as 2026-09-16 15:04:30" in doubt.reason


def test_the_models_cost_does_not_stand_in_for_a_charge_where_it_cannot_be_read():
    notes = Notes("here", NOW)
    assert read(event(NOW, chargedCents=None, tokenUsage={"totalCents": "x"}), notes=notes) == []
    assert len(notes.rejections) == 1


def test_the_dashboards_spelling_of_the_list_is_taken():
    page = events_page([event(NOW)])
    page["usageEventsDisplay"] = page.pop("usageEvents")
    assert len(parse(EventsAnswer, page, "events").rows) == 1


def test_names_longer_than_their_columns_are_cut_and_doubted():
    notes = Notes("here", NOW)
    (record,) = read({"timestamp": ms(NOW), "model": "m" * 500, "kind": "k\x00" * 90}, notes=notes)
    assert (len(record.model), record.kind) == (120, "k" * 80)
    assert {subject for _, subject in notes.doubts} == {"model", "kind"}


def test_half_a_character_of_a_name_that_was_cut_is_left_out():
    assert read({"email": "ana@x.com", "name": "Ana \ud83d"}, record=TeamMember)[0].name == "Ana"


@pytest.mark.parametrize("nobody", ["null", "", None, "-", "N/A", "undefined"])
def test_words_for_nobody_name_nobody(nobody):
    assert read(event(NOW) | {"userEmail": nobody})[0].user_email == ""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial

import pytest

from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.facts import cycles
from collector.models import Doubt, Member, MemberModelDay, UsageEvent, Watermark
from collector.sources import events
from tests.collector.fake_api import event, events_page, ms

pytestmark = pytest.mark.django_db
PATH = reading.PATH
START, END = datetime(2026, 9, 14, tzinfo=UTC), datetime(2026, 9, 15, tzinfo=UTC)
NOON = datetime(2026, 9, 14, 12, tzinfo=UTC)
WINDOW = Window(START, END, END)
LATER = Window(START, END, END + timedelta(hours=1))


def stored() -> list[tuple]:
    rows = UsageEvent.objects.order_by("occurred_at", "member__email", "model", "ordinal")
    return list(rows.values_list("occurred_at", "member__email", "model", "ordinal", "charged_cents"))


def totals() -> list[tuple]:
    rows = MemberModelDay.objects.order_by("member__email", "model", "day", "is_after_turn")
    return list(
        rows.values_list(
            "member__email", "model", "day", "is_after_turn", "requests", "total_cents", "billed_cents"
        )
    )


def sync(told, client, *rows: dict, window: Window = WINDOW):
    told.tell(PATH, events_page(list(rows)))
    return events.sync(client, window)


def test_an_event_is_stored_whole(told, client):
    sync(told, client, event(NOON, "Ana@Example.com", conversationId="c1", serviceAccountId="null"))
    row = UsageEvent.objects.values().get()
    row.pop("id"), row.pop("member_id")
    assert row == {
        "occurred_at": NOON,
        "model": "claude-4.5-sonnet",
        "ordinal": 0,
        "kind": "Usage-based",
        "charged_cents": Decimal("21.36232"),
        "cost_basis": "charged",
        "model_cents": Decimal("20.18232"),
        "token_fee_cents": Decimal("1.18"),
        "discount_percent": None,
        "is_chargeable": True,
        "request_units": Decimal(5),
        "input_tokens": 126,
        "output_tokens": 450,
        "cache_write_tokens": 6112,
        "cache_read_tokens": 11964,
        "is_token_based": True,
        "is_max_mode": False,
        "is_headless": False,
        "is_bugbot": False,
        "conversation_id": "c1",
        "cloud_agent_id": "",
        "automation_id": "",
        "origin": "api",
        "first_seen_at": END,
        "changed_at": END,
    }
    assert Member.objects.values_list("email", "kind").get() == ("ana@example.com", "person")


def test_the_window_ends_at_59_999_in_the_past(told, client):
    sync(told, client, event(NOON))
    assert told.asked[PATH] == [{"startDate": ms(START), "endDate": ms(END) - 1, "page": 1, "pageSize": 1000}]


def test_reading_again_changes_nothing(told, client):
    first = sync(told, client, event(NOON), event(NOON, "bo@example.com"))
    before = stored(), totals()
    again = sync(told, client, event(NOON, "bo@example.com"), event(NOON), window=LATER)
    assert (first.new, first.changed, again.new, again.changed) == (2, 0, 0, 0)
    assert (stored(), totals()) == before
    assert set(UsageEvent.objects.values_list("changed_at", flat=True)) == {END}


def test_a_revised_cost_replaces_the_old_one_up_or_down(told, client):
    sync(told, client, event(NOON, chargedCents=5000))
    result = sync(told, client, event(NOON, chargedCents=1200, isChargeable=False), window=LATER)
    assert (result.new, result.changed) == (0, 1)
    assert stored() == [(NOON, "ana@example.com", "claude-4.5-sonnet", 0, Decimal(1200))]
    assert totals() == [("ana@example.com", "claude-4.5-sonnet", START.date(), False, 1, Decimal(1200), 0)]
    assert UsageEvent.objects.values_list("first_seen_at", "changed_at").get() == (END, LATER.read_at)


@pytest.mark.parametrize("left_out", [{"chargedCents": None}, {"chargedCents": None, "tokenUsage": None}])
def test_a_cost_that_is_left_out_later_is_no_zero(told, client, left_out):
    sync(told, client, event(NOON, chargedCents=8))
    sync(told, client, event(NOON, **left_out), window=LATER)
    assert UsageEvent.objects.values_list("charged_cents", "cost_basis").get() == (Decimal(8), "charged")
    errored = event(NOON, chargedCents=None, tokenUsage=None, kind="Errored, Not Charged", isChargeable=False)
    sync(told, client, errored, window=LATER)
    assert UsageEvent.objects.values_list("charged_cents", "cost_basis").get() == (Decimal(0), "unknown")


def test_a_late_event_is_added_to_its_day(told, client):
    sync(told, client, event(NOON))
    late = event(NOON - timedelta(seconds=50), chargedCents=999)
    result = sync(told, client, event(NOON), late, window=LATER)
    assert (result.new, result.changed) == (1, 0)
    assert totals()[0][4:6] == (2, Decimal("1020.36232"))


def test_an_event_that_is_no_longer_told_stays(told, client):
    sync(told, client, event(NOON), event(NOON + timedelta(hours=1)))
    sync(told, client, event(NOON), window=LATER)
    assert len(stored()) == 2


def test_twins_are_numbered_by_what_never_changes(told, client):
    one, two = (
        event(NOON, conversationId="a", chargedCents=9),
        event(NOON, conversationId="b", chargedCents=1),
    )
    sync(told, client, two, one)
    rows = [(row[3], row[4]) for row in stored()]
    assert rows == [(0, Decimal(9)), (1, Decimal(1))]
    revised = sync(told, client, one | {"chargedCents": 0}, two, window=LATER)
    assert (revised.new, revised.changed) == (0, 1)
    assert [(row[3], row[4]) for row in stored()] == [(0, Decimal(0)), (1, Decimal(1))]


def test_two_events_alike_in_everything_are_two(told, client):
    sync(told, client, event(NOON), event(NOON))
    assert sync(told, client, event(NOON), event(NOON), window=LATER).new == 0
    assert [row[3] for row in stored()] == [0, 1]


def test_nobodys_spend_is_kept_and_accounts_are_told_apart(told, client):
    sync(
        told,
        client,
        event(NOON, None),
        event(NOON, None, serviceAccountId="sa_1", serviceAccountName="CI"),
        event(NOON, "bot@example.com", serviceAccountId="sa_2"),
        event(NOON, None, userId=77),
    )
    assert list(Member.objects.order_by("email").values_list("email", "kind", "name")) == [
        ("bot@example.com", "service_account", ""),
        ("service-account:sa_1", "service_account", "CI"),
        ("unattributed", "unattributed", "Unattributed"),
        ("user:77", "person", ""),
    ]


@pytest.mark.parametrize("name", ["Ana <Ana@example.com>", "mailto:ana@example.com"])
def test_an_address_in_another_dress_is_the_members(told, client, name):
    sync(told, client, event(NOON, name), event(END - timedelta(hours=1), "ana@example.com"))
    assert Member.objects.get().email == "ana@example.com"


def test_a_name_in_place_of_an_address_counts_under_it_with_a_doubt(told, client):
    result = sync(told, client, event(NOON, "(deleted)", chargedCents=7))
    assert (result.noted, totals()[0][0], totals()[0][5]) == (1, "(deleted)", 7)
    assert "“(deleted)” is not an e-mail address" in Doubt.objects.get().reason


def test_somebody_whom_the_vendor_forgets_keeps_their_event(told, client):
    sync(told, client, event(NOON, "ana@example.com", chargedCents=10))
    result = sync(told, client, event(NOON, None, chargedCents=12), window=LATER)
    assert (result.new, result.changed) == (0, 1)
    assert stored() == [(NOON, "ana@example.com", "claude-4.5-sonnet", 0, Decimal(12))]
    assert totals()[0][5] == 12


def test_an_event_that_gets_its_name_later_moves_with_its_cost(told, client):
    sync(told, client, event(NOON, None, chargedCents=10))
    result = sync(told, client, event(NOON, "ana@example.com", chargedCents=10), window=LATER)
    assert (result.new, result.changed) == (0, 0)
    assert stored() == [(NOON, "ana@example.com", "claude-4.5-sonnet", 0, Decimal(10))]
    assert [(row[0], row[4], row[5]) for row in totals()] == [
        ("ana@example.com", 1, 10),
        ("unattributed", 0, 0),
    ]


def test_a_new_address_does_not_double_what_was_spent_under_the_old(told, client):
    sync(told, client, event(NOON, "ana@old.com", chargedCents=10))
    sync(told, client, event(NOON, "ana@new.com", chargedCents=10), window=LATER)
    assert [row[1] for row in stored()] == ["ana@new.com"]
    assert sum(row[5] for row in totals()) == 10


def test_events_from_before_two_members_swapped_addresses_stay_with_whose_they_are(told, client):
    make_member = partial(Member.objects.create, first_seen_at=NOON, last_seen_at=NOON)
    ana = make_member(email="a@x.com", cursor_id="user_a")
    bo = make_member(email="b@x.com", cursor_id="user_b")
    before = event(NOON, "a@x.com", chargedCents=10)
    sync(told, client, before)
    for member, address in ((ana, "moving"), (bo, "a@x.com"), (ana, "b@x.com")):
        Member.objects.filter(pk=member.pk).update(email=address)
    after = event(NOON + timedelta(minutes=1), "a@x.com", chargedCents=1)
    sync(told, client, before, after, window=LATER)
    spent = MemberModelDay.objects.filter(total_cents__gt=0)
    assert dict(spent.values_list("member", "total_cents")) == {ana.pk: 10, bo.pk: 1}


def test_an_event_of_a_listed_member_whose_model_is_spelled_another_way_later_stays_one(told, client):
    Member.objects.create(email="ana@example.com", cursor_id="user_a", first_seen_at=NOON, last_seen_at=NOON)
    sync(told, client, event(NOON, model="", chargedCents=10))
    sync(told, client, event(NOON, model="gpt-5", chargedCents=10), window=LATER)
    assert stored() == [(NOON, "ana@example.com", "gpt-5", 0, Decimal(10))]


def test_old_answers_fall_back_to_the_model_cost_and_say_so(told, client):
    old = event(NOON, chargedCents=None, isChargeable=None, kind=None, kindLabel="Usage-based")
    sync(told, client, old, event(END - timedelta(hours=1), chargedCents=None, tokenUsage=None))
    rows = UsageEvent.objects.order_by("occurred_at").values_list(
        "charged_cents", "cost_basis", "is_chargeable"
    )
    assert list(rows) == [(Decimal("20.18232"), "model_cost", True), (Decimal(0), "unknown", True)]


@pytest.mark.parametrize("kind", ["Usage Based", "USAGE_EVENT_KIND_USAGE_BASED", "on_demand", "On‐Demand "])
def test_an_old_answer_is_billed_however_the_words_of_its_kind_are_joined(told, client, kind):
    sync(told, client, event(NOON, chargedCents=None, isChargeable=None, kind=None, kindLabel=kind))
    assert UsageEvent.objects.get().is_chargeable


def test_totals_count_served_failed_and_billed_apart(told, client):
    sync(
        told,
        client,
        event(NOON, chargedCents=10, maxMode=True),
        event(NOON + timedelta(minutes=1), chargedCents=8, isChargeable=False, kind="Included in Business"),
        event(NOON + timedelta(minutes=2), chargedCents=0, isChargeable=False, kind="Errored, Not Charged"),
        event(NOON + timedelta(minutes=3), chargedCents=0, isChargeable=False, kind="Aborted, Not Charged"),
    )
    row = MemberModelDay.objects.values(
        "requests", "billed_requests", "failed_requests", "max_mode_requests", "total_cents", "billed_cents"
    ).get()
    assert row == {
        "requests": 2,
        "billed_requests": 1,
        "failed_requests": 2,
        "max_mode_requests": 1,
        "total_cents": Decimal(18),
        "billed_cents": Decimal(10),
    }


def test_a_day_on_which_a_cycle_turns_is_split_to_the_millisecond(told, client):
    cycle, _ = cycles.learn(NOON)
    sync(told, client, event(NOON - timedelta(milliseconds=1), chargedCents=1), event(NOON, chargedCents=2))
    day = date(2026, 9, 14)
    model, ana = "claude-4.5-sonnet", "ana@example.com"
    assert totals() == [(ana, model, day, False, 1, 1, 1), (ana, model, day, True, 1, 2, 2)]
    assert MemberModelDay.objects.in_cycle(cycle).spend()["total_cents"] == 2


def test_the_watermark_is_the_end_of_the_window_not_the_newest_event(told, client):
    sync(told, client, event(NOON))
    assert Watermark.objects.values_list("source", "complete_from_at", "complete_until_at").get() == (
        "events",
        START,
        END,
    )


@pytest.mark.parametrize("kind", ["Errored, Not Charged", "Aborted, Not Charged", "Errored, No Charge"])
def test_an_old_event_that_was_not_charged_costs_nothing(told, client, kind):
    old = event(NOON, chargedCents=None, isChargeable=None, kind=kind)
    assert sync(told, client, old).noted == 0
    assert UsageEvent.objects.values_list("charged_cents", "is_chargeable").get() == (Decimal(0), False)


def test_one_bad_count_costs_neither_its_event_nor_its_neighbours(told, client):
    bad = event(NOON, chargedCents=20, tokenUsage={"inputTokens": -1, "totalCents": 20})
    assert sync(told, client, bad, event(NOON, "bob@example.com", chargedCents=30)).noted == 1
    assert [row[4] for row in stored()] == [Decimal(20), Decimal(30)]
    assert UsageEvent.objects.order_by("charged_cents")[0].input_tokens is None


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "9" * 5000, "1e999"])
def test_a_number_that_json_does_not_know_concerns_its_event_alone(told, client, number):
    bad, count = event(NOON, chargedCents=778899), event(NOON, "cy@example.com", chargedCents=10)
    count["tokenUsage"]["inputTokens"] = 778899
    answer = events_page([bad, count, event(NOON, "bob@example.com", chargedCents=30)])
    told.tell(PATH, json.dumps(answer).replace("778899", number))
    assert events.sync(client, WINDOW).noted == 2
    assert sorted(row[4] for row in stored()) == [Decimal(10), Decimal(30)]


def test_a_kind_that_nobody_knows_counts_with_a_doubt_about_its_money(told, client):
    assert sync(told, client, event(NOON, kind="Barter", chargedCents=250)).noted == 1
    assert Doubt.objects.values_list("kind", "cents").get() == ("unknown_kind", Decimal(250))
    assert stored()[0][4] == Decimal(250)

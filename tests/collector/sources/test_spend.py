from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from collector.collecting.windows import Window
from collector.models import BillingCycle, Doubt, Member, MemberModelDay, RejectedRow, SpendSnapshot
from collector.sources import spend
from tests.collector.fake_api import ms, spend_page, spend_row

pytestmark = pytest.mark.django_db
PATH = spend.PATH
START = datetime(2026, 9, 14, 21, 23, 8, tzinfo=UTC)
TOMORROW = datetime(2026, 9, 17, 9, tzinfo=UTC)
TEN, ELEVEN = (datetime(2026, 9, 16, hour, tzinfo=UTC) for hour in (10, 11))


def sync(told, client, at: datetime, *rows: dict, start: datetime = START):
    told.tell(PATH, spend_page(list(rows), start=start))
    return spend.sync(client, Window(at, at, at))


def table() -> list[tuple]:
    rows = SpendSnapshot.objects.order_by("member__email", "taken_at")
    return list(
        rows.values_list(
            "member__email", "taken_at", "confirmed_at", "total_cents", "on_demand_cents", "included_cents"
        )
    )


def test_a_snapshot_keeps_the_three_readings_and_the_limit_in_force(told, client):
    sync(told, client, TEN, spend_row("Ana@example.com"))
    assert table() == [
        (
            "ana@example.com",
            TEN,
            TEN,
            Decimal("3200.750456"),
            Decimal("1875.500123"),
            Decimal("1325.250333"),
        )
    ]
    row = SpendSnapshot.objects.get()
    assert (row.meaning, row.premium_requests, row.limit_dollars) == ("current", 980, Decimal(50))
    assert row.raw["overallSpendCents"] == "3200.750456"


def test_the_cycle_is_known_to_the_millisecond(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"))
    cycle = BillingCycle.objects.get()
    assert (cycle.start_at, cycle.end_at) == (START, datetime(2026, 10, 14, 21, 23, 8, tzinfo=UTC))


def test_the_turn_of_a_cycle_leaves_a_total_that_was_imported_without_events(told, client):
    bo = Member.objects.create(email="bo@example.com", first_seen_at=TEN, last_seen_at=TEN)
    MemberModelDay.objects.create(member=bo, day=START.date(), total_cents=500, updated_at=TEN)
    sync(told, client, TEN, spend_row("ana@example.com"))
    assert MemberModelDay.objects.get().total_cents == 500


def test_the_cycle_that_the_answer_names_is_the_current_one_however_long_it_is(told, client):
    late = datetime(2026, 10, 16, 9, tzinfo=UTC)
    sync(told, client, TEN, spend_row("ana@example.com"))
    sync(told, client, late, spend_row("ana@example.com"))
    assert BillingCycle.objects.at(late) == BillingCycle.objects.get()


def test_a_figure_that_stands_is_confirmed_and_one_that_moves_is_the_days_new_word(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"), spend_row("bo@example.com"))
    moved = spend_row("bo@example.com", overallSpendCents=3300)
    result = sync(told, client, ELEVEN, spend_row("ana@example.com"), moved)
    assert (result.new, result.changed) == (0, 1)
    assert [row[:4] for row in table()] == [
        ("ana@example.com", TEN, ELEVEN, Decimal("3200.750456")),
        ("bo@example.com", TEN, ELEVEN, Decimal(3300)),
    ]


def test_a_row_without_an_email_is_the_members_whose_id_it_has(told, client):
    Member.objects.create(email="ana@example.com", cursor_id="user_AbC", first_seen_at=TEN, last_seen_at=TEN)
    sync(told, client, TEN, spend_row("", userId="user_AbC"), spend_row("", userId="user_New"))
    assert [row[0] for row in table()] == ["ana@example.com", "user:user_new"]
    unknown = Member.objects.get(email="user:user_new")
    assert (unknown.cursor_id, unknown.numeric_id) == ("user_New", "")
    sync(told, client, ELEVEN, spend_row("", userId="user_New", overallSpendCents=3300))
    assert Member.objects.count() == 2


@pytest.mark.parametrize("gone", ["ana@example.com", "zoe@example.com"])
def test_of_two_addresses_with_one_id_the_one_still_listed_counts(told, client, gone):
    for email in ("ana@example.com", "zoe@example.com"):
        gone_at = TEN if email == gone else None
        Member.objects.create(
            email=email, cursor_id="user_A", gone_at=gone_at, first_seen_at=TEN, last_seen_at=TEN
        )
    sync(told, client, ELEVEN, spend_row("", userId="user_A"))
    assert table()[0][0] != gone


def test_whoever_left_and_came_back_spent_what_both_rows_say(told, client):
    Member.objects.create(email="ana@example.com", cursor_id="user_B", first_seen_at=TEN, last_seen_at=TEN)
    rows = [
        spend_row("ana@example.com", userId="user_B", overallSpendCents=30, spendCents=10),
        spend_row("ana@example.com", userId="user_A", effectivePerUserLimitDollars=None),
    ]
    sync(told, client, TEN, *rows)
    assert sync(told, client, ELEVEN, *rows).changed == 0
    assert [row[3:] for row in table()] == [
        (Decimal("3230.750456"), Decimal("1885.500123"), Decimal("1345.250333"))
    ]
    snapshot = SpendSnapshot.objects.get()
    assert (snapshot.premium_requests, snapshot.limit_dollars) == (1960, Decimal(50))
    assert [row["userId"] for row in snapshot.raw["rows"]] == ["user_B", "user_A"]


def test_a_new_address_of_a_known_id_is_the_same_member(told, client):
    sync(told, client, TEN, spend_row("ana@example.com", userId="user_A"), spend_row("bo@example.com"))
    sync(told, client, TOMORROW, spend_row("ann@example.com", userId="user_A", overallSpendCents=3300))
    assert [row[:2] + row[3:4] for row in table()] == [
        ("ana@example.com", TEN, Decimal("3200.750456")),
        ("ana@example.com", TOMORROW, Decimal(3300)),
        ("bo@example.com", TEN, Decimal("3200.750456")),
    ]
    assert Member.objects.by_address("ANN@example.com").email == "ana@example.com"


def test_a_row_that_a_shifted_page_repeats_counts_once(told, client):
    row = spend_row("ana@example.com", userId="user_A")
    sync(told, client, TEN, row)
    once = table()
    sync(told, client, TEN, row, row)
    assert table() == once


def test_rows_that_name_nobody_are_one_sum(told, client):
    sync(told, client, TEN, *[spend_row("", userId=None, overallSpendCents=cents) for cents in (100, 30)])
    assert [row[:1] + row[3:4] for row in table()] == [("unattributed", Decimal(130))]


def test_each_day_on_which_a_figure_moved_keeps_its_last_word(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"))
    for cents in (3300, 3400):
        sync(told, client, TOMORROW, spend_row("ana@example.com", overallSpendCents=cents))
    assert [row[:4] for row in table()] == [
        ("ana@example.com", TEN, TEN, Decimal("3200.750456")),
        ("ana@example.com", TOMORROW, TOMORROW, Decimal(3400)),
    ]
    newest = SpendSnapshot.objects.latest_per_member(BillingCycle.objects.get())
    assert [row.total_cents for row in newest] == [3400]


def test_an_answer_without_the_overall_figure_is_marked_legacy(told, client):
    sync(told, client, TEN, spend_row("ana@example.com", overallSpendCents=None, includedSpendCents=1984))
    row = SpendSnapshot.objects.get()
    assert (row.meaning, row.total_cents, row.on_demand_cents, row.included_cents) == (
        "legacy",
        None,
        None,
        1984,
    )
    assert row.raw["spendCents"] == "1875.500123"


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"effectivePerUserLimitDollars": 0}, 0),
        ({"effectivePerUserLimitDollars": None, "hardLimitOverrideDollars": 75}, 75),
        ({"effectivePerUserLimitDollars": None, "monthlyLimitDollars": 20}, 20),
        ({"effectivePerUserLimitDollars": None}, None),
    ],
)
def test_the_limit_in_force_of_older_answers_is_put_together(told, client, fields, limit):
    sync(told, client, TEN, spend_row("ana@example.com", **fields))
    assert SpendSnapshot.objects.get().limit_dollars == limit


def test_text_that_no_database_takes_does_not_cost_the_snapshot(told, client):
    sync(told, client, TEN, spend_row("ana@example.com", name="A\x00na \ud83d"))
    assert SpendSnapshot.objects.get().raw["name"] == "Ana "


def test_pages_end_where_total_pages_says(told, client):
    rows = [spend_row("ana@example.com"), spend_row("bo@example.com")]
    told.tell(PATH, *[spend_page([row], start=START, total=2, pages=2) for row in rows])
    assert spend.sync(client, Window(TEN, TEN, TEN)).seen == 2
    assert [asked["page"] for asked in told.asked[PATH]] == [1, 2]


def test_members_that_are_announced_and_do_not_come_are_a_doubt(told, client):
    told.tell(PATH, spend_page([spend_row("ana@example.com")], start=START, total=2))
    assert spend.sync(client, Window(TEN, TEN, TEN)).noted == 1
    assert len(table()) == 1
    assert Doubt.objects.values_list("kind", "announced", "counted").get() == ("total", "2", "1")


@pytest.mark.parametrize(
    "fields",
    [
        {"spendCents": "a lot"},
        {"overallSpendCents": 10**10},
        {"overallSpendCents": "1e400"},
        {"spendCents": None, "overallSpendCents": None},
    ],
)
def test_a_row_without_clear_money_is_rejected_alone(told, client, fields):
    sync(told, client, TEN, spend_row("ana@example.com") | fields, spend_row("bo@example.com"))
    assert [row[0] for row in table()] == ["bo@example.com"]
    assert RejectedRow.objects.get().raw["email"] == "ana@example.com"
    sync(told, client, ELEVEN, spend_row("ana@example.com"), spend_row("bo@example.com"))
    assert (len(table()), RejectedRow.objects.still_open().count()) == (2, 0)


@pytest.mark.parametrize(
    "fields",
    [
        {"effectivePerUserLimitDollars": -5},
        {"monthlyLimitDollars": "none"},
        {"fastPremiumRequests": -1},
        {"hardLimitOverrideDollars": 10**12},
        {"name": ["x"]},
    ],
)
def test_spend_counts_whatever_is_odd_beside_it(told, client, fields):
    assert sync(told, client, TEN, spend_row("ana@example.com") | fields).noted == 1
    assert [row[3] for row in table()] == [Decimal("3200.750456")]


@pytest.mark.parametrize("count", [-1, "many", None])
def test_a_number_of_requests_that_cannot_be_read_is_unknown_and_not_zero(told, client, count):
    sync(told, client, TEN, spend_row("ana@x.com", fastPremiumRequests=count))
    assert SpendSnapshot.objects.get().premium_requests is None


def test_rows_of_one_id_on_one_page_add_up(told, client):
    rows = [spend_row("ana@example.com", overallSpendCents=cents, spendCents=0) for cents in (100, 30)]
    assert sync(told, client, TEN, *rows).noted == 2
    assert [row[3] for row in table()] == [Decimal(130)]


@pytest.mark.parametrize(
    "start", [0, 1789420988, "9999-12-31T00:00:00Z", None, "x", ms(TEN) + 60_000, ms(TEN) - 400 * 86_400_000]
)
def test_a_cycle_that_cannot_be_is_refused_and_the_known_one_stays(told, client, start):
    sync(told, client, TEN, spend_row("ana@example.com"))
    known = BillingCycle.objects.values_list("start_at", "end_at").get()
    page = spend_page([spend_row("ana@example.com", overallSpendCents=9)], start=START)
    told.tell(PATH, page | {"subscriptionCycleStart": start})
    assert spend.sync(client, Window(ELEVEN, ELEVEN, ELEVEN)).noted >= 1
    assert BillingCycle.objects.values_list("start_at", "end_at").get() == known
    assert [row[3] for row in table()] == [Decimal(9)]


def test_a_cycle_that_later_answers_contradict_goes_with_its_snapshots(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"), start=datetime(2026, 9, 1, tzinfo=UTC))
    sync(told, client, ELEVEN, spend_row("ana@example.com"), start=START)
    assert BillingCycle.objects.get().start_at.day == 1
    for hours in (1, 2):
        sync(told, client, ELEVEN + timedelta(hours=hours), spend_row("ana@example.com"), start=START)
        assert BillingCycle.objects.values_list("start_at", "end_at").get() == (
            START,
            datetime(2026, 10, 14, 21, 23, 8, tzinfo=UTC),
        )
    assert SpendSnapshot.objects.count() == 1
    assert not Doubt.objects.still_open().exists()


def test_one_slip_of_the_cycle_does_not_turn_it(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"))
    sync(told, client, ELEVEN, spend_row("ana@example.com"), start=datetime(2026, 8, 20, tzinfo=UTC))
    sync(told, client, TOMORROW, spend_row("ana@example.com"))
    assert BillingCycle.objects.get().start_at == START


def test_starts_less_than_a_day_apart_are_one_cycle(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"))
    for seconds in (-3600, 1, 3600, 80_000):
        sync(told, client, ELEVEN, spend_row("ana@example.com"), start=START + timedelta(seconds=seconds))
        assert BillingCycle.objects.get().start_at == START


def test_figures_beside_a_slip_of_the_cycle_are_not_those_of_the_running_one(told, client):
    sync(told, client, TEN, spend_row("ana@example.com"))
    last_month = datetime(2026, 8, 20, tzinfo=UTC)
    row = spend_row("ana@example.com", overallSpendCents=999_999)
    assert sync(told, client, ELEVEN, row, start=last_month).noted == 1
    assert [row[3] for row in table()] == [Decimal("3200.750456")]

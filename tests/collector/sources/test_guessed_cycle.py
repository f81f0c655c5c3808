"""No answer has stated a possible billing cycle: what can be read is stored, in a cycle that is a guess."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting.windows import Window
from collector.facts import cycles
from collector.models import BillingCycle, Doubt, SpendSnapshot
from collector.sources import groups, spend
from tests.collector.fake_api import spend_page, spend_row

pytestmark = pytest.mark.django_db
TEN = datetime(2026, 9, 16, 10, tzinfo=UTC)
START = datetime(2026, 9, 14, 21, 23, 8, tzinfo=UTC)
DAY = timedelta(days=1)


def at(month: int, day: int) -> datetime:
    return datetime(2026, month, day, tzinfo=UTC)


def collect(told, client, now: datetime, cents: int, start: object = None) -> None:
    page = spend_page([spend_row("ana@example.com", overallSpendCents=cents, spendCents=0)], start=START)
    told.tell(spend.PATH, page | ({} if start == "stated" else {"subscriptionCycleStart": start}))
    spend.sync(client, Window(now, now, now))


def collect_groups(told, client, now: datetime, cycle: object) -> None:
    told.tell(groups.PATH, {"groups": [], "billingCycle": cycle})
    told.tell("/teams/directory-groups", {"groups": []})
    groups.sync(client, Window(now, now, now))


def snapshots() -> list[tuple]:
    return list(SpendSnapshot.objects.order_by("taken_at").values_list("cycle__start_at", "total_cents"))


@pytest.mark.parametrize("start", [0, None, "x", "9999-12-31T00:00:00Z", {}, 17])
def test_spend_is_stored_in_the_calendar_month_with_a_doubt(told, client, start):
    collect(told, client, TEN, 100, start)
    assert snapshots() == [(at(9, 1), 100)]
    assert BillingCycle.objects.values_list("end_at", "is_inferred").get() == (at(10, 1), True)
    doubt = Doubt.objects.still_open().get()
    assert "2026-09-01 to 2026-10-01 counts as the cycle until one is stated" in doubt.reason


def test_the_month_after_is_another_cycle(told, client):
    collect(told, client, TEN, 900)
    collect(told, client, at(10, 2), 50)
    assert snapshots() == [(at(9, 1), 900), (at(10, 1), 50)]


def test_months_without_a_reading_are_cycles_too(told, client):
    collect(told, client, TEN, 900)
    collect(told, client, at(12, 2), 50)
    starts = BillingCycle.objects.order_by("start_at").values_list("start_at", flat=True)
    assert list(starts) == [at(9, 1), at(10, 1), at(11, 1), at(12, 1)]


@pytest.mark.parametrize("guessed_at", [START + DAY, START - DAY])
def test_a_stated_cycle_takes_the_place_of_the_guess_at_once(told, client, guessed_at):
    collect(told, client, guessed_at, 100)
    cycles.reach_back_to(at(7, 20))
    collect(told, client, TEN + DAY, 200, "stated")
    before = datetime(2026, 8, 14, 21, 23, 8, tzinfo=UTC)
    assert snapshots() == [(START if guessed_at > START else before, 100), (START, 200)]
    assert {start.day for start in BillingCycle.objects.values_list("start_at", flat=True)} == {14}
    assert BillingCycle.objects.order_by("start_at")[0].start_at < at(7, 20)
    assert not Doubt.objects.still_open().exists()


def test_the_groups_answer_gives_the_cycle_to_the_day(told, client):
    collect(told, client, TEN, 100)
    collect_groups(
        told, client, TEN, {"cycleStart": "2026-09-14T00:00:00Z", "cycleEnd": "2026-10-14T00:00:00Z"}
    )
    collect(told, client, TEN + DAY, 200)
    assert snapshots() == [(at(9, 14), 100), (at(9, 14), 200)]
    collect(told, client, TEN + 2 * DAY, 300, "stated")
    assert snapshots() == [(START, 100), (START, 200), (START, 300)]
    assert not Doubt.objects.still_open().exists()


@pytest.mark.parametrize(
    "cycle", [None, "x", {}, {"cycleStart": "x"}, {"cycleStart": "2027-09-14T00:00:00Z"}]
)
def test_groups_without_a_cycle_that_can_be_leave_the_guess(told, client, cycle):
    collect(told, client, TEN, 100)
    collect_groups(told, client, TEN, cycle)
    assert snapshots() == [(at(9, 1), 100)]


def test_the_groups_answer_never_contradicts_a_cycle_that_was_stated(told, client):
    collect(told, client, TEN, 100, "stated")
    collect_groups(told, client, TEN, {"cycleStart": "2026-09-01T00:00:00Z"})
    assert BillingCycle.objects.get().start_at == START


def test_a_groups_answer_that_says_what_is_known_changes_nothing(told, client):
    collect(told, client, TEN, 100)
    cycles.reach_back_to(at(7, 20))
    collect_groups(told, client, TEN, {"cycleStart": "2026-09-14T00:00:00Z"})
    before = list(BillingCycle.objects.order_by("pk").values())
    collect_groups(told, client, TEN + DAY, {"cycleStart": "2026-09-14T00:00:00Z"})
    assert list(BillingCycle.objects.order_by("pk").values()) == before

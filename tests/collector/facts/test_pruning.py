from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from unittest import mock

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from collector.collecting.windows import Window
from collector.cursor.events import PATH
from collector.facts import cycles, pruning, rollups
from collector.facts.pruning import plan_pruning, prune
from collector.models import BillingCycle, MemberModelDay, Pruning, UsageEvent
from collector.sources import events
from tests.collector.fake_api import event, events_page

pytestmark = pytest.mark.django_db

# Four days: the oldest, two that go with `--days 45`, and the first that is kept.
NOW = datetime(2026, 3, 31, 12, 0, tzinfo=UTC)
OLDEST, SECOND, THIRD, KEPT = (datetime(2026, 2, day, 18, 0, tzinfo=UTC) for day in (11, 12, 13, 14))
LAST_PRUNED = date(2026, 2, 13)  # 31 March − 46 days


def collect(client, told, *rows, start_at=OLDEST, end_at=KEPT + timedelta(hours=1)):
    told.tell(PATH, events_page(list(rows)))
    events.sync(client, Window(start_at, end_at, NOW))


@pytest.fixture
def history(client, told):
    """A dollar's event on each of the four days."""
    collect(client, told, *(event(at, chargedCents=100) for at in (OLDEST, SECOND, THIRD, KEPT)))


def totals() -> dict[str, Decimal]:
    rows = MemberModelDay.objects.order_by("day").values_list("day", "total_cents")
    return {f"{day:%d}": cents for day, cents in rows}


def days_with_events() -> list[str]:
    instants = UsageEvent.objects.order_by("occurred_at").values_list("occurred_at", flat=True)
    return [f"{at:%d}" for at in instants]


ALL_TOTALS = {"11": Decimal(100), "12": Decimal(100), "13": Decimal(100), "14": Decimal(100)}


def test_events_go_and_totals_stay(history):
    assert prune(plan_pruning(45, NOW), NOW) == 2
    assert days_with_events() == ["11", "14"]
    assert totals() == ALL_TOTALS
    assert plan_pruning(45, NOW) is None


def test_the_first_kept_day_is_so_many_whole_days_back(history):
    assert plan_pruning(45, NOW).last == LAST_PRUNED
    assert plan_pruning(46, NOW).last == date(2026, 2, 12)
    assert plan_pruning(48, NOW) is None


def test_reading_pruned_days_again_counts_nothing_twice_and_loses_nothing(history, client, told):
    prune(plan_pruning(45, NOW), NOW)
    collect(client, told, event(SECOND + timedelta(hours=1), chargedCents=70))
    assert totals() == ALL_TOTALS


def test_a_cycle_found_to_turn_on_a_pruned_day_leaves_its_total(history):
    prune(plan_pruning(45, NOW), NOW)
    BillingCycle.objects.create(start_at=SECOND, end_at=NOW)
    rollups.recompute_days(date(2026, 2, 12), date(2026, 2, 13), NOW)
    assert cycles.turns(date(2026, 2, 12), date(2026, 2, 12))
    assert totals() == ALL_TOTALS


def test_the_other_half_of_the_oldest_day_is_added_to_the_one_that_is_there(history, client, told):
    prune(plan_pruning(45, NOW), NOW)
    earlier = OLDEST - timedelta(hours=6)
    collect(client, told, event(earlier, chargedCents=30), start_at=earlier, end_at=OLDEST)
    assert totals() == ALL_TOTALS | {"11": Decimal(130)}


def test_killed_half_way_the_next_pruning_goes_on(history):
    first_day_only = [pruning.writing(), pruning.writing(), KeyboardInterrupt]  # the plan, and a day
    with mock.patch.object(pruning, "writing", side_effect=first_day_only), pytest.raises(KeyboardInterrupt):
        prune(plan_pruning(45, NOW), NOW)
    assert days_with_events() == ["11", "13", "14"]
    assert totals() == ALL_TOTALS
    assert prune(plan_pruning(45, NOW), NOW) == 1
    assert days_with_events() == ["11", "14"]


def test_a_dry_run_says_what_would_go_and_deletes_nothing(history, time_machine, capsys):
    time_machine.move_to(NOW)
    call_command("prune", "--days=45", "--dry-run")
    assert capsys.readouterr().out == (
        "would delete 2 events of 2026-02-12 to 2026-02-13; daily figures and incidents stay\n"
    )
    assert days_with_events() == ["11", "12", "13", "14"]
    assert Pruning.objects.count() == 0


def test_the_command_deletes_and_the_second_time_finds_nothing(history, time_machine, capsys):
    time_machine.move_to(NOW)
    call_command("prune", "--days=45")
    call_command("prune", "--days=45")
    assert capsys.readouterr().out.splitlines() == [
        "deleted 2 events of 2026-02-12 to 2026-02-13; daily figures and incidents stay",
        "nothing to prune",
    ]


def test_days_that_are_still_needed_are_not_given_up(history):
    with pytest.raises(CommandError, match="at least the last 45 days"):
        call_command("prune", "--days=44")


def test_an_empty_database_has_nothing_to_prune():
    assert plan_pruning(45, NOW) is None


def test_the_days_of_a_pruning_are_in_order():
    with pytest.raises(IntegrityError, match="pruning_days_in_order"), transaction.atomic():
        Pruning.objects.create(first_day=date(2026, 2, 2), last_day=date(2026, 2, 1), started_at=NOW)

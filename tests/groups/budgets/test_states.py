"""How budgets stand: spend by the group held on each day, forecast, and amounts of past cycles."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.exceptions import ValidationError
from django.db.models import Value

from collector.collecting import freshness
from collector.models import BillingCycle, CursorGroup, DirectoryGroup
from groups.budgets.amounts import BudgetAmounts, amount_rows, amounts_at, load_amounts
from groups.budgets.spending import group_days
from groups.budgets.states import compute_states
from groups.models import BudgetSettings, CycleBudget, Group
from groups.reporting.chargeback import chargeback
from tests.groups.factories import LONG_AGO, assign, make_day, make_group, make_member

pytestmark = pytest.mark.django_db

START, END = (datetime(2026, month, 13, 15, 30, tzinfo=UTC) for month in (3, 4))
NOW = datetime(2026, 3, 31, 12, tzinfo=UTC)
NOTHING = BudgetAmounts(Decimal(0), {}, {}, Decimal(0))


@pytest.fixture
def cycle():
    return BillingCycle.objects.create(start_at=START, end_at=END)


def states(cycle, now=NOW, team="0"):
    team = Decimal(team)
    amounts = amounts_at(cycle.end_at, team) if cycle.end_at <= now else in_force(cycle, team)
    found = compute_states(cycle, now, amounts, freshness.known_until(now))
    return {state.owner.target: state for state in found}


def in_force(cycle, team):
    return load_amounts(amount_rows(BillingCycle.objects.filter(pk=cycle.pk), Value(team)))


def budget(amount, **owner):
    return CycleBudget.objects.create(amount_dollars=Decimal(amount), **owner)


def test_a_move_in_mid_cycle_leaves_each_group_what_was_spent_in_it(cycle):
    """Ann moves from Platform to Design on the 20th; the cycle turns within a day; Bob is in no group."""
    ann, bob = make_member("ann@x.io"), make_member("bob@x.io")
    parent, platform, design = map(make_group, ("Eng", "Eng > Platform", "Design"))
    assign(ann, platform, date(2026, 1, 1))
    assign(ann, design, date(2026, 3, 20))
    make_day(ann, date(2026, 3, 13), 900)  # before the turn: the last cycle's
    make_day(ann, date(2026, 3, 13), 100, is_after_turn=True)
    make_day(ann, date(2026, 3, 19), 200)
    make_day(ann, date(2026, 3, 20), 400)
    make_day(bob, date(2026, 3, 21), 50)
    for group in (parent, platform, design):
        budget(10, group=group)
    found = states(cycle, team="20")
    spent = {target: state.spent_cents for target, state in found.items()}
    assert spent == {
        "team": 750,
        f"group:{parent.pk}": 300,
        f"group:{platform.pk}": 300,
        f"group:{design.pk}": 400,
    }
    assert found[f"group:{parent.pk}"].ratio == 0.3


def test_the_groups_and_unassigned_add_up_to_the_cycle_as_the_chargeback_does(cycle):
    people = [make_member(f"m{n}@x.io") for n in range(4)]
    groups = [make_group(name) for name in ("A", "B", "B > C")]
    for number, person in enumerate(people):
        for step in range(3):
            group = [*groups, None][(number + step) % 4]
            assign(person, group, date(2026, 3, 10) + timedelta(days=6 * step))
        for offset in range(20):
            cents = Decimal("1.000001") * (number + 1) * (offset + 1)
            make_day(person, date(2026, 3, 11) + timedelta(days=offset), cents)
        make_day(person, date(2026, 3, 13), Decimal("7.5"), is_after_turn=True)
    by_group, _ = group_days(cycle, NOW)
    spent = {
        pk: sum(cents for (_, is_in_cycle), cents in days.items() if is_in_cycle)
        for pk, days in by_group.items()
    }
    whole = chargeback(cycle)
    assert sum(spent.values()) == whole.figures.total_cents > 0
    spent = {pk: total for pk, total in spent.items() if total}
    assert spent == {charge.group_id: charge.figures.total_cents for charge in whole.groups}


def test_a_budget_says_on_which_day_it_is_reached_at_this_pace(cycle):
    ann = make_member("ann@x.io")
    for offset in range(30):  # $10 a day since 1 March
        make_day(ann, date(2026, 3, 1) + timedelta(days=offset), 1000)
    budget(200, member=ann)
    state = states(cycle)[f"member:{ann.pk}"]
    # 17 whole days since the turn are $170; the 31st, the 1st and the 2nd of April bring it to $200.
    assert (state.spent_cents, state.reached_on, state.is_reached) == (17_000, date(2026, 4, 2), False)
    budget_row = CycleBudget.objects.get()
    budget_row.amount_dollars = 170
    budget_row.save()
    state = states(cycle)[f"member:{ann.pk}"]
    assert (state.is_reached, state.reached_on) == (True, None)


def test_days_of_the_first_members_come_with_the_groups_and_say_the_same(
    cycle, monkeypatch, django_assert_num_queries
):
    people = [make_member(f"m{number}@x.io") for number in range(5)]
    for number, person in enumerate(people[:4]):
        for offset in range(20):
            make_day(person, date(2026, 3, 11) + timedelta(days=offset), 100 * (number + 1))
    group = make_group("A")
    assign(people[0], group, date(2026, 3, 20))
    budget(100, group=group)
    BudgetSettings.objects.create(member_budget_dollars=50)
    amounts = in_force(cycle, Decimal(200))

    def found(**first):
        states = compute_states(cycle, NOW, amounts, NOW, **first)
        return [(s.owner.target, s.spent_cents, s.forecast, s.reached_on) for s in states]

    with django_assert_num_queries(4):  # days, groups, members, and the days of the batch
        lazily = found()
    monkeypatch.setattr("groups.budgets.states.BATCH", 2)
    with django_assert_num_queries(5):
        assert found(first_members=2) == lazily
    with django_assert_num_queries(3):
        assert found(first_members=5) == lazily
    assert [target for target, *_ in lazily[2:]] == [f"member:{people[n].pk}" for n in (3, 2, 1, 0, 4)]
    assert [forecast is None for *_, forecast, _ in lazily[2:]] == [False, False, False, False, True]


def test_every_member_on_the_team_has_the_common_budget_or_their_own(cycle):
    ann, bob = make_member("ann@x.io"), make_member("bob@x.io")
    make_member("gone@x.io", gone_at=LONG_AGO)
    make_member("bot@x.io", kind="service_account")
    BudgetSettings.objects.create(member_budget_dollars=50)
    budget(80, member=bob)
    found = states(cycle)
    assert {target: state.budget_cents for target, state in found.items()} == {
        f"member:{ann.pk}": 5000,
        f"member:{bob.pk}": 8000,
    }


def test_a_past_cycle_keeps_the_budgets_that_it_ended_with(cycle):
    group = make_group("A")
    with time_machine.travel(datetime(2026, 3, 20, tzinfo=UTC), tick=False):
        row = budget(100, group=group)
    with time_machine.travel(datetime(2026, 4, 20, tzinfo=UTC), tick=False):
        row.amount_dollars = 300
        row.save()
    later = datetime(2026, 4, 21, tzinfo=UTC)
    assert states(cycle, later)[f"group:{group.pk}"].budget_cents == 10_000
    assert states(cycle, later)[f"group:{group.pk}"].forecast is None
    assert states(cycle, NOW)[f"group:{group.pk}"].budget_cents == 30_000


def test_cursors_own_limit_of_the_group_stands_beside_its_budget(cycle):
    directory = DirectoryGroup.objects.create(
        cursor_id="team_group_1", name="A", monthly_limit_dollars=75, first_seen_at=NOW, last_seen_at=NOW
    )
    theirs = CursorGroup.objects.create(
        cursor_id="group_1", name="A", directory_group=directory, first_seen_at=NOW, last_seen_at=NOW
    )
    group = Group.objects.create(name="A", cursor_group=theirs, created_at=LONG_AGO)
    budget(100, group=group)
    assert states(cycle)[f"group:{group.pk}"].cursor_limit_dollars == 75


def test_without_a_budget_nothing_is_read(cycle, django_assert_num_queries):
    with django_assert_num_queries(0):
        assert compute_states(cycle, NOW, NOTHING, NOW) == []


def test_the_number_of_queries_does_not_depend_on_how_many_budgets_there_are(
    cycle, django_assert_max_num_queries
):
    for number in range(12):
        budget(5, group=make_group(f"G{number}"))
        budget(5, member=make_member(f"m{number}@x.io"))
    with django_assert_max_num_queries(9):
        assert len(states(cycle)) == 24


@pytest.mark.parametrize("text", ["half", "50, 0", "5000"])
def test_a_step_is_a_whole_percentage(text):
    with pytest.raises(ValidationError):
        BudgetSettings(steps=text).full_clean()


def test_a_parent_counts_the_groups_below_it_however_they_write_its_name(cycle):
    ann = make_member("ann@x.io")
    parent, team = make_group("platform"), make_group("Platform > Core")
    assign(ann, team, date(2026, 1, 1))
    make_day(ann, date(2026, 3, 20), 400)
    budget(10, group=parent)
    assert states(cycle)[f"group:{parent.pk}"].spent_cents == 400


def test_a_cycle_that_is_over_is_shown_without_a_group_that_is_gone(cycle):
    parent, team = make_group("Eng"), make_group("Eng > Core")
    with time_machine.travel(NOW):
        budget(10, group=parent)
        budget(10, group=team)
    team.delete()
    assert list(states(cycle, END)) == [f"group:{parent.pk}"]

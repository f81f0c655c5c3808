"""A cycle's spend by group and member."""

import csv
import io
import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import CommandError, call_command

from collector.facts import cycles, rollups
from collector.models import BillingCycle, UsageEvent
from groups.models import Group
from groups.reporting.chargeback import as_json, chargeback
from tests.groups.factories import LONG_AGO, assign, make_day, make_group, make_member

pytestmark = pytest.mark.django_db

# Three cycles that turn at 15:30.
TURNS = [datetime(2026, month, 13, 15, 30, tzinfo=UTC) for month in (1, 2, 3, 4)]


def make_cycles():
    pairs = zip(TURNS, TURNS[1:], strict=False)
    return [BillingCycle.objects.create(start_at=start, end_at=end) for start, end in pairs]


def make_event(
    member, at: datetime, charged: str, *, is_chargeable: bool = True, model: str = "gpt-5"
) -> None:
    UsageEvent.objects.create(
        member=member,
        occurred_at=at,
        model=model,
        charged_cents=Decimal(charged),
        is_chargeable=is_chargeable,
        kind="Usage-based",
        first_seen_at=LONG_AGO,
        changed_at=LONG_AGO,
    )


@pytest.fixture
def march():
    """One cycle. Ann: 1.5 cents in A, 4 in B, 2 back in A. Bob: 10 in no group, half of it included."""
    cycle = make_cycles()[2]
    ann, bob = make_member("ann@x.io", name="Ann"), make_member("bob@x.io")
    a, b = make_group("A"), make_group("B > Team")
    assign(ann, a, date(2026, 1, 1))
    assign(ann, b, date(2026, 3, 20))
    assign(ann, a, date(2026, 3, 25))
    make_day(ann, date(2026, 3, 13), Decimal("99"), billed_cents=99, requests=9)  # the last cycle's part
    make_day(ann, date(2026, 3, 13), Decimal("1.5"), billed_cents=1, requests=1, is_after_turn=True)
    make_day(ann, date(2026, 3, 24), Decimal("4"), billed_cents=4, requests=2)
    make_day(ann, date(2026, 3, 25), Decimal("2"), billed_cents=2, requests=3)
    make_day(bob, date(2026, 3, 20), Decimal("10"), billed_cents=5, requests=4)
    return cycle


def test_people_who_move_are_split_by_day(march, django_assert_num_queries):
    with django_assert_num_queries(3):
        result = chargeback(march)
    assert [
        (group.name, member.email, str(member.figures.total_cents), str(member.figures.included_cents))
        for group in result.groups
        for member in group.members
    ] == [
        ("A", "ann@x.io", "3.500000", "0.500000"),
        ("B > Team", "ann@x.io", "4.000000", "0.000000"),
        ("Unassigned", "bob@x.io", "10.000000", "5.000000"),
    ]
    assert (result.figures.total_cents, result.figures.billed_cents, result.figures.requests) == (
        Decimal("17.5"),
        Decimal("12"),
        10,
    )
    assert result.groups[0].figures.share_of(result.figures) == Decimal("0.2")


def test_a_closed_group_keeps_what_was_spent_in_it(march):
    Group.objects.filter(name="A").update(closed_day=date(2026, 3, 26))
    assert chargeback(march).groups[0].name == "A"


def test_sums_equal_the_events_in_each_of_three_cycles_with_people_moving_twice_within_one():
    three = make_cycles()
    groups = [make_group(name) for name in ("A", "B", "C")]
    members = [make_member(f"m{n}@x.io") for n in range(4)]
    for number, member in enumerate(members):
        for turn in range(3):
            for move in range(2):
                day = TURNS[turn].date() + timedelta(days=7 * move + number)
                assign(member, groups[(number + turn + move) % 3], day)
    at = datetime(2026, 1, 13, 15, 30, tzinfo=UTC)
    step = timedelta(hours=5, minutes=7)
    for n in range(420):
        make_event(members[n % 4], at + n * step, f"{n % 7}.{n:06d}", is_chargeable=n % 3 > 0)
    rollups.recompute_days(date(2026, 1, 13), date(2026, 4, 14), LONG_AGO)
    for cycle in three:
        events = UsageEvent.objects.between(cycle.start_at, cycle.end_at)
        result = chargeback(cycle)
        in_groups = sum((group.figures.total_cents for group in result.groups), Decimal(0))
        in_members = sum(
            (m.figures.total_cents for group in result.groups for m in group.members), Decimal(0)
        )
        total = sum((event.charged_cents for event in events), Decimal(0))
        billed = sum((event.charged_cents for event in events if event.is_chargeable), Decimal(0))
        assert in_members == in_groups == result.figures.total_cents == total > 0
        assert result.figures.billed_cents == billed
        assert result.figures.requests == len(events) > 100


def test_a_cycle_is_found_by_its_first_day_or_any_of_its_days(march):
    first, second, third = BillingCycle.objects.order_by("start_at")
    assert cycles.of_day(date(2026, 3, 13)) == third
    assert cycles.of_day(date(2026, 3, 12)) == second
    assert cycles.of_day(date(2026, 4, 13)) == third
    assert cycles.of_day(date(2026, 5, 1)) is None


def test_nothing_spent_has_no_shares(march):
    result = as_json(chargeback(BillingCycle.objects.get(start_at=TURNS[0])))
    assert (result["total_cents"], result["share"], result["groups"]) == ("0", "", [])


def run(*arguments) -> str:
    out = io.StringIO()
    call_command("chargeback", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_prints_csv_and_json(march):
    make_day(make_member("=evil@x.io"), date(2026, 3, 20), Decimal("7"))
    rows = list(csv.DictReader(io.StringIO(run("--cycle", "2026-03-13"))))
    assert rows[0] == {
        "group": "A",
        "email": "ann@x.io",
        "name": "Ann",
        "total_cents": "3.500000",
        "billed_cents": "3.000000",
        "included_cents": "0.500000",
        "requests": "4",
        "share": "0.142857",
    }
    assert sum(Decimal(row["total_cents"]) for row in rows) == Decimal("24.5")
    assert rows[-1]["email"] == "'=evil@x.io"
    tree = json.loads(run("--cycle", "2026-03-13", "--format", "json"))
    assert (tree["cycleStart"], tree["total_cents"]) == ("2026-03-13T15:30:00+00:00", "24.500000")
    assert [group["group"] for group in tree["groups"]] == ["A", "B > Team", "Unassigned"]


def test_the_command_says_when_no_cycle_is_known():
    with pytest.raises(CommandError, match="No billing cycle is known for 2026-03-13"):
        run("--cycle", "2026-03-13")

"""Steps of budgets: each is reported once per cycle, to the channels that it concerns."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest

from collector.models import BillingCycle
from detection.models import DetectionSettings
from groups.models import BudgetSettings, BudgetStep, CycleBudget
from incidents.models import Notification
from incidents.notifying import budgets
from incidents.notifying.budgets import record_budget_steps
from incidents.notifying.outbox import deliver_due
from tests.groups.factories import assign, make_day, make_group, make_member
from tests.incidents.factories import make_channel
from tests.incidents.lifecycle.test_at_once import at_once

pytestmark = pytest.mark.django_db

START, END = (datetime(2026, month, 13, 15, 30, tzinfo=UTC) for month in (3, 4))
NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def ann():
    """Ann in Engineering > Platform, whose parent may spend $100, has spent $60."""
    BillingCycle.objects.create(start_at=START, end_at=END)
    ann = make_member("ann@x.io", name="Ann")
    parent = make_group("Engineering")
    assign(ann, make_group("Engineering > Platform"), date(2026, 1, 1))
    CycleBudget.objects.create(group=parent, amount_dollars=100)
    make_day(ann, date(2026, 3, 19), 6000)
    return ann


def titles():
    rows = Notification.objects.order_by("pk")
    return [(row.channel.name, row.digest["title"]) for row in rows.select_related("channel")]


def test_each_step_is_reported_once_and_only_the_highest(ann):
    make_channel()
    assert record_budget_steps(NOW).reached == 1
    assert record_budget_steps(NOW + DAY).reached == 0  # as after a restart
    make_day(ann, date(2026, 3, 21), 9000)  # $150 of $100: 80 and 100 % at once
    assert record_budget_steps(NOW + 2 * DAY).reached == 1
    assert record_budget_steps(NOW + 3 * DAY).reached == 0
    assert titles() == [
        ("slack channel", "Budget: Engineering reached 50 %"),
        ("slack channel", "Budget: Engineering reached 100 %"),
    ]
    assert list(BudgetStep.objects.order_by("percent").values_list("percent", flat=True)) == [50, 80, 100]


def test_a_raised_budget_repeats_nothing_and_the_next_cycle_begins_again(ann):
    make_channel()
    record_budget_steps(NOW)
    CycleBudget.objects.update(amount_dollars=119)
    assert record_budget_steps(NOW + DAY).reached == 0
    BillingCycle.objects.create(start_at=END, end_at=END + 30 * DAY)
    make_day(ann, date(2026, 4, 15), 6000)
    assert record_budget_steps(END + 3 * DAY).reached == 1


def test_channels_with_groups_get_theirs_and_those_without_everything(ann):
    BudgetSettings.objects.create(member_budget_dollars=70)
    DetectionSettings.objects.create(team_budget_dollars=100)
    design = make_group("Design")
    make_channel(name="team")
    make_channel(name="eng", audience="groups").groups.add(CycleBudget.objects.get().group)
    make_channel(name="design", audience="groups").groups.add(design)
    make_channel(name="off", sends_budgets=False)
    make_channel("email", name="member", audience="member", target="{member}")
    record_budget_steps(NOW)
    assert titles() == [
        ("eng", "Budgets: 2 reached a step"),  # the group's own and Ann's
        ("team", "Budgets: 3 reached a step"),
    ]


def test_members_can_be_left_out(ann):
    BudgetSettings.objects.create(member_budget_dollars=70, notifies_of_members=False)
    make_channel()
    record_budget_steps(NOW)
    assert titles() == [("slack channel", "Budget: Engineering reached 50 %")]


def test_the_message_arrives_with_spend_pace_and_link(ann, slack, settings):
    settings.DASHBOARD_URL = "https://costs.example.com"
    make_channel()
    for offset in range(20):
        make_day(ann, date(2026, 2, 21) + timedelta(days=offset), 500)
    record_budget_steps(NOW)
    assert deliver_due(NOW).sent == 1
    text = str(slack.messages)
    assert "Budget: Engineering reached 50 %" in text
    assert "$60.00 of $100.00 (60 %) in this billing cycle; at this pace reached on" in text
    assert "https://costs.example.com/?group=Engineering" in text


def test_without_a_cycle_or_steps_nothing_happens(ann):
    BudgetSettings.objects.create(steps="")
    assert record_budget_steps(NOW).reached == 0
    BillingCycle.objects.all().delete()
    assert record_budget_steps(NOW).as_json() == {"reached": 0, "notices": 0}


def test_a_process_that_dies_before_it_recorded_the_message_leaves_no_step(ann, monkeypatch):
    make_channel()
    monkeypatch.setattr(budgets, "record_notice", lambda *arguments: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        record_budget_steps(NOW)
    assert BudgetStep.objects.count() == 0
    monkeypatch.undo()
    record_budget_steps(NOW)
    assert len(titles()) == 1


@pytest.mark.django_db(transaction=True)
def test_of_four_machines_at_once_one_reports(ann):
    make_channel()
    BudgetSettings.get_solo()
    reports = at_once(4, lambda number: record_budget_steps(NOW))
    assert sorted(report.reached for report in reports) == [0, 0, 0, 1]
    assert titles() == [("slack channel", "Budget: Engineering reached 50 %")]


def test_the_teams_budget_is_the_one_that_detection_holds(ann):
    DetectionSettings.objects.create(team_budget_dollars=Decimal("120"))
    found = budgets.budget_states(BillingCycle.objects.get(), NOW)
    assert [(s.owner.target, s.spent_cents, s.budget_cents) for s in found][0] == ("team", 6000, 12_000)

"""The teams page, against sums of the raw events."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.models import BillingCycle, UsageEvent
from groups.models import Group
from tests.tracker.pages import company
from tests.tracker.pages.company import CYCLE_START, LAST_START, NOW, TODAY
from tracker import filters
from tracker.pages import teams as layout
from tracker.reports.overview import Overview
from tracker.reports.teams import Teams

pytestmark = pytest.mark.usefixtures("acme")


def report_of(query: str = "", visible: frozenset[int] | None = None) -> Teams:
    return Teams(filters.parse_filters(QueryDict(query), NOW, visible))


def cents_by_group(start, end) -> dict[str, Decimal]:
    """Charged cents of `[start, end)` by the group of the day and each of its parents."""
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for event in UsageEvent.objects.between(start, end).select_related("member"):
        day = event.occurred_at.date()
        held = event.member.assignments.filter(from_day__lte=day).order_by("-from_day").first()
        path = held.group.name if held and held.group else "Unassigned"
        parts = path.split(" > ")
        for depth in range(len(parts)):
            sums[" > ".join(parts[: depth + 1])] += event.charged_cents
        sums[""] += event.charged_cents
    return sums


def midnight(day):
    return NOW.replace(hour=0, minute=0) - (TODAY - day)


def test_each_group_and_parent_has_the_spend_of_its_days():
    report = report_of("period=14d")
    start, end = midnight(TODAY - timedelta(days=14)), midnight(TODAY)
    expected = cents_by_group(start, end)
    assert {row.option.path: row.spend.total_cents for row in report.rows} == {
        path: cents for path, cents in expected.items() if path
    }
    assert report.total.spend.total_cents == expected[""]
    assert [row.option.path for row in report.rows] == [
        "Data", "Platform", "Platform > Core", "Platform > Infra", "Unassigned",
    ]  # fmt: skip


def test_the_period_before_is_as_many_days_and_follows_whoever_moved():
    report = report_of("period=7d")
    start = midnight(TODAY - timedelta(days=14))
    expected = cents_by_group(start, start + timedelta(days=7))
    assert {row.option.path: row.change.before_cents for row in report.rows} == {
        row.option.path: expected.get(row.option.path, Decimal(0)) for row in report.rows
    }
    assert report.total.change.cents == report.total.spend.total_cents - expected[""]


def test_a_cycle_is_compared_with_the_same_days_of_the_last_to_the_instant():
    report = report_of("period=cycle")
    assert report.total.spend.total_cents == cents_by_group(CYCLE_START, NOW)[""]
    whole = cents_by_group(CYCLE_START, midnight(TODAY))
    days = (TODAY - CYCLE_START.date()).days
    last = cents_by_group(LAST_START, midnight(LAST_START.date() + timedelta(days=days)))
    assert report.total.change.compared_cents == whole[""]
    assert report.total.change.before_cents == last[""]
    assert BillingCycle.objects.count() == 2


def test_a_row_counts_seats_active_members_and_the_main_model():
    rows = {row.option.path: row for row in report_of("period=30d").rows}
    assert rows["Data"].seats == 3  # Ben moved in, Gail uses nothing
    assert rows["Data"].active == 2
    assert (rows["Platform"].active, rows["Platform"].requesters) == (3, 4)  # Ben was in it for a part
    assert rows["Platform"].model.key == "claude-opus-max"
    assert rows["Platform"].is_parent
    assert rows["Platform"].cents_per_active == rows["Platform"].spend.total_cents / 4


def test_a_row_names_who_spent_most_while_in_the_group():
    start = midnight(TODAY - timedelta(days=30))
    spent: dict[str, dict[str, Decimal]] = defaultdict(lambda: defaultdict(Decimal))
    for fact in company.facts():
        if start <= fact.at < midnight(TODAY):
            spent[fact.group][fact.email] += fact.cents
    for row in report_of("period=30d").rows:
        if row.option.path in spent:
            person, cents = row.spender
            assert (person.email, cents) == max(spent[row.option.path].items(), key=lambda item: item[1])


def test_the_days_of_a_row_add_up_to_its_spend():
    for row in report_of("period=14d").rows:
        assert sum(row.daily[:-1]) == row.spend.total_cents
        assert len(row.trend) == 28


def test_a_forecast_needs_two_weeks_and_ends_above_what_is_spent():
    for row in report_of("period=cycle").rows:
        assert row.forecast is not None
        assert row.forecast.expected_cents >= float(row.spend.total_cents)


def test_a_reader_who_may_see_some_members_gets_their_spend_alone():
    seen = frozenset({company.Member.objects.get(email="dan.osei@acme.example").pk})
    report = report_of("period=14d", seen)
    assert [row.option.path for row in report.rows] == ["Platform", "Platform > Infra"]
    assert report.total.seats == 1


@pytest.mark.parametrize("group", ["Platform", "Platform > Core", "Data", "Unassigned"])
def test_a_group_has_as_many_seats_here_as_on_the_overview_and_no_more_active_ones(group):
    asked = filters.parse_filters(QueryDict(f"period=30d&group={group}"), NOW)
    row, seats = Teams(asked).rows[0], Overview(asked).seats
    assert (row.active, row.seats) == (len(seats.active), len(seats.paid))
    assert 0 < row.active <= row.seats


def test_a_group_in_the_address_leaves_its_part_of_the_tree():
    report = report_of("period=14d&group=Platform")
    assert [row.option.path for row in report.rows] == ["Platform", "Platform > Core", "Platform > Infra"]
    assert report.total.spend == report.rows[0].spend


def test_a_group_without_anybody_is_no_reason_to_set_up_groups(client):
    Group.objects.create(name="Empty", created_at=NOW)
    text = client.get("/teams?group=Empty").text
    assert "Nobody in this group has a seat" in text
    assert "Clear the filters" in text
    assert "No groups with spend yet" not in text


def test_the_csv_has_the_columns_of_the_page():
    page = layout.page(report_of("period=14d"), QueryDict())
    head, *rows = page.exports["teams"].csv_rows
    assert head[:4] == ["Group", "Spend (USD)", "Spend without groups below (USD)", "Before (USD)"]
    assert len(rows) == 5
    assert rows[1][1] == pytest.approx(float(page.tree.lines[1].spend.total_cents) / 100)


@pytest.mark.parametrize("query", ["period=14d", "period=14d&group=Platform"])
def test_a_column_of_the_csv_adds_up_to_the_total_with_members_in_a_parent_too(query):
    ana = company.Member.objects.get(email="ana.novak@acme.example")
    company.assign(ana, Group.objects.create(name="Platform", created_at=NOW), TODAY - timedelta(days=7))
    report = report_of(query)
    _, *rows = layout.page(report, QueryDict()).exports["teams"].csv_rows
    parent = next(row for row in rows if row[0] == "Platform")
    assert 0 < parent[2] < parent[1]
    assert sum(row[2] for row in rows) == pytest.approx(float(report.total.cents) / 100)


def test_the_page_leads_to_each_group_and_costs_few_queries(client, django_assert_max_num_queries):
    client.get("/teams")
    with django_assert_max_num_queries(20):
        text = client.get("/teams?period=14d").text
    assert 'href="/?period=14d&amp;group=Platform+%3E+Core"' in text
    assert "compared with 26 Oct to 8 Nov 2026" in text
    assert client.get("/teams?csv=by-group").status_code == 200

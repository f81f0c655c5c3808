"""Every figure of a member's page against one added up from the raw events."""

from collections import Counter, defaultdict
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.models import DailyActivity, Member
from incidents import lifecycle
from incidents.models import Incident
from tests.incidents.factories import ADA
from tests.tracker.pages import company
from tests.tracker.pages.test_overview_figures import PERIODS, same
from tracker import filters
from tracker.pages.member import days_table
from tracker.reports.member import MemberReport
from tracker.reports.member_days import MemberDay, mark_outliers
from tracker.reports.usage import Totals

EMAIL = "cleo.rossi@acme.example"


def read(query="", email=EMAIL):
    return MemberReport(Member.objects.get(email=email), filters.parse_filters(QueryDict(query), company.NOW))


def own(period, email=EMAIL):
    return [fact for fact in company.within(company.facts(), period) if fact.email == email]


@pytest.mark.parametrize("period", PERIODS)
def test_spend_requests_and_rate_share_one_window(acme, period):
    report, facts = read(f"period={period}"), own(period)
    spent = sum(fact.cents for fact in facts)
    served = sum(fact.is_served for fact in facts)
    same(report.totals.total_cents, spent)
    assert report.totals.requests == served
    if served:
        same(report.totals.cents_per_request, spent / served)
    same(report.cycle.spent.total_cents, sum(fact.cents for fact in own("cycle")))


def test_included_on_demand_and_failed_are_three_things(acme):
    report, facts = read(), own("30d")
    billed = sum(fact.cents for fact in facts if fact.is_billed)
    same(report.totals.billed_cents, billed)
    same(report.totals.included_cents, sum(fact.cents for fact in facts) - billed)
    assert report.totals.failed_requests == sum(not fact.is_served for fact in facts) > 0


def test_days_add_up_by_model(acme):
    report = read("period=14d")
    expected = defaultdict(Decimal)
    for fact in company.facts():
        if fact.email == EMAIL:
            expected[fact.at.date(), fact.model] += fact.cents
    for day in report.days:
        for model, cents in day.cents.items():
            same(cents, expected[day.day, model])
    assert [day.day for day in report.days] == [company.TODAY - timedelta(days=n) for n in range(14, -1, -1)]


def test_ranks_count_whoever_spends_more(acme):
    spend, requests = Counter(), Counter()
    seats = set(company.SEATS) | {company.LEAVER}
    for fact in company.within(company.facts(), "30d"):
        if fact.email in seats:
            spend[fact.email] += fact.cents
            requests[fact.email] += fact.is_served
    figures = read().figures
    assert figures.spend_rank == 1 + sum(cents > spend[EMAIL] for cents in spend.values())
    assert figures.activity_rank == 1 + sum(count > requests[EMAIL] for count in requests.values())


def test_the_plan_is_used_up_on_the_day_of_the_first_billed_request(acme):
    billed = [fact for fact in own("cycle") if fact.is_billed and fact.is_served]
    first = min(fact.at.date() for fact in billed)
    exhaustion = read().exhaustion
    assert exhaustion.day == first
    assert exhaustion.cycle_day == (first - company.CYCLE_START.date()).days + 1
    assert exhaustion.billed_requests == len(billed)


def test_diffs_and_active_days_come_from_daily_activity(acme):
    first = company.TODAY - timedelta(days=30)
    rows = [
        row for row in DailyActivity.objects.filter(member__email=EMAIL) if first <= row.day < company.TODAY
    ]
    report = read()
    assert report.activity.accepts == sum(row.accepts for row in rows)
    assert report.activity.applies == sum(row.applies for row in rows)
    days = {fact.at.date() for fact in own("30d") if fact.is_served}
    assert report.habits.active_days == max(len(days), sum(row.is_active for row in rows))


def test_a_count_that_could_not_be_read_is_unknown_in_the_table_of_days(acme):
    newest = DailyActivity.objects.filter(member__email=EMAIL, day__lt=company.TODAY).latest("day")
    DailyActivity.objects.filter(pk=newest.pk).update(unread=["lines_added"])
    columns = {column.key: column.value for column in days_table(read()).columns}
    day = next(day for day in read().days if day.day == newest.day)
    assert (columns["added"](day), columns["accepts"](day)) == (None, newest.accepts)


def test_context_is_read_against_the_median_member(acme):
    tokens, requests = Counter(), Counter()
    for fact in company.within(company.facts(), "30d"):
        tokens[fact.email] += fact.context if fact.is_served or fact.context else 0
        requests[fact.email] += fact.is_served
    assert read().context.tokens == pytest.approx(tokens[EMAIL] / requests[EMAIL])


def test_an_outlier_day_is_over_twice_the_average_day_with_spend(acme):
    report = read()
    spent = [day.totals.total_cents for day in report.days[:-1] if day.totals.total_cents]
    bound = 2 * sum(spent) / len(spent)
    assert [day.is_outlier for day in report.days[:-1]] == [
        d.totals.total_cents > bound for d in report.days[:-1]
    ]
    assert report.days[-1].is_outlier is False


def test_today_is_an_outlier_as_soon_as_it_costs_that_much():
    shown = [MemberDay(date(2026, 11, day)) for day in (21, 22, 23)]
    for day, cents in zip(shown, (100, 0, 201), strict=True):
        day.totals = Totals(total_micro=cents * 10**6)
    assert [day.is_outlier for day in mark_outliers(shown)] == [False, False, True]


def test_an_open_incident_stands_at_the_head_of_the_members_page(acme, client):
    incident = Incident.objects.create(
        member=company.Member.objects.get(email=EMAIL),
        cause="spend",
        severity="critical",
        message="Ana Novak spent $900 in 24 h (since 11:00 UTC): a runaway agent",
        onset_at=company.NOW - timedelta(hours=5),
        detected_at=company.NOW - timedelta(hours=1),
        last_run_at=company.NOW,
    )
    head = client.get(f"/users/{EMAIL}").text.partition("Spend by day and model")[0]
    assert "Needs attention" in head
    assert "Ana Novak spent $900 in 24 h (since 09:30 UTC): a runaway agent" in head
    lifecycle.snooze(incident, ADA, "page", company.NOW, until=company.NOW + timedelta(days=1))
    assert "snoozed until 24 Nov 2026, 14:30 UTC" in client.get(f"/users/{EMAIL}").text
    assert "snoozed until 24 Nov 2026, 14:30 UTC" in client.get("/").text


@pytest.mark.parametrize("email", [EMAIL, company.UNUSED, company.LEAVER, company.BOT])
def test_every_kind_of_member_has_a_page(acme, client, email):
    answer = client.get(f"/users/{email}")
    assert answer.status_code == 200
    assert "nan" not in answer.text.lower().replace("tenan", "")


def test_a_capital_letter_in_the_address_finds_the_member(acme, client):
    assert client.get("/users/Cleo.Rossi@ACME.example").status_code == 200


def test_a_service_account_has_neither_a_plan_nor_a_rank(acme, client):
    assert any(fact.is_billed and fact.is_served for fact in own("cycle", company.BOT))
    assert read(email=company.BOT).exhaustion is None
    text = client.get(f"/users/{company.BOT}").text
    assert "Only people have a plan, and only they are ranked" in text
    assert "exhausted on" not in text
    assert "No requests in the period" not in text


def test_who_never_used_a_seat_has_no_score_of_adoption(acme, client):
    unused, used = (client.get(f"/users/{email}").text for email in (company.UNUSED, EMAIL))
    assert "No active day in this period." in unused
    assert 'class="score"' not in unused
    assert 'class="score"' in used

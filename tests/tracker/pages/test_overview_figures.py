"""Every figure of the overview against one added up from the raw events."""

from collections import Counter, defaultdict
from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.models import MemberModelDay
from tests.tracker.pages import company
from tracker import filters
from tracker.reports.overview import Overview

PERIODS = ["24h", "3d", "7d", "14d", "30d", "cycle"]
ROUNDING = Decimal("0.0001")
SELECTIONS = {
    "": lambda facts: facts,
    "group=Platform": lambda facts: company.in_group(facts, "Platform"),
    "group=Data": lambda facts: company.in_group(facts, "Data"),
    "group=Unassigned": lambda facts: company.in_group(facts, "Unassigned"),
    "search=NOVAK": lambda facts: [fact for fact in facts if "Novak" in fact.name],
    "model=claude-sonnet": lambda facts: [fact for fact in facts if fact.model == "claude-sonnet"],
}


def read(query):
    return Overview(filters.parse_filters(QueryDict(query), company.NOW))


def same(found, expected):
    assert abs(Decimal(found) - Decimal(expected)) <= ROUNDING


@pytest.mark.parametrize("selection", SELECTIONS)
def test_every_figure_is_what_the_events_add_up_to(acme, selection):
    everything = company.facts()
    for period in PERIODS:
        report = read(f"period={period}&{selection}")
        facts = SELECTIONS[selection](company.within(everything, period))
        check_totals(report, facts)
        check_members(report, facts)
        check_models(report, facts)
        check_days(report, SELECTIONS[selection](everything), period)


def check_totals(report, facts):
    totals = report.team.totals
    same(totals.total_cents, sum(fact.cents for fact in facts))
    same(totals.billed_cents, sum(fact.cents for fact in facts if fact.is_billed))
    assert totals.requests == sum(fact.is_served for fact in facts)
    assert totals.failed_requests == sum(not fact.is_served for fact in facts)


def check_members(report, facts):
    spend, requests, models = defaultdict(Decimal), Counter(), defaultdict(Counter)
    for fact in facts:
        spend[fact.email] += fact.cents
        if fact.is_served:
            requests[fact.email] += 1
            models[fact.email][fact.model] += 1
    shown = {member.person.email: member for member in report.team.members}
    assert set(spend) <= set(shown)
    for email, member in shown.items():
        same(member.totals.total_cents, spend[email])
        assert member.totals.requests == requests[email]
        if models[email]:
            most = max(models[email].values())
            assert models[email][member.main_model.key] == most
            same(member.totals.cents_per_request * requests[email], spend[email])


def check_models(report, facts):
    spend, requests, people = defaultdict(Decimal), Counter(), defaultdict(set)
    for fact in facts:
        spend[fact.model] += fact.cents
        if fact.is_served:
            requests[fact.model] += 1
            if fact.email != company.BOT:
                people[fact.model].add(fact.email)
    assert {row.model.key for row in report.team.model_costs} == set(spend)
    for row in report.team.model_costs:
        same(row.totals.total_cents, spend[row.model.key])
        assert (row.totals.requests, row.members) == (requests[row.model.key], len(people[row.model.key]))


def check_days(report, facts, period):
    first = report.period.first
    for day, shown in zip(report.period.shown_days, report.daily, strict=True):
        on_day = [fact for fact in facts if fact.at.date() == day]
        if period == "cycle":
            on_day = [fact for fact in on_day if fact.at >= company.CYCLE_START]
        same(shown.total_cents, sum(fact.cents for fact in on_day))
        assert shown.requests == sum(fact.is_served for fact in on_day)
    assert report.period.shown_days == [
        first + timedelta(days=n) for n in range((company.TODAY - first).days + 1)
    ]
    whole = [day.total_cents for day in report.daily[1 if period == "cycle" else 0 : -1]]
    same(report.per_day.total_cents, sum(whole) / len(whole))


@pytest.mark.parametrize(("period", "days"), [("24h", 1), ("3d", 3), ("7d", 7), ("14d", 14), ("30d", 30)])
def test_a_window_has_as_many_days_as_its_name_and_ends_yesterday(acme, period, days):
    shown = read(f"period={period}").period
    assert (shown.days, shown.last) == (days, company.TODAY - timedelta(days=1))


def test_the_cycle_is_counted_from_its_instant_whatever_the_period(acme):
    spent = sum(fact.cents for fact in company.within(company.facts(), "cycle"))
    for period in PERIODS:
        cycle = read(f"period={period}").cycle
        same(cycle.spent.total_cents, spent)
        assert (cycle.day_number, cycle.length, cycle.days_left) == (20, 31, 11)


def test_the_last_cycle_is_compared_at_the_same_number_of_days(acme):
    before = [
        fact.cents
        for fact in company.facts()
        if fact.at >= company.LAST_START and fact.at.date() < company.LAST_START.date() + timedelta(days=19)
    ]
    so_far = [
        fact.cents
        for fact in company.facts()
        if fact.at >= company.CYCLE_START and fact.at.date() < company.CYCLE_START.date() + timedelta(days=19)
    ]
    assert read("").cycle.change == pytest.approx(float(sum(so_far) / sum(before)) - 1)


def test_bands_of_the_stacked_chart_add_up_to_each_day(acme):
    report = read("period=14d")
    for index, day in enumerate(report.daily):
        stacked = sum(band.cents[index] for band in report.daily_by_member)
        assert stacked == pytest.approx(float(day.total_cents), abs=0.001)


def test_who_spends_only_today_is_in_the_stacked_chart(acme):
    rows = MemberModelDay.objects.filter(member__email=company.UNUSED)
    assert not rows.exists()
    runaway = company.Member.objects.get(email=company.UNUSED)
    MemberModelDay.objects.create(
        member=runaway, model="default", day=company.TODAY, total_cents=10**7, updated_at=company.NOW
    )
    for period in ("24h", "30d", "cycle"):
        bands = read(f"period={period}").daily_by_member
        first = next(band for band in bands if band.person and band.person.email == company.UNUSED)
        assert first.cents[-1] == 10**7
        assert sum(band.person is not None for band in bands) == 6


def test_two_people_of_one_name_stay_two(acme):
    company.Member.objects.update(name="Sam Lee")
    report = read("period=30d")
    names = [band.person.name for band in report.daily_by_member if band.person]
    assert len(names) == 6


def test_an_unused_seat_is_named_and_a_leaver_is_no_seat(acme):
    report = read("period=30d")
    assert [seat.person.email for seat in report.unused_seats] == [company.UNUSED]
    assert (len(report.seats.active), len(report.seats.paid)) == (6, 7)
    assert company.LEAVER not in {person.email for person in report.seats.paid}


def test_an_empty_group_shows_nothing_instead_of_everybody(acme):
    report = read("group=No such group")
    assert report.team.members == []
    assert report.team.totals.total_cents == 0
    assert report.filters.notes == ("There is no group “No such group”",)
    alike = "There is no group “platform >”: choose “Platform > Core” or “Platform > Infra”"
    assert read("group=platform > ").filters.notes == (alike,)


def test_a_badge_leaves_those_who_earned_it(acme):
    earned = {m.person.email for m in read("").team.members if any(b.key == "power-user" for b in m.badges)}
    assert {m.person.email for m in read("badge=power-user").team.members} == earned
    assert 0 < len(earned) < 7


def test_half_a_last_cycle_is_nothing_to_compare_with(acme):
    MemberModelDay.objects.filter(day__lte=company.LAST_START.date()).delete()
    assert read("").cycle.change is None
    assert read("").cycle.forecast is not None

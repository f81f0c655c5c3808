"""Every figure of the insights page against one added up from the raw facts."""

from collections import Counter
from datetime import timedelta

import pytest
from django.http import QueryDict

from collector.models import AiCodeCommit, DailyActivity, Member, MemberAnalyticsDay, TeamAnalyticsDay
from tests.tracker.pages import company
from tests.tracker.pages.test_overview_figures import PERIODS, SELECTIONS
from tracker import filters
from tracker.pages import insights as layout
from tracker.pages import overview as overview_layout
from tracker.reports.insights import Insights
from tracker.reports.overview import Overview
from tracker.widgets import formats

YESTERDAY = company.TODAY - timedelta(days=1)


def make_commit(email, **lines):
    AiCodeCommit.objects.create(
        member=Member.objects.get(email=email),
        commit_hash=email,
        repository="acme/shop",
        day=YESTERDAY,
        ingested_at=company.NOW,
        updated_at=company.NOW,
        **lines,
    )


def read(query=""):
    return Insights(filters.parse_filters(QueryDict(query), company.NOW))


@pytest.mark.parametrize("selection", SELECTIONS)
def test_plans_and_models_follow_every_filter(acme, selection):
    everything = company.facts()
    for period in PERIODS:
        report = read(f"period={period}&{selection}")
        facts = SELECTIONS[selection](company.within(everything, period))
        requests = Counter(fact.model for fact in facts if fact.is_served)
        assert {
            row.model.key: row.totals.requests for row in report.team.model_costs if row.totals.requests
        } == requests
        billed = {
            f.email
            for f in SELECTIONS[selection](company.within(everything, "cycle"))
            if f.is_billed and f.is_served and f.email != company.BOT
        }
        assert {report.team.people[each.member_id].email for each in report.exhaustions} == billed


def test_every_day_of_the_share_chart_makes_a_hundred(acme):
    chart = layout.shares_chart(read("period=30d"))
    for index in range(len(chart.labels)):
        shares = [series.values[index] for series in chart.series]
        assert shares[0] is None or sum(shares) == pytest.approx(100)


def test_daily_active_members_are_those_of_the_day(acme):
    report = read("period=7d")
    for day, active, requesting in zip(
        report.period.shown_days, report.daily_active, report.daily_requesters, strict=True
    ):
        assert active == DailyActivity.objects.filter(day=day, is_active=True).count()
        served = {f.email for f in company.facts() if f.at.date() == day and f.is_served}
        assert requesting == len(served - {company.BOT})
    assert report.mean_daily_active == sum(report.daily_active[:-1]) / 7


def test_forty_tools_are_forty(acme):
    ana = Member.objects.get(email="ana.novak@acme.example")
    MemberAnalyticsDay.objects.bulk_create(
        MemberAnalyticsDay(
            member=ana,
            metric="mcp",
            day=YESTERDAY,
            name=f"tool{n}",
            detail="server",
            count=n + 1,
            updated_at=company.NOW,
        )
        for n in range(40)
    )
    found = read().tools_by_metric["mcp"]
    assert len(found) == 40
    assert (found[0].name, found[0].count, found[0].members) == ("tool39", 40, 1)
    assert sum(each.share for each in found) == pytest.approx(1)


def test_what_is_not_counted_by_model_is_that_of_its_members(acme):
    report = read("model=claude-opus-max&period=14d")
    users = {f.email for f in company.within(company.facts(), "14d") if f.model == "claude-opus-max"}
    assert {report.team.people[client.member_id].email for client in report.clients} == users & set(
        company.SEATS
    )


def test_tools_of_the_team_stand_in_where_members_are_not_reported(acme):
    TeamAnalyticsDay.objects.create(
        metric="commands", day=YESTERDAY, name="/review", count=7, updated_at=company.NOW
    )
    assert [(each.name, each.count) for each in read().tools_by_metric["commands"]] == [("/review", 7)]
    assert read("search=ana").tools_by_metric == {}


def test_who_is_behind_is_a_minor_version_behind(acme):
    DailyActivity.objects.filter(member__email="ana.novak@acme.example").update(client_version="2.0.9")
    DailyActivity.objects.filter(member__email="eva.novak@acme.example").update(client_version="2.1.0")
    report = read()
    assert [report.team.people[c.member_id].email for c in report.behind] == ["ana.novak@acme.example"]
    assert [(v.version, v.is_newest, v.is_behind) for v in report.versions] == [
        ("2.1.4", True, False),
        ("2.1.0", False, False),
        ("2.0.9", False, True),
    ]


def test_ai_share_of_a_repository_is_of_the_lines_that_commits_added(acme):
    make_commit("ana.novak@acme.example", lines_added=100, tab_lines_added=10, composer_lines_added=40)
    make_commit("eva.novak@acme.example", lines_added=300, tab_lines_added=0, composer_lines_added=50)
    [found] = read().repositories
    assert (found.commits, found.members, found.lines, found.ai_lines, found.ai_share) == (
        2,
        2,
        400,
        100,
        0.25,
    )
    [hers] = read("search=ana").repositories
    assert (hers.lines, hers.ai_share) == (100, 0.5)


def test_a_model_of_one_person_is_not_hidden(acme):
    used = {fact.model for fact in company.within(company.facts(), "30d")}
    assert {row.model.key for row in read().team.model_costs} == used


def test_who_is_behind_does_not_depend_on_whom_one_looks_at(acme):
    DailyActivity.objects.update(client_version="2.1.4")
    DailyActivity.objects.filter(member__email="eva.novak@acme.example").update(client_version="2.3.0")
    report = read("search=ana")
    assert [(v.version, v.is_newest, v.is_behind) for v in report.versions] == [("2.1.4", False, True)]
    assert len(report.behind) == 1


def test_charts_of_models_and_plans_lead_to_what_they_count(acme):
    page = layout.page(read("period=7d"), QueryDict("period=7d"))
    assert page.shares.series[0].link == page.report.filters.query(model=page.report.top_models[0])
    cost, _, _, link = page.rankings[0].rows[0]
    assert link == f"?period=7d&model={cost.model.key}"
    counts = page.buckets.series[0].values
    assert sum(counts) > 0
    for count, link in zip(counts, page.buckets.links, strict=True):
        assert link == ("?period=7d&plan.sort=cycle_day&plan.page=1#plan" if count else "")


def test_no_member_is_drawn_in_a_models_colour(acme):
    drawn = overview_layout.by_member_chart(Overview(filters.parse_filters(QueryDict(""), company.NOW)))
    slots = [series.slot for series in drawn.series]
    assert slots.pop() == "other"
    assert all(slot.startswith("tone-") for slot in slots)
    assert len(set(slots)) == len(slots) == 6


def test_the_models_card_says_what_a_request_costs_on_average(acme, client):
    rate = formats.rate(read().team.totals.cents_per_request)
    assert f"{rate} a request on average" in client.get("/insights").text

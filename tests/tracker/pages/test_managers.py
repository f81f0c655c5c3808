"""Unused seats in money, badges beside incidents, and a runaway's forecast: what a manager acts on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict
from django.utils.html import escape

from collector.base.names import Names, shown_as
from collector.facts.rollups import recompute_days
from collector.models import BillingCycle, Member, SpendSnapshot, UsageEvent
from groups.models import BudgetSettings, CycleBudget, Group
from incidents.models import Incident
from tests.tracker.pages import company
from tests.tracker.pages.company import CYCLE_END, CYCLE_START, FIRST_DAY, NOW, TODAY, UNUSED
from tracker import filters
from tracker.reports.cycle import heading
from tracker.reports.member import MemberReport
from tracker.reports.overview import Overview
from tracker.reports.pace import HOURS, pace_of
from tracker.reports.team import Team
from tracker.reports.teams import Teams

ANA = "ana.novak@acme.example"


def asked_for(query: str = "") -> filters.Filters:
    return filters.parse_filters(QueryDict(query), NOW)


def unused() -> list[str]:
    return [seat.person.email for seat in Overview(asked_for()).unused_seats]


def joined(email: str, days_ago: int, **values: str) -> None:
    company.make_member(email, email.partition("@")[0], **values)
    Member.objects.filter(email=email).update(first_seen_at=NOW - timedelta(days=days_ago))


def open_incident(email: str) -> None:
    member = Member.objects.get(email=email)
    Incident.objects.create(
        member=member, cause="spend", severity="critical", status="open", message="Much was spent",
        onset_at=NOW, detected_at=NOW, last_run_at=NOW,
    )  # fmt: skip


def test_newcomers_and_owners_are_not_counted_as_unused(acme):
    Member.objects.filter(email__in=company.SEATS).update(first_seen_at=NOW - timedelta(days=90))
    joined("new@acme.example", 13)
    joined("late@acme.example", 15)
    joined("owner@acme.example", 60, role="owner")
    assert sorted(unused()) == [UNUSED, "late@acme.example"]


def test_a_seat_that_is_used_today_is_not_called_unused(acme, client):
    assert unused() == [UNUSED]
    member = Member.objects.get(email=UNUSED)
    UsageEvent.objects.create(
        member=member, occurred_at=NOW - timedelta(hours=1), model="default", kind="Included in Business",
        charged_cents=1, first_seen_at=NOW, changed_at=NOW,
    )  # fmt: skip
    recompute_days(TODAY, TODAY, NOW)
    assert unused() == []
    assert "1 unused: a newcomer or an admin, or in use only today" in client.get("/").text
    assert "only today" not in client.get("/?period=24h").text
    yesterday = Overview(asked_for("period=24h")).unused_seats
    assert UNUSED in {seat.person.email for seat in yesterday}


def test_whom_the_first_reading_lists_is_no_newcomer_and_has_no_first_day(acme):
    (seat,) = Overview(asked_for()).unused_seats
    assert seat.person.email == UNUSED
    assert seat.since is None


def test_an_unused_seat_has_the_day_on_which_its_member_joined(acme):
    Member.objects.filter(email__in=company.SEATS).update(first_seen_at=NOW - timedelta(days=90))
    joined("late@acme.example", 15)
    since = {seat.person.email: seat.since for seat in Overview(asked_for()).unused_seats}
    assert since == {UNUSED: None, "late@acme.example": TODAY - timedelta(days=15)}
    with shown_as(Names(are_hidden=True)):  # whoever knows the day knows the name
        assert {seat.since for seat in Overview(asked_for()).unused_seats} == {None}


def test_a_seat_that_was_idle_for_a_day_or_two_is_not_one_that_nobody_used(acme, client):
    assert "not used in this period" in client.get("/?period=24h").text
    assert "not used in this period" not in client.get("/?period=30d").text


@pytest.mark.parametrize("path", ["/", "/users/ana.novak@acme.example"])
def test_the_average_of_one_day_does_not_repeat_its_total(acme, client, path):
    def notes(period: str) -> str:
        return " ".join(
            re.findall(r'<dd class="note">(.*?)</dd>', client.get(f"{path}?period={period}").text)
        )

    assert " a day" in notes("7d")
    assert " a day" not in notes("24h")


def test_unused_seats_have_a_price_only_where_one_is_set(acme, client):
    assert Overview(asked_for()).unused_cents is None
    assert "a month" not in client.get("/").text
    BudgetSettings.objects.update_or_create(pk=1, defaults={"seat_dollars": Decimal("42.50")})
    assert Overview(asked_for()).unused_cents == 4250
    assert "$42.50 a month" in client.get("/").text


def test_no_badge_praises_a_member_with_an_open_incident(acme):
    team = Team(asked_for())
    praised = {
        pk: [b for b in team.badges_of(person) if b.tone == "good"] for pk, person in team.people.items()
    }
    pk = next(pk for pk, found in praised.items() if found)
    others = {key: found for key, found in praised.items() if key != pk}
    email = Member.objects.get(pk=pk).email
    open_incident(email)
    team = Team(asked_for())
    assert not any(badge.tone == "good" for badge in team.member(team.people[pk]).badges)
    assert {
        key: [b for b in team.badges_of(team.people[key]) if b.tone == "good"] for key in others
    } == others


@pytest.fixture
def runaway(acme) -> Member:
    """Ana spends a dollar every minute of the last two and a half hours, under a limit."""
    ana = Member.objects.get(email=ANA)
    start = NOW - timedelta(minutes=150)
    UsageEvent.objects.filter(member=ana, occurred_at__gte=start).delete()
    UsageEvent.objects.bulk_create(
        UsageEvent(
            member=ana, occurred_at=start + timedelta(minutes=minute), model="gpt-5.2", kind="Usage-based",
            charged_cents=Decimal(100), is_chargeable=True, first_seen_at=NOW, changed_at=NOW,
        )
        for minute in range(150)
    )  # fmt: skip
    recompute_days(FIRST_DAY, TODAY, NOW)
    cycle = BillingCycle.objects.get(start_at=CYCLE_START)
    SpendSnapshot.objects.create(
        member=ana, cycle=cycle, taken_at=NOW, confirmed_at=NOW, on_demand_cents=Decimal(20_000),
        total_cents=Decimal(20_000), limit_dollars=Decimal(500),
    )  # fmt: skip
    return ana


def test_the_pace_is_what_the_last_hours_cost_an_hour(runaway):
    pace = pace_of(runaway.pk, NOW)
    assert pace is not None
    assert HOURS == 3
    assert pace.cents_per_hour == 6_000  # from 12:00 to 14:30
    assert pace.reaches(Decimal(30_000)) == datetime(2026, 11, 23, 19, 30, tzinfo=UTC)


def test_without_an_open_incident_a_forecast_is_the_usual_one(runaway, client):
    report = MemberReport(runaway, asked_for())
    assert report.pace is None
    assert "at this pace" not in client.get(f"/users/{ANA}").text


def test_a_runaway_goes_on_at_its_pace_and_its_band_reaches_the_cycles_end(runaway, client):
    usual = MemberReport(runaway, asked_for()).cycle.forecast
    open_incident(ANA)
    report = MemberReport(runaway, asked_for())
    events = UsageEvent.objects.filter(member=runaway, occurred_at__gte=CYCLE_START)
    spent = float(sum(event.charged_cents for event in events))
    tonight = spent + 9.5 * 6_000
    assert report.limit_at == "about 19:30 UTC today"
    assert "at this pace reached about 19:30 UTC today" in client.get(f"/users/{ANA}").text
    uncapped = report.uncapped
    assert uncapped.path[0][1] == pytest.approx(tonight)
    assert uncapped.low_cents == usual.low_cents
    hours = (CYCLE_END - NOW) / timedelta(hours=1)
    assert uncapped.high_cents == pytest.approx(spent + hours * 6_000)
    assert report.forecast.expected_cents <= report.at_limit_cents


def test_a_budget_is_forecast_as_the_members_page_is_and_lists_of_budgets_say_what_they_leave_out(
    runaway, client
):
    BudgetSettings.objects.update_or_create(pk=1, defaults={"member_budget_dollars": 400})
    CycleBudget.objects.create(group=Group.objects.get(name="Data"), amount_dollars=50)
    own = f"/users/{ANA}"
    assert "at this pace reached on 23 Nov" not in client.get(own).text
    open_incident(ANA)
    assert "at this pace reached on 23 Nov" in client.get(own).text
    for page in ("/", "/teams", "/chargeback", "/budgets"):
        assert "exclude what open incidents add" in client.get(page).text, page


@pytest.mark.parametrize(
    ("expected", "against", "words"),
    [
        (44_900, Decimal(31), ""),
        (
            130_000,
            Decimal(10_000),
            "heading $1,200 (13\N{NO-BREAK SPACE}times\N{NO-BREAK SPACE}it) over the last cycle",
        ),
        (12_400, Decimal(10_000), "heading $24 (24\N{NO-BREAK SPACE}%) over the last cycle"),
    ],
)
def test_a_course_has_a_share_only_where_it_means_something(expected, against, words):
    assert heading(expected, against, "the last cycle") == words


def test_a_model_counts_the_people_who_used_it_and_no_service_account(acme):
    used = {f.email for f in company.within(company.facts(), "30d") if f.is_served and f.model == "default"}
    auto = next(cost for cost in Overview(asked_for()).team.model_costs if cost.model.key == "default")
    assert company.BOT in used
    assert auto.members == len(used - {company.BOT})


def test_a_team_and_a_group_with_a_runaway_go_on_at_what_is_above_the_usual(runaway):
    usual = Overview(asked_for()).cycle.forecast
    groups = {row.option.path: row.forecast for row in Teams(asked_for()).rows}
    open_incident(ANA)
    start = NOW.replace(hour=12, minute=0)
    before = UsageEvent.objects.filter(
        member=runaway, occurred_at__gte=start - timedelta(days=14), occurred_at__lt=start
    )
    extra = 6_000 - float(sum(event.charged_cents for event in before)) / (14 * 24)
    report = Overview(asked_for())
    widened = report.cycle.forecast
    assert float(report.paces[runaway.pk].cents_per_hour) == pytest.approx(extra, abs=1e-4)
    assert widened.expected_cents == pytest.approx(usual.expected_cents + 9.5 * extra)
    hours = (CYCLE_END - NOW) / timedelta(hours=1)
    assert widened.high_cents == pytest.approx(usual.high_cents + hours * extra)
    assert widened.low_cents == usual.low_cents
    rows = {row.option.path: row.forecast for row in Teams(asked_for()).rows}
    for path in ("Platform", "Platform > Core"):
        assert rows[path].expected_cents == pytest.approx(groups[path].expected_cents + 9.5 * extra)
    assert rows["Data"] == groups["Data"]


def test_nothing_on_a_page_praises_a_member_with_an_open_incident(acme, client):
    ordinary = next(
        member
        for member in Member.objects.filter(email__in=company.SEATS)
        if MemberReport(member, asked_for()).context.praises
    )
    sentence = escape(MemberReport(ordinary, asked_for()).context.advice)
    page = client.get(f"/users/{ordinary.email}").text
    assert sentence in page
    assert "badges of 24 Oct to 22 Nov" in page
    open_incident(ordinary.email)
    page = client.get(f"/users/{ordinary.email}").text
    assert sentence not in page
    assert "tone-good" not in page.partition('id="spend-title"')[2].partition('id="days-title"')[0]

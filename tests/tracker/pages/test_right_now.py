"""Is the cycle on course, who is at a limit, and would anybody be told."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.models import BillingCycle, SpendSnapshot
from detection.models import DetectionSettings
from detection.vocabulary import Cause
from incidents.models import Channel, Incident
from tests.tracker.pages import company
from tracker import filters
from tracker.reports.cycle import heading
from tracker.reports.member import MemberReport
from tracker.reports.overview import Overview

ANA, EVA = "ana.novak@acme.example", "eva.novak@acme.example"


def make_limit(email, on_demand_cents, limit_dollars=100, taken_at=company.NOW):
    SpendSnapshot.objects.create(
        member=company.Member.objects.get(email=email),
        cycle=BillingCycle.objects.get(start_at=company.CYCLE_START),
        taken_at=taken_at,
        confirmed_at=taken_at,
        meaning="current",
        on_demand_cents=on_demand_cents,
        limit_dollars=limit_dollars,
    )


@pytest.mark.parametrize(
    ("expected_cents", "against", "said"),
    [
        (521_000, Decimal(420_000), "heading $1,010 (24\N{NO-BREAK SPACE}%) over the last cycle"),
        (319_000, Decimal(420_000), "heading $1,010 (24\N{NO-BREAK SPACE}%) under the last cycle"),
        (423_000, Decimal(420_000), "on course: within 2.0 % of the last cycle"),
        (423_000, None, ""),
        (423_000, Decimal(0), ""),
    ],
)
def test_where_a_cycle_is_heading_is_said_in_words(expected_cents, against, said):
    assert heading(expected_cents, against, "the last cycle") == said


def test_a_budget_is_what_counts_where_one_is_set(acme, client):
    assert "the last cycle</strong>" in client.get("/").text
    DetectionSettings.objects.update_or_create(pk=1, defaults={"team_budget_dollars": 30})
    text = client.get("/").text
    assert "over the budget</strong>" in text
    assert "the last cycle</strong>" not in text


def test_members_at_or_near_their_limit_are_among_what_is_wrong(acme, client):
    make_limit(ANA, 10_000)
    make_limit(EVA, 9_000)
    make_limit("cleo.rossi@acme.example", 8_999)
    report = Overview(filters.parse_filters(QueryDict("model=zzz"), company.NOW))
    assert [(person.email, limit.said) for person, limit in report.limits] == [
        (ANA, "has reached the spend limit: $100.00 of $100 on demand"),
        (EVA, "is near the spend limit: $90.00 of $100 on demand"),
    ]
    assert "Needs attention" in client.get("/").text
    in_data = Overview(filters.parse_filters(QueryDict("group=Data"), company.NOW))
    assert [person.email for person, _ in in_data.limits] == [EVA]


def test_who_an_open_incident_names_as_being_at_the_limit_is_not_listed_again(acme):
    make_limit(ANA, 10_000)
    make_limit(EVA, 9_000)
    seen = {"detected_at": company.NOW, "last_run_at": company.NOW}
    Incident.objects.create(cause=Cause.LIMIT, severity="warning", message="1 member is at the limit", **seen)
    report = Overview(filters.parse_filters(QueryDict(""), company.NOW))
    assert [person.email for person, _ in report.limits] == [EVA]


@pytest.mark.parametrize("limit_dollars", [200, None])
def test_a_limit_that_was_raised_or_lifted_since_counts_no_more(acme, limit_dollars):
    make_limit(ANA, 10_000, taken_at=company.NOW - timedelta(days=2))
    assert "Over budget" in [badge.label for badge in ana().figures.badges]
    make_limit(ANA, 10_500, limit_dollars)
    report = ana()
    assert "Over budget" not in [badge.label for badge in report.figures.badges]
    assert (report.limit and report.limit.limit_cents) == (limit_dollars and 20_000)


def ana():
    return MemberReport(
        company.Member.objects.get(email=ANA), filters.parse_filters(QueryDict(""), company.NOW)
    )


def test_who_has_reached_the_limit_is_expected_to_spend_no_more(acme):
    filtered = filters.parse_filters(QueryDict(""), company.NOW)
    before = MemberReport(company.Member.objects.get(email=ANA), filtered)
    spent = float(before.cycle.spent.total_cents)
    assert before.forecast.expected_cents > spent
    make_limit(ANA, 10_000)
    at_limit = MemberReport(before.member, filtered)
    assert (at_limit.forecast.low_cents, at_limit.forecast.high_cents) == (spent, spent)
    assert at_limit.limit_day is None


def test_who_is_held_to_a_limit_is_expected_to_reach_it_at_most(acme):
    make_limit(ANA, 9_999)
    report = MemberReport(
        company.Member.objects.get(email=ANA), filters.parse_filters(QueryDict(""), company.NOW)
    )
    assert report.forecast.expected_cents == float(report.cycle.spent.total_cents) + 1
    assert report.limit_day == report.forecast.path[0][0]


def test_without_a_channel_the_overview_says_that_nobody_is_told(acme, client):
    said = "No channel is set up, so nobody is notified of incidents."
    assert said in client.get("/").text
    channel = Channel.objects.create(name="on-call", kind="slack", target="C0123456789", is_enabled=False)
    assert said in client.get("/").text
    Channel.objects.filter(pk=channel.pk).update(is_enabled=True)
    assert said not in client.get("/").text


def test_nothing_is_said_about_a_price_of_seats_that_nobody_knows(acme, client):
    text = client.get("/").text
    assert "1 seat nobody used" in text
    assert "wasted" not in text

"""Savings by the price of tokens, against pricing each event."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict

from collector.facts.rollups import recompute_days
from collector.models import Member, UsageEvent
from detection.frame.tokens import TOKEN_WEIGHTS
from tests.tracker.pages import company
from tests.tracker.pages.company import FIRST_DAY, NOW, TODAY
from tracker import filters
from tracker.reports.insights import Insights
from tracker.reports.overview import Overview
from tracker.reports.savings import Price, alternative

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def token_rows(acme_rows, django_db_blocker) -> None:
    """Tokens by model: opus is given larger requests, at a higher price of a token."""
    with django_db_blocker.unblock():
        use_tokens()
        connection.check_constraints()


@pytest.fixture
def usage(token_rows, acme) -> None:
    pass


def use_tokens() -> None:
    for size, events in (
        (3, UsageEvent.objects.filter(model="claude-opus-max")),
        (1, UsageEvent.objects.exclude(model="claude-opus-max")),
    ):
        events.update(
            input_tokens=200 * size + F("pk") % 97,
            output_tokens=150 * size + F("pk") % 41,
            cache_read_tokens=9_000 * size,
        )
    recompute_days(FIRST_DAY, TODAY, NOW)


def weight(event: UsageEvent) -> float:
    return sum((getattr(event, name) or 0) * each for name, each in TOKEN_WEIGHTS.items())


def report_of(query: str = "") -> Insights:
    return Insights(filters.parse_filters(QueryDict(query), NOW))


def events_of_the_period() -> list[UsageEvent]:
    start = NOW.replace(hour=0, minute=0) - timedelta(days=30)
    end = NOW.replace(hour=0, minute=0)
    return list(UsageEvent.objects.between(start, end).select_related("member"))


def test_the_range_holds_what_each_event_would_have_cost_at_the_cheaper_price(usage):
    events, spent, tokens = events_of_the_period(), defaultdict(float), defaultdict(float)
    for event in events:
        spent[event.model] += float(event.charged_cents)
        tokens[event.model] += weight(event)
    report = report_of()
    assert len(report.savings) > 4
    assert {saving.member_id for saving in report.savings} <= {
        event.member_id
        for event in events
        if event.model == "claude-opus-max" and event.member.kind == Member.Kind.PERSON
    }
    for saving in report.savings:
        price = spent[saving.instead.key] / tokens[saving.instead.key]
        own = [e for e in events if e.member_id == saving.member_id and e.model == saving.model.key]
        saved = sum(float(event.charged_cents) - weight(event) * price for event in own)
        assert saving.low <= saved + 1e-6
        assert saved <= saving.high + 1e-6
        assert saving.spent == pytest.approx(sum(float(event.charged_cents) for event in own))


def quartiles(values: list[float]) -> list[float]:
    """The first and the third, between the two nearest values."""
    ordered, found = sorted(values), []
    for share in (0.25, 0.75):
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        found.append(ordered[low] + (place - low) * (ordered[high] - ordered[low]))
    return found


def worked_out(found: list[UsageEvent], group: str) -> dict[tuple[str, str, str], tuple[float, ...]]:
    """What members of the group save at least and at most, and how much of it was billed, by the formulas of
    docs/metrics.md; by address, model and cheaper model."""
    weights = {"input_tokens": 1, "output_tokens": 5, "cache_write_tokens": 1.25, "cache_read_tokens": 0.1}
    sums: dict = defaultdict(lambda: [0.0, 0.0, 0, 0.0])  # cents, tokens, served, billed cents
    for event in found:
        email, path, cents = event.member.email, group_of(event), float(event.charged_cents)
        tokens = sum((getattr(event, name) or 0) * weight for name, weight in weights.items())
        own = [("own", email, event.model)] if f"{path} > ".startswith(group and f"{group} > ") else []
        for key in (event.model, (email, event.model), *own):
            sums[key][0] += cents
            sums[key][1] += tokens
            sums[key][2] += event.kind != company.FAILED_KIND
            sums[key][3] += cents * event.is_chargeable
    models = {key: row for key, row in sums.items() if isinstance(key, str) and row[1] and row[2]}
    average = sum(row[0] for row in models.values()) / sum(row[1] for row in models.values())
    served = sum(row[2] for row in models.values())
    saved = {}
    for key, (cents, tokens, count, billed) in sums.items():
        if key[0] != "own" or not (tokens and count) or "@" not in key[1]:
            continue
        _, email, model = key
        price = models[model][0] / models[model][1]
        cheaper = [
            (row[0] / row[1], name)
            for name, row in models.items()
            if row[0] / row[1] <= min(price / 2, average) and row[2] >= served / 20
        ]
        if price <= average or not cheaper:
            continue
        least, instead = max(cheaper)
        paid = [
            row[0] / row[1]
            for name, row in sums.items()
            if len(name) == 2 and name[1] == instead and row[2] >= 10 and row[1]
        ]
        first, third = quartiles(paid) if len(paid) > 1 else (least, least)
        low = max(cents - tokens * max(third, least), 0)
        high = max(cents - tokens * min(first, least), 0)
        if low + high >= 200:
            saved[email, model, instead] = low, high, billed / cents
    return saved


def group_of(event: UsageEvent) -> str:
    """Where the member was on that day."""
    if event.member.email == company.MOVER and event.occurred_at.date() >= company.MOVED_ON:
        return "Data"
    return company.SEATS.get(event.member.email, ("", None))[1] or "Unassigned"


@pytest.mark.parametrize("group", ["", "Platform", "Data", "Unassigned"])
@pytest.mark.parametrize("period", ["30d", "14d", "cycle"])
def test_every_range_of_a_group_follows_from_its_events(usage, period, group):
    midnight = NOW.replace(hour=0, minute=0)
    start = company.CYCLE_START if period == "cycle" else midnight - timedelta(days=int(period[:-1]))
    rows = UsageEvent.objects.between(start, NOW if period == "cycle" else midnight)
    expected = worked_out(list(rows.select_related("member")), group)
    assert expected or group == "Unassigned"
    emails = dict(Member.objects.values_list("pk", "email"))
    found = {
        (emails[line.member_id], line.model.key, line.instead.key): (line.low, line.high, line.billed_share)
        for line in report_of(f"period={period}&group={group}").savings
    }
    assert found.keys() == expected.keys()
    for key, figures in expected.items():
        assert found[key] == pytest.approx(figures), key


def test_nothing_more_leaves_the_bill_than_was_billed(usage):
    for saving in report_of().savings:
        assert 0 <= saving.off_bill[0] <= saving.off_bill[1] <= saving.billed
        assert sum(saving.off_bill) + sum(saving.of_plan) == pytest.approx(saving.low + saving.high)


def test_usage_that_the_plan_includes_takes_nothing_off_the_bill(usage):
    UsageEvent.objects.update(is_chargeable=False)
    recompute_days(FIRST_DAY, TODAY, NOW)
    report = report_of()
    assert report.savings
    assert report.off_bill_range == (0, 0)
    assert report.of_plan_range[1] > 0


def test_the_model_offered_costs_half_as_much_per_token_or_less(usage):
    for saving in report_of().savings:
        assert saving.model.key == "claude-opus-max"
        assert saving.spent / saving.tokens >= 2 * (saving.spent - saving.high) / saving.tokens


def price(model: str, cents: float, requests: int, tokens: float = 1000.0) -> Price:
    return Price(model, cents, cents, cents, requests, tokens)


def test_large_requests_of_a_cheap_model_are_no_reason_to_change_it():
    """Sonnet's requests cost more each, since they carry ten times the tokens, at a lower price per token."""
    prices = {
        "sonnet": price("sonnet", 0.5, 50, tokens=10_000.0),
        "mini": price("mini", 1.0, 50, tokens=1_000.0),
    }
    assert alternative("sonnet", prices) is None


def test_no_model_that_is_expensive_itself_is_offered_in_another_s_place():
    models = (("fable", 400, 10), ("opus", 160, 40), ("sonnet", 30, 50), ("auto", 20, 50))
    prices = {name: price(name, cents, requests) for name, cents, requests in models}
    # A token costs 152.5 on average: Opus is above it, Sonnet below.
    assert alternative("fable", prices) == alternative("opus", prices) == prices["sonnet"]
    assert alternative("sonnet", prices) is None


def test_a_model_without_tokens_on_record_is_neither_changed_nor_offered(usage):
    UsageEvent.objects.filter(model="claude-opus-max").update(
        input_tokens=None, output_tokens=None, cache_read_tokens=None, cache_write_tokens=None
    )
    recompute_days(FIRST_DAY, TODAY, NOW)
    assert all(saving.model.key != "claude-opus-max" for saving in report_of().savings)


@pytest.mark.parametrize("query", ["", "group=Platform", "search=a", "compare=before"])
def test_the_overview_shows_what_insights_would_take_off_the_bill(usage, query):
    asked = filters.parse_filters(QueryDict(query), NOW)
    assert Overview(asked).off_bill_range == report_of(query).off_bill_range
    assert report_of().off_bill_range[0] > 0

"""Prices that changed and models that were first used, against the raw events."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal

import pytest
from django.http import QueryDict

from collector.facts.rollups import recompute_days
from collector.models import Member, UsageEvent
from detection.frame.price_timeline import keep_price_timeline
from tests.tracker.pages.company import FIRST_DAY, NOW, TODAY
from tracker import filters
from tracker.reports.insights import Insights

RAISED_ON, NEW_ON = date(2026, 11, 10), date(2026, 11, 16)
USERS = ["ana.novak@acme.example", "dan.osei@acme.example", "eva.novak@acme.example"]


def news(query: str = ""):
    return Insights(filters.parse_filters(QueryDict(query), NOW)).model_news


def use(model: str, first: date, price) -> None:
    """Four requests of each user on each day, whose cents are the price of the day."""
    members = Member.objects.filter(email__in=USERS)
    UsageEvent.objects.bulk_create(
        UsageEvent(
            member=member, occurred_at=datetime.combine(day, time(9, minute), NOW.tzinfo), model=model,
            kind="Usage-based", charged_cents=Decimal(price(day)), is_chargeable=True,
            input_tokens=100_000, first_seen_at=NOW, changed_at=NOW,
        )
        for member in members
        for day in (first + timedelta(days=n) for n in range((TODAY - first).days))
        for minute in range(4)
    )  # fmt: skip


@pytest.fixture
def moved(acme) -> None:
    use("steady", FIRST_DAY, lambda day: 40 if day >= RAISED_ON else 20)
    use("fresh", NEW_ON, lambda day: 7)
    recompute_days(FIRST_DAY, TODAY, NOW)
    keep_price_timeline(NOW)


def spent(model: str, first: date, last: date = TODAY) -> float:
    events = UsageEvent.objects.filter(model=model)
    return float(sum(e.charged_cents for e in events if first <= e.occurred_at.date() < last))


def test_a_change_of_price_and_a_first_use_have_their_day_and_what_they_meant(moved):
    fresh, steady = news()
    assert (fresh.model, fresh.day, fresh.ratio, fresh.members) == ("fresh", NEW_ON, None, 3)
    assert fresh.spent_cents == pytest.approx(spent("fresh", NEW_ON))
    assert fresh.extra_cents is None
    assert (steady.model, steady.day, steady.members) == ("steady", RAISED_ON, 3)
    assert steady.ratio == pytest.approx(2)
    paid = spent("steady", RAISED_ON)
    assert steady.spent_cents == pytest.approx(paid)
    assert steady.extra_cents == pytest.approx(paid / 2)  # at 20 cents it would have been half


def test_a_period_has_the_news_of_its_own_days(moved):
    assert [item.model for item in news("from=2026-11-14&to=2026-11-20")] == ["fresh"]
    assert news("from=2026-11-14&to=2026-11-20")[0].spent_cents == pytest.approx(
        spent("fresh", NEW_ON, date(2026, 11, 21))
    )
    assert [item.model for item in news("from=2026-11-01&to=2026-11-15")] == ["steady"]
    assert news("from=2026-10-01&to=2026-10-20") == []


def test_soon_after_the_first_day_known_no_model_counts_as_new(moved):
    assert news("from=2026-09-24&to=2026-10-05") == []


def test_one_member_alone_changes_no_price(moved):
    assert [item.model for item in news("search=Dan")] == ["fresh"]


def test_the_page_lists_them_within_its_queries(moved, client, django_assert_max_num_queries):
    client.get("/insights")
    for query in ("", "?group=Platform", "?period=cycle&compare=before", "?model=steady", "?surface=ide"):
        with django_assert_max_num_queries(20):
            text = client.get(f"/insights{query}").text
    text = client.get("/insights").text
    assert "2.0× the price a token" in text
    assert "First used" in text
    assert client.get("/insights?csv=news").text.count("\n") == 3

"""Prices that move under people."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from detection.engine import detect
from detection.frame.price_changes import moved_models, price_changes
from detection.frame.price_timeline import PriceEvent, PriceEventKind, first_sights, price_timeline
from detection.models import Anomaly, DetectionSettings

from .facts import FRESH, NOW, make_day, make_event, make_member

LAST = date(2026, 5, 10)


def days(*members, since=6, ratio=1.6, model="claude-x", cents=400.0):
    """A row per member and day of three weeks, dearer by the ratio in the last days."""
    rows = [
        (member, model, ago, cents * (1 + 0.05 * (ago % 3)) * (ratio if ago <= since else 1), 1e6, 10)
        for member in members
        for ago in range(21)
    ]
    return pd.DataFrame(rows, columns=["member_id", "model", "ago", "cents", "weight", "requests"])


def test_a_price_that_rose_for_two_members_on_one_day_is_found_with_what_it_costs_a_week():
    (change,) = price_changes(days(1, 2), LAST)
    assert (change.model, change.day, change.members) == ("claude-x", date(2026, 5, 4), 2)
    assert change.ratio == pytest.approx(1.6, rel=0.05)
    assert change.weekly_cents == pytest.approx(2 * 7 * 420 * 0.6, rel=0.1)


def test_what_one_member_pays_more_is_no_change_of_prices():
    assert price_changes(days(1), LAST) == ()
    assert price_changes(pd.concat([days(1), days(2, ratio=1.0), days(3, ratio=1.0)]), LAST) == ()


def test_a_price_that_stays_is_not_looked_at_member_by_member():
    assert moved_models(days(1, 2, ratio=1.0)) == []
    assert moved_models(days(1, 2)) == ["claude-x"]


@pytest.mark.django_db
def test_a_rise_that_costs_less_than_a_tenth_of_the_floor_a_week_is_information():
    for name in ("ana", "ben"):
        member = make_member(f"{name}@example.com", name=name.title())
        for back in range(1, 30):
            dollars = Decimal("0.40") if back <= 3 else Decimal("0.20")
            make_day(member, NOW.date() - timedelta(days=back), dollars, input_tokens=100_000)
        make_event(member, NOW - timedelta(hours=1), Decimal("0.40"), input_tokens=100_000)
    DetectionSettings.objects.create(info_findings=True)
    (found,) = detect(NOW, data_ages=FRESH).opened
    assert (found.rule, found.severity) == ("price_change", "info")


@pytest.mark.django_db
def test_a_rise_is_one_finding_of_the_team_and_nobody_is_blamed_for_it():
    people = [make_member(f"{name}@example.com", name=name.title()) for name in ("ana", "ben", "eva")]
    for member in people:
        for back in range(1, 30):
            dollars = 24 if back <= 3 else 12
            make_day(member, NOW.date() - timedelta(days=back), dollars, input_tokens=1_000_000)
        for hour in range(6):
            make_event(member, NOW - timedelta(hours=hour + 1), 10, input_tokens=416_667)
    report = detect(NOW, data_ages=FRESH)
    (found,) = report.opened
    assert (found.member, found.rule, found.cause) == (None, "price_change", "price")
    assert found.message.startswith("sonnet costs 2.0 times as much since 14 Mar; $")
    assert "a week at the present use" in found.message
    assert not Anomaly.objects.filter(member__isnull=False).exists()


@pytest.mark.django_db
def test_a_model_is_seen_for_the_first_time_once_and_not_where_the_past_is_unknown():
    ana, ben, today = make_member(), make_member("ben@example.com"), NOW.date()
    for back in range(60):
        make_day(ana, today - timedelta(days=back), 10)
    make_day(ana, today - timedelta(days=55), 10, model="soon-after-the-first-day")
    make_day(ana, today - timedelta(days=3), 20, model="opus")
    make_day(ben, today - timedelta(days=1), 40, model="opus")
    make_day(ben, today - timedelta(days=2), 0, requests=0, model="failed-only")
    (event,) = price_timeline(NOW)
    assert (event.kind, event.model, event.day) == (PriceEventKind.FIRST_SEEN, "opus", date(2026, 3, 14))
    assert (event.members, event.cents) == (2, 6000)
    # $60 for 20 requests, where the team paid $670 for 630
    assert event.ratio == pytest.approx(3 / (670 / 630), rel=0.01)
    assert first_sights(today - timedelta(days=1), today) == []


@pytest.mark.django_db
def test_the_timeline_has_the_changes_of_now_and_those_reported_before():
    figures = {"model": "sonnet", "day": "2026-01-10", "weekly_cents": 900.0, "members": 3, "also": []}
    Anomaly.objects.create(
        rule="price_change",
        cause="price",
        severity="warning",
        metric="price_ratio",
        observed=1.5,
        bound=1,
        expected=1,
        extra_cents=0,
        detected_at=NOW - timedelta(days=60),
        last_seen_at=NOW - timedelta(days=55),
        operands=figures,
    )
    assert price_timeline(NOW) == [
        PriceEvent(PriceEventKind.PRICE_CHANGE, date(2026, 1, 10), "sonnet", 3, 900.0, 1.5)
    ]
    assert price_timeline(NOW, days=30) == []

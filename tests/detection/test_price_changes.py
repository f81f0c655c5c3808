"""Prices that move under people."""

from datetime import date, timedelta
from decimal import Decimal

import pandas as pd
import pytest

from collector.models import Member
from detection.engine import detect
from detection.frame.price_changes import moved_models, price_changes
from detection.frame.price_timeline import keep_price_timeline
from detection.frame.totals import day_rows
from detection.models import Anomaly, DetectionSettings, PriceTimeline

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


@pytest.mark.parametrize(("scatter", "count"), [(1.0, 1), (1.3, 0)])
def test_a_rise_must_stand_out_from_how_much_the_price_varies_by_itself(scatter, count):
    """Two members, two days before and two since, three quarters more, at a steady price or a varying one."""
    rows = [
        (member, "claude-x", ago, cents * scatter ** ((ago % 2) * 2 - 1), 1e6, 10)
        for member in (1, 2)
        for ago, cents in ((7, 400.0), (6, 400.0), (1, 700.0), (0, 700.0))
    ]
    table = pd.DataFrame(rows, columns=["member_id", "model", "ago", "cents", "weight", "requests"])
    assert len(price_changes(table, LAST)) == count


@pytest.mark.django_db
def test_tokens_that_rounding_leaves_over_have_no_price():
    tokens = {"cache_read_tokens": 1_000_007, "unpriced_weight": 60_000, "free_weight": 40_000}
    make_day(make_member(), LAST, Decimal("0.05"), **tokens)
    assert day_rows(LAST, LAST)["paid_weight"].tolist() == [0.0]


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


def events() -> list:
    return PriceTimeline.objects.get().events


@pytest.mark.django_db
def test_a_model_is_first_used_once_and_not_where_the_past_is_unknown():
    ana, ben, today = make_member(), make_member("ben@example.com"), NOW.date()
    for back in range(60):
        make_day(ana, today - timedelta(days=back), 10)
    make_day(ana, today - timedelta(days=55), 10, model="soon-after-the-first-day")
    make_day(ana, today - timedelta(days=3), 20, model="opus")
    make_day(ben, today - timedelta(days=1), 40, model="opus")
    make_day(ben, today - timedelta(days=2), 0, requests=0, model="failed-only")
    keep_price_timeline(NOW)
    assert events() == [["opus", "2026-03-14", None]]
    keep_price_timeline(NOW + timedelta(days=30))
    assert events() == [["opus", "2026-03-14", None]]


@pytest.fixture
def dearer(db) -> None:
    """Ninety days of three people: their model costs double for forty, a new one comes for twenty."""
    for name in ("ana", "ben", "eva"):
        member = make_member(f"{name}@example.com")
        for back in range(90):
            day = NOW.date() - timedelta(days=back)
            make_day(member, day, 24 if back <= 40 else 12, input_tokens=1_000_000)
            if back <= 20:
                make_day(member, day, 5, model="opus", input_tokens=1_000_000)


MOVED = [["sonnet", "2026-02-05", pytest.approx(2)], ["opus", "2026-02-25", None]]


def test_the_timeline_is_the_same_made_at_once_or_day_by_day_with_gaps(dearer):
    keep_price_timeline(NOW)
    assert events() == MOVED
    PriceTimeline.objects.all().delete()
    for back in (60, 45, 38, 37, 36, 30, 8, 1, 0):
        keep_price_timeline(NOW - timedelta(days=back))
    assert events() == MOVED


def test_a_day_is_looked_at_once_and_all_again_when_older_usage_arrives(dearer, django_assert_num_queries):
    keep_price_timeline(NOW)
    with django_assert_num_queries(2):
        keep_price_timeline(NOW + timedelta(hours=3))
    make_day(Member.objects.all()[0], NOW.date() - timedelta(days=100), 5, model="opus")
    keep_price_timeline(NOW + timedelta(hours=3))
    assert events() == MOVED[:1]

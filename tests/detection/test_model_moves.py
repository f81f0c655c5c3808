"""A team that moves to a model it never used, and costs more: one finding, and nobody is blamed."""

from datetime import date, timedelta

import numpy as np
import pytest

from collector.models import Member
from detection.engine import detect
from detection.frame.model_moves import moves_in, new_models
from detection.frame.price_changes import EPOCH, PaidRows
from detection.frame.price_timeline import keep_price_timeline
from detection.models import DetectionSettings, PriceTimeline
from detection.replay import past
from detection.replay.backtest import backtest

from .facts import FRESH, NOW, make_day, make_events, make_member

TODAY = date(2026, 5, 20)
NAMES = ["old", "next"]
OLD, NEXT = 0, 1


def paid(*, moved, members=6, ago=2, ratio=4.0, share=0.8, known=21):
    """Members who pay a dollar a day for the old model; `moved` of them since then for the new one too, which
    is this share of their spend."""
    today = (TODAY - EPOCH).days
    rows = [
        (member, model, today - back, cents, 10, cents / (ratio if model == NEXT else 1))
        for member in range(members)
        for back in range(known)
        for model, cents in ((OLD, 100.0), (NEXT, 100.0 * share / (1 - share)))
        if model == OLD or (member < moved and back <= ago)
    ]
    return PaidRows(*(np.array(column) for column in zip(*rows, strict=True)))


@pytest.mark.parametrize(("moved", "count"), [(2, 0), (3, 1), (6, 1)])
def test_a_team_has_moved_once_half_of_its_members_have(moved, count):
    assert len(moves_in(paid(moved=moved), NAMES, TODAY)) == count


def test_members_may_have_any_numbers():
    rows = paid(moved=6)
    assert moves_in(rows._replace(member=rows.member - 3), NAMES, TODAY) == moves_in(rows, NAMES, TODAY)


def test_a_move_says_how_many_pay_how_many_times_as_much_since_when():
    (move,) = moves_in(paid(moved=4, share=0.5), NAMES, TODAY)
    assert (move.model, move.day, move.members, move.is_move) == ("next", date(2026, 5, 18), 4, True)
    assert move.ratio == pytest.approx(4)
    assert move.weekly_cents == pytest.approx(4 * 100 * 7 * 0.75, rel=0.01)


@pytest.mark.parametrize(
    "rows",
    [
        paid(moved=6, ratio=1.2),  # costs about as much
        paid(moved=6, ago=14),  # is news no more
        paid(moved=1, members=1),  # one member is no team
        paid(moved=6, known=9),  # whether it is new is not known
        paid(moved=6, share=0.2),  # most of their spend is as it was
    ],
)
def test_what_is_no_move_of_a_team(rows):
    assert moves_in(rows, NAMES, TODAY) == []


def test_without_any_usage_there_is_no_new_model():
    assert list(new_models(np.zeros((2, 30)))) == []
    assert list(new_models(np.zeros((0, 30)))) == []
    assert list(new_models(np.zeros((2, 0)))) == []
    assert moves_in(PaidRows(*(np.zeros(0, dtype=int) for _ in range(6))), [], TODAY) == []


def small_team():
    """Five people who spend $12 a day, and today each $60 on a new model at five times the price."""
    for name in ("ana", "ben", "eva", "ida", "tom"):
        member = make_member(f"{name}@example.com", name=name.title())
        for back in range(1, 31):
            make_day(member, NOW.date() - timedelta(days=back), 12, input_tokens=1_000_000)
        hours = [NOW - timedelta(hours=hour) for hour in range(1, 7)]
        make_events(member, hours, 10, "next", input_tokens=166_667)


@pytest.mark.django_db
def test_a_small_team_that_moves_to_a_new_model_is_one_finding_live_and_in_replay():
    small_team()
    (found,) = detect(NOW, data_ages=FRESH).opened
    assert (found.member, found.rule, found.severity) == (None, "price_change", "warning")
    assert found.message.startswith(
        "5 members moved to next since 17 Mar, which costs 5.0 times as much per token; $"
    )
    steps = past.replayed(NOW.date(), NOW.date(), 1, NOW)
    history = past.load_history(NOW.date(), NOW.date(), DetectionSettings())
    assert [incident.email for incident in backtest(history, DetectionSettings(), steps)] == [None]


@pytest.mark.django_db
def test_a_member_who_runs_away_on_the_model_to_which_all_moved_is_found():
    small_team()
    ana = Member.objects.get(email="ana@example.com")
    make_events(
        ana, [NOW - timedelta(minutes=minute) for minute in range(10, 60)], 10, "next", input_tokens=166_667
    )
    members = {anomaly.member for anomaly in detect(NOW, data_ages=FRESH).opened}
    assert members == {None, ana}


@pytest.mark.django_db
def test_a_move_is_no_change_of_prices_on_the_timeline():
    small_team()
    keep_price_timeline(NOW + timedelta(days=1))
    assert [ratio for _, _, ratio in PriceTimeline.objects.get().events if ratio] == []

"""Who earns which badge: literal members against literal bounds."""

import pytest

from tracker.reports import badges
from tracker.reports.badges import Habits, TeamHabits

# A team whose upper quarter makes 100 requests, whose median request costs 10 cents and reads 1,000 tokens.
TEAM = TeamHabits(
    days=30,
    requests_p25=20,
    requests_p75=100,
    per_active_day_p90=50,
    cents_per_request_median=10,
    cents_per_request_p75=20,
    context_median=1_000,
)


def member(requests=50, cents=10.0, tokens=1_000, **values):
    return Habits(
        requests=requests, spend_cents=requests * cents, cache_read_tokens=requests * tokens, **values
    )


def badge_of(family, habits, team=TEAM):
    return "".join(badge.key for badge in badges.badges(habits, team) if badge in family)


@pytest.mark.parametrize(
    ("habits", "earned"),
    [
        (member(requests=100), "power-user"),
        (member(requests=99), "balanced"),
        (member(requests=99, cents=20), "deep-thinker"),
        (member(requests=9, cents=20), "light"),  # too few requests to say what one costs
        (member(requests=20), "light"),
        (member(requests=21), "balanced"),
        (Habits(), "light"),
    ],
)
def test_usage(habits, earned):
    assert badge_of(badges.USAGE, habits) == earned


@pytest.mark.parametrize(
    ("habits", "earned"),
    [
        (member(cents=20), "premium-model"),
        (member(cents=19.9), ""),
        (member(cents=5), "cost-efficient"),
        (member(cents=5.1), ""),
        (member(requests=9, cents=50), ""),
        (member(cents=5, is_over_limit=True), "over-budget"),
    ],
)
def test_spend(habits, earned):
    assert badge_of(badges.SPEND, habits) == earned


@pytest.mark.parametrize(
    ("tokens", "earned"), [(3_000, "long-sessions"), (2_999, ""), (334, ""), (333, "short-sessions")]
)
def test_context(tokens, earned):
    assert badge_of(badges.CONTEXT, member(tokens=tokens)) == earned


def test_the_score_is_forty_forty_twenty():
    # 30 of 40 diffs: 30 points; 25 of 50 requests a day: 20 points; 15 of 30 days: 10 points.
    habits = Habits(requests=375, active_days=15, accepts=30, applies=40)
    assert badges.adoption_score(habits, TEAM) == pytest.approx(60)


def test_nothing_earns_more_than_the_whole():
    habits = Habits(requests=9_000, active_days=31, accepts=50, applies=40)
    assert badges.adoption_score(habits, TEAM) == 100


@pytest.mark.parametrize(
    ("days", "earned"),
    [(0, "manual"), (15, "low-adoption")],  # 0 and 10 points of active days alone
)
def test_active_days_alone_are_a_fifth(days, earned):
    assert badge_of(badges.ADOPTION, Habits(active_days=days)) == earned


@pytest.mark.parametrize(
    ("score", "earned"),
    [
        (80, "ai-native"),
        (79, "high-adoption"),
        (55, "high-adoption"),
        (54, "moderate-adoption"),
        (30, "moderate-adoption"),
        (29, "low-adoption"),
        (10, "low-adoption"),
        (9, "manual"),
    ],
)
def test_adoption_bounds_belong_to_the_better_badge(score, earned):
    # The same share of each part, so that the score is that share.
    team = TeamHabits(days=100, per_active_day_p90=100)
    habits = Habits(requests=score * score, active_days=score, accepts=10 * score, applies=1_000)
    assert badge_of(badges.ADOPTION, habits, team) == earned


def test_a_score_is_shown_in_whole_points_that_have_been_earned():
    team = TeamHabits(days=1_000, per_active_day_p90=1_000)
    habits = Habits(requests=799 * 799, active_days=799, accepts=799, applies=1_000)
    assert badges.adoption_score(habits, team) == 79


def test_the_bounds_of_a_team_come_from_its_active_members():
    # Requests 10, 20, 30, 40: quartiles between them by position; nobody without a request counts.
    everybody = [member(requests=n) for n in (10, 20, 30, 40)] + [Habits()]
    team = badges.team(everybody, days=7)
    assert (team.requests_p25, team.requests_p75, team.days) == (17.5, 32.5, 7)


def test_a_team_of_nobody_has_bounds_too():
    assert badges.team([], days=0) == TeamHabits()
    assert [badge.key for badge in badges.badges(Habits(), TeamHabits())] == ["manual", "light"]

"""Forecasts, badges and ranks worked out from the raw events by the formulas of docs/metrics.md."""

from __future__ import annotations

from collections import Counter, defaultdict
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from math import sqrt

import pytest
import time_machine
from django.http import QueryDict

from collector.models import BillingCycle, DailyActivity, Member
from groups.budgets.amounts import BudgetAmounts
from groups.budgets.states import compute_states
from groups.models import Group
from tests.tracker.pages import company
from tests.tracker.pages.company import CYCLE_END, CYCLE_START, LAST_START, NOW, facts, in_group, within
from tracker import filters
from tracker.reports.member import MemberReport
from tracker.reports.overview import Overview
from tracker.reports.team import Team
from tracker.reports.teams import Teams

pytestmark = pytest.mark.usefixtures("acme")

DAY = timedelta(days=1)
# Within a cycle; before and after a member changes groups; on either side of the turn of a cycle.
INSTANTS = [
    NOW,
    datetime(2026, 11, 11, 23, 59, 59, 999_000, UTC),
    datetime(2026, 11, 12, 23, 59, 59, 999_000, UTC),
    datetime(2026, 11, 4, 23, 59, 59, 999_000, UTC),
    datetime(2026, 11, 4, 9, 11, 59, 999_000, UTC),
]
GROUPS = ["Platform", "Platform > Core", "Data", "Unassigned"]


def asked(query: str, now: datetime) -> filters.Filters:
    return filters.parse_filters(QueryDict(query), now, known_until=now)


def midnight(day: date) -> datetime:
    return datetime.combine(day, time(), UTC)


def expected_end(found: list[company.Fact], now: datetime) -> tuple[float, float, float]:
    """Lowest, expected and highest cents of the cycle that `now` is in, of these events alone."""
    start, end = (CYCLE_START, CYCLE_END) if now >= CYCLE_START else (LAST_START, CYCLE_START)
    today = now.date()
    costs = defaultdict(list)  # by whether the day is a weekend's
    for back in range(1, 29):
        day = today - back * DAY
        costs[day.isoweekday() > 5].append(sum(float(f.cents) for f in found if f.at.date() == day))
    means = {kind: sum(values) / len(values) for kind, values in costs.items()}
    spread = {
        kind: sum((value - means[kind]) ** 2 for value in values) / len(values)
        for kind, values in costs.items()
    }
    spent = sum(float(f.cents) for f in found if start <= f.at <= now)
    today_spent = sum(float(f.cents) for f in found if f.at.date() == today and start <= f.at <= now)
    left: Counter[bool] = Counter()  # days of either kind, parts of days as parts
    total, day = spent - today_spent, today
    while midnight(day) < end:
        part = (min(midnight(day + DAY), end) - max(midnight(day), start)) / DAY
        usual = means[day.isoweekday() > 5] * part
        total += max(usual, today_spent) if day == today else usual
        left[day.isoweekday() > 5] += part
        day += DAY
    either_way = 1.2816 * sqrt(
        sum(spread[kind] * (count + count**2 / len(costs[kind])) for kind, count in left.items())
    )
    return max(total - either_way, spent), total, total + either_way


@pytest.mark.parametrize("now", INSTANTS, ids=str)
def test_the_forecast_of_every_group_follows_from_its_events(now):
    seen = [fact for fact in facts() if fact.at <= now]
    if now < NOW:
        company.UsageEvent.objects.filter(occurred_at__gt=now).delete()
        company.recompute_days(company.FIRST_DAY, company.TODAY, NOW)
    with time_machine.travel(now, tick=False):
        rows = {row.option.path: row.forecast for row in Teams(asked("", now)).rows}
        for group in GROUPS:
            expected = expected_end(in_group(seen, group), now)
            found = rows[group]
            assert (found.low_cents, found.expected_cents, found.high_cents) == pytest.approx(expected), group
            shown = Overview(asked(f"group={group}", now)).cycle.forecast
            assert (shown.low_cents, shown.expected_cents, shown.high_cents) == pytest.approx(expected)
        everything = Overview(asked("", now)).cycle.forecast
        assert everything.expected_cents == pytest.approx(expected_end(seen, now)[1])
        member = Member.objects.get(email=company.MOVER)
        own = expected_end([fact for fact in seen if fact.email == company.MOVER], now)
        assert MemberReport(member, asked("", now)).forecast.range == pytest.approx((own[0], own[2]))


@pytest.mark.parametrize("now", INSTANTS[:1], ids=str)
def test_a_budget_is_reached_on_the_day_that_the_events_say(now):
    cycle = BillingCycle.objects.get(start_at=CYCLE_START)
    groups = {group.name: group.pk for group in Group.objects.all()}
    wanted = {"Platform > Core": 60, "Data": 90}
    amounts = BudgetAmounts(  # in dollars
        team=Decimal(0),
        groups={groups[name]: Decimal(dollars) for name, dollars in wanted.items()},
        members={},
        each_member=Decimal(0),
    )
    for state in compute_states(cycle, now, amounts, now):
        low, expected, high = expected_end(in_group(facts(), state.owner.name), now)
        assert state.forecast.expected_cents == pytest.approx(expected)
        assert state.forecast.range == pytest.approx((low, high))
        spent = sum(fact.cents for fact in within(in_group(facts(), state.owner.name), "cycle"))
        assert state.spent_cents == spent


def share_below(values: list[float], share: float) -> float:
    """The value below which that share lies, between the two nearest."""
    ordered = sorted(values)
    place = share * (len(ordered) - 1)
    low = int(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (place - low) * (ordered[high] - ordered[low])


def earned_badges(period: str, days: int) -> dict[str, set[str]]:
    """By address, of all seats on the team and of whoever else has usage."""
    used = defaultdict(list)
    for fact in within(facts(), period):
        used[fact.email].append(fact)
    edits = defaultdict(lambda: [0, 0])
    marked = defaultdict(set)
    first, last = (NOW - days * DAY).date(), (NOW - DAY).date()
    if period == "cycle":
        first, last = CYCLE_START.date(), NOW.date()
    for row in DailyActivity.objects.filter(day__gte=first, day__lte=last).select_related("member"):
        edits[row.member.email][0] += row.accepts
        edits[row.member.email][1] += row.applies
        if row.is_active:
            marked[row.member.email].add(row.day)
    people = {*company.SEATS} | {email for email in used if email != company.BOT}
    served = {email: [f for f in used[email] if f.is_served] for email in people}
    requests = {email: len(served[email]) for email in people}
    active = {email: max(len(marked[email]), len({f.at.date() for f in served[email]})) for email in people}
    rate = {e: sum(float(f.cents) for f in used[e]) / requests[e] for e in people if requests[e]}
    context = {e: sum(f.context for f in used[e]) / requests[e] for e in people if requests[e]}
    steady = [email for email in people if requests[email] >= 10]
    busy = [email for email in people if requests[email]]
    p25, p75 = (share_below([requests[e] for e in busy], share) for share in (0.25, 0.75))
    pace = share_below([requests[e] / active[e] for e in busy], 0.9)
    dear, usual = (share_below([rate[e] for e in steady], share) for share in (0.75, 0.5))
    long = share_below([context[e] for e in steady], 0.5)
    earned = {}
    for e in people:
        accepts, applies = edits[e]
        score = 40 * (accepts / applies if applies else 0)
        score += 40 * min(1, requests[e] / active[e] / pace if active[e] else 0)
        score += 20 * active[e] / days
        keys = set()
        if e in steady:
            keys |= {"premium-model"} if rate[e] >= 2 * usual else set()
            keys |= {"cost-efficient"} if rate[e] <= usual / 2 else set()
            keys |= {"long-sessions"} if context[e] >= 3 * long else set()
            keys |= {"short-sessions"} if context[e] <= long / 3 else set()
        bounds = ((80, "ai-native"), (55, "high-adoption"), (30, "moderate-adoption"), (10, "low-adoption"))
        keys.add(next((key for bound, key in bounds if int(score + 1e-6) >= bound), "manual"))
        if requests[e] and requests[e] >= p75:
            keys.add("power-user")
        elif e in steady and rate[e] >= dear:
            keys.add("deep-thinker")
        else:
            keys.add("light" if requests[e] <= p25 else "balanced")
        earned[e] = keys
    return earned


@pytest.mark.parametrize(("period", "days"), [("7d", 7), ("14d", 14), ("30d", 30), ("cycle", 20)])
def test_the_badges_of_every_member_follow_from_their_events(period, days):
    team = Team(asked(f"period={period}", NOW))
    shown = {
        person.email: {badge.key for badge in team.badges_of(person)}
        for person in team.people.values()
        if team.badges_of(person)
    }
    assert shown == earned_badges(period, days)


@pytest.mark.parametrize("period", ["24h", "7d", "30d", "cycle"])
@pytest.mark.parametrize("group", ["", *GROUPS])
def test_ranks_count_those_with_more_whatever_the_group(period, group):
    spent, requests = Counter(), Counter()
    for fact in within(facts(), period):
        if fact.email != company.BOT:
            spent[fact.email] += fact.cents
            requests[fact.email] += fact.is_served
    team = Team(asked(f"period={period}&group={group}", NOW))
    for person in team.people.values():
        figures, email = team.member(person), person.email
        by_spend = 1 + sum(value > spent[email] for value in spent.values()) if spent[email] else None
        by_use = 1 + sum(value > requests[email] for value in requests.values()) if requests[email] else None
        assert (figures.spend_rank, figures.activity_rank) == (by_spend, by_use), email

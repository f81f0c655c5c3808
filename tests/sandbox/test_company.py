from collections import Counter
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import numpy as np
import pytest

from sandbox import PriceRise, build_company
from sandbox.company.actors import choose_actors, live
from sandbox.company.casting import ACTORS
from sandbox.company.columns import EventColumns, Events
from sandbox.company.instants import midnight, to_ms
from sandbox.company.kinds import KIND_NAMES
from sandbox.company.members import MemberKind
from sandbox.company.prices import position
from sandbox.company.pricing import price

from .conftest import NOW

DAY_MS = 86_400_000


def fingerprint(events: Events) -> tuple[int, int, int]:
    return len(events), int(events.charged_micro.sum()), int(np.bitwise_xor.reduce(events.noise))


def until(events: Events, instant: datetime) -> Events:
    return events.take(events.occurred_ms <= to_ms(instant))


@pytest.fixture(scope="module")
def team() -> Events:
    """The people of a company of the size that the figures below were measured on, no stories told."""
    company = build_company(members=106, days=60, seed=3, now=NOW, has_stories=False)
    events = until(company.events, NOW)
    return events.take(events.member < 106)


def test_the_same_seed_gives_the_same_company_everywhere():
    """The literal figures hold on every machine and Python; who changes the generator changes them here."""
    company = build_company(members=10, days=20, seed=1, now=NOW)
    assert fingerprint(company.events) == (4_521, 219_438_380_205, 652_644_034_747_721_966)
    assert fingerprint(build_company(members=10, days=20, seed=1, now=NOW).events) == fingerprint(
        company.events
    )
    assert fingerprint(build_company(members=10, days=20, seed=2, now=NOW).events) != fingerprint(
        company.events
    )


def test_a_price_that_rises_changes_that_models_requests_alone_and_from_its_day_on(company):
    name, day = "gpt-5.5-medium", NOW.date() - timedelta(days=12)
    risen = build_company(members=40, days=60, seed=7, now=NOW, price_rise=PriceRise(name, day, 1.5)).events
    events = company.events
    is_repriced = (events.model == position(name)) & (events.occurred_ms >= to_ms(midnight(day)))
    assert is_repriced.any()
    assert (risen.model_micro[~is_repriced] == events.model_micro[~is_repriced]).all()
    assert np.allclose(risen.model_micro[is_repriced], events.model_micro[is_repriced] * 1.5, atol=1)


def test_a_further_horizon_leaves_the_past_as_it_was(company):
    longer = build_company(members=40, days=60, seed=7, now=NOW, ahead_days=30)
    assert longer.until - company.until == timedelta(days=23)
    assert fingerprint(until(longer.events, NOW)) == fingerprint(until(company.events, NOW))


def test_it_has_a_past_a_present_and_a_future(company):
    assert company.first_day == date(2026, 7, 18)
    occurred = company.events.occurred_ms
    assert (np.diff(occurred) >= 0).all()
    assert occurred[0] >= to_ms(datetime(2026, 7, 18, tzinfo=UTC))
    assert occurred[-1] > to_ms(NOW)


def test_no_member_makes_two_requests_in_a_millisecond(company):
    pairs = Counter(zip(company.events.member.tolist(), company.events.occurred_ms.tolist(), strict=True))
    assert max(pairs.values()) == 1


def test_kinds_have_about_the_shares_of_real_data(team):
    shares = {name: float((team.kind == number).mean()) for number, name in enumerate(KIND_NAMES)}
    assert shares["Included in Business"] == pytest.approx(0.73, abs=0.12)
    assert shares["Usage-based"] == pytest.approx(0.12, abs=0.10)
    assert shares["Free"] == pytest.approx(0.13, abs=0.03)
    assert shares["Errored, Not Charged"] == pytest.approx(0.0125, abs=0.005)
    assert shares["Aborted, Not Charged"] == pytest.approx(0.0022, abs=0.0015)


def test_auto_makes_about_two_thirds_of_the_requests(team):
    assert (team.model == 0).mean() == pytest.approx(0.68, abs=0.06)


def test_requests_per_active_day_have_the_heavy_tail_of_real_data(team):
    _, counts = np.unique(team.occurred_ms // DAY_MS * 1000 + team.member, return_counts=True)
    median, p90, p95, p99 = np.percentile(counts, [50, 90, 95, 99])
    assert 7 <= median <= 11  # real: 9
    assert 24 <= p90 <= 42  # 35
    assert 32 <= p95 <= 58  # 48
    assert 50 <= p99 <= 110  # 85
    assert counts.max() <= 260


def test_weekends_are_nearly_empty(team):
    weekday = (team.occurred_ms // DAY_MS + 3) % 7  # 1970-01-01 was a Thursday
    per_weekday = np.bincount(weekday, minlength=7)
    assert per_weekday[5:].mean() < 0.15 * per_weekday[:5].mean()


def test_most_work_falls_between_eleven_and_twenty_three_utc(team):
    hour = team.occurred_ms // 3_600_000 % 24
    assert ((hour >= 11) & (hour < 23)).mean() > 0.8


def test_on_demand_requests_cost_cents_and_now_and_then_dollars(team):
    dollars = team.charged_micro[team.is_chargeable] / 1e8
    assert 0.15 < np.median(dollars) < 0.6
    assert 1.2 < np.percentile(dollars, 95) < 6
    assert dollars.max() < 40


def test_charges_are_model_cost_less_discount_plus_fee(team):
    completed = team.take(team.fate == 0)
    discounted = completed.take(completed.model == 10)
    plain = completed.take(completed.model != 10)
    assert (plain.charged_micro == plain.model_micro + plain.fee_micro).all()
    assert len(discounted)
    assert (discounted.charged_micro == discounted.model_micro * 9 // 10 + discounted.fee_micro).all()


def test_a_member_pays_on_demand_only_after_the_allowance_of_the_cycle(company):
    cycle_start = company.anniversary.cycle(datetime(2026, 8, 20, tzinfo=UTC))[0]
    assert cycle_start == datetime(2026, 8, 14, 21, 23, 8, tzinfo=UTC)
    inside = company.events.take(
        (company.events.occurred_ms >= to_ms(cycle_start))
        & (company.events.occurred_ms < to_ms(datetime(2026, 9, 14, 21, 23, 8, tzinfo=UTC)))
    )
    exhausted = 0
    for member in company.members:
        own = inside.take(inside.member == member.index)
        included = own.charged_micro[own.kind == 0].sum() / 1e6
        if own.is_chargeable.any():
            exhausted += 1
            before = own.charged_micro[: own.is_chargeable.argmax()].sum() / 1e6
            assert included >= member.allowance_cents or member.allowance_cents == 0
            assert before >= member.allowance_cents
    assert 3 <= exhausted <= 30


def test_people_join_leave_idle_and_move_between_groups(company):
    people = [member for member in company.members if member.is_human]
    assert len(people) == 40
    joined = [member for member in people if company.first_day < member.joined_on <= NOW.date()]
    left = [member for member in people if member.left_on <= NOW.date()]
    active = set(company.events.member.tolist())
    assert len(joined) == 3 and len(left) == 3
    assert {member.is_listed for member in left} == {True, False}
    assert any(member.index not in active for member in people)
    assert any(member.former_group for member in people)
    for member in joined:
        own = company.events.occurred_ms[company.events.member == member.index]
        assert not len(own) or own[0] >= to_ms(datetime.combine(member.joined_on, datetime.min.time(), UTC))


def test_a_service_account_and_an_automation_work_without_a_seat(company):
    kinds = Counter(member.kind for member in company.members)
    assert kinds == {MemberKind.HUMAN: 40, MemberKind.SERVICE: 1, MemberKind.AUTOMATION: 1}


def steady_lives(company, seed):
    """What the actors would have done without the stories, priced."""
    actors = choose_actors(company.members, ACTORS)
    told = live(actors, now_ms=to_ms(company.now), first=61, last=25, seed=seed)
    lives = price(EventColumns.joined(told))
    inside = (lives.occurred_ms >= to_ms(midnight(company.first_day))) & (
        lives.occurred_ms < to_ms(company.until)
    )
    return lives.take(inside)


def test_labels_say_exactly_what_the_stories_added(company):
    """Without the stories the actors' charges are lower by the labels, and nobody else's differ."""
    lives = steady_lives(company, seed=7)
    played = company.events.take(np.isin(company.events.member, lives.member))
    added = int(played.charged_micro.sum()) - int(lives.charged_micro.sum())
    assert sum(label.extra_cents for label in company.labels_at(company.until)) == Decimal(added) / 1_000_000
    assert {label.email for label in company.labels} <= {
        company.members[index].email for index in np.unique(lives.member)
    }


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 9, 19, 4, tzinfo=UTC),  # a Saturday
        datetime(2026, 9, 21, 23, 30, tzinfo=UTC),
        datetime(2026, 12, 27, 9, tzinfo=UTC),
    ],
)
def test_the_stories_are_the_same_on_whatever_day_the_demo_begins(company, now):
    other = build_company(members=40, days=60, seed=7, now=now)
    told = [{label.kind: label for label in each.labels_at(each.now)} for each in (company, other)]
    assert set(told[0]) == set(told[1])
    for kind, label in told[0].items():
        assert told[1][kind].email == label.email
        assert float(told[1][kind].extra_cents) == pytest.approx(float(label.extra_cents), rel=0.15)
    usual = [
        np.bincount(lives.member, lives.charged_micro)[lives.member.min() :]
        for lives in (steady_lives(company, 7), steady_lives(other, 7))
    ]
    assert usual[1] == pytest.approx(usual[0], rel=0.03)


def test_the_demo_shows_a_runaway_agent_and_a_dear_model_now(company):
    now = {label.kind: label for label in company.labels if label.ended_at > NOW - timedelta(hours=24)}
    assert now["runaway_agent"].onset_at > NOW - timedelta(hours=6)
    assert now["runaway_agent"].extra_cents > 10_000
    assert now["dear_model"].onset_at > NOW - timedelta(days=3)
    by_now = {label.email: label.extra_cents for label in company.labels_at(NOW)}
    assert by_now[now["runaway_agent"].email] > 10_000
    assert by_now[now["dear_model"].email] > 4_000


def test_labels_name_members_in_order_of_onset(company):
    emails = {member.email for member in company.members}
    assert {label.kind for label in company.labels} == {
        "runaway_agent",
        "dear_model",
        "drift",
        "long_sessions",
        "burst",
    }
    assert all(label.email in emails and label.note for label in company.labels)
    onsets = [label.onset_at for label in company.labels]
    assert onsets == sorted(onsets)


def test_one_person_is_on_demand_from_day_one_and_one_is_stopped_by_a_cap(company):
    early = next(member for member in company.members if member.allowance_cents == 150)
    capped = next(member for member in company.members if member.limit_dollars)
    cycle = company.anniversary.cycle(datetime(2026, 8, 20, tzinfo=UTC))
    own = company.events.take(
        (company.events.member == capped.index)
        & (company.events.occurred_ms >= to_ms(cycle[0]))
        & (company.events.occurred_ms < to_ms(cycle[1]))
        & company.events.is_chargeable
    )
    assert capped.limit_dollars * 100 <= own.charged_micro.sum() / 1e6 < capped.limit_dollars * 100 + 3_000
    assert company.events.is_chargeable[company.events.member == early.index].mean() > 0.5


def test_columns_hold_the_events_that_had_happened(company):
    noon = NOW - timedelta(hours=3)
    columns = company.columns(noon)
    assert {len(values) for values in columns.values()} == {len(company.events_until(noon))}
    assert columns["occurred_ms"][-1] <= to_ms(noon)
    assert columns["charged_cents"].sum() == pytest.approx(
        company.events_until(noon).charged_micro.sum() / 1e6
    )
    assert set(columns["email"]) >= {"", "ci-agent@service.acme.example"}


def test_daily_activity_counts_what_had_happened(company):
    rows = company.daily_activity(date(2026, 9, 15), date(2026, 9, 15))
    events = until(company.events, datetime(2026, 9, 15, 23, 59, 59, 999_000, tzinfo=UTC))
    events = events.take(
        (events.occurred_ms >= to_ms(datetime(2026, 9, 15, tzinfo=UTC))) & (events.member < 40)
    )
    assert sum(row.included_requests + row.usage_based_requests for row in rows) == len(events) > 100

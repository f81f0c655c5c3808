"""Exports of the dashboard, imported and replayed hour by hour: included rows carry no cost there."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from collector.imports.usage import import_usage
from detection.models import DetectionSettings
from detection.replay import past
from detection.replay.backtest import backtest

pytestmark = pytest.mark.django_db
HEADER = (
    "Date,User,Cloud Agent ID,Automation ID,Kind,Model,Max Mode,Input (w/ Cache Write),"
    "Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost\n"
)
FIRST = date(2026, 5, 18)  # a Monday
MOVES_ON = datetime(2026, 5, 25, 12, 50, tzinfo=UTC)


def row(at, user, model, kind, cost, reads=600_000, agent=""):
    """One request; what it cost, or `-` where it is included."""
    numbers = (0, 60_000, reads, 6_000)
    tokens = ",".join(map(str, (*numbers, sum(numbers))))
    return f"{at.isoformat()},{user}@team.example,{agent},,{kind},{model},No,{tokens},{cost}\n"


def ordinary(user, days, requests, included=False):
    """So many requests a working day, at about 70 cents each."""
    for offset in range(days):
        day = FIRST + timedelta(days=offset)
        if day.weekday() < 5:
            for number in range(requests):
                at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC) + timedelta(minutes=11 * number)
                kind, cost = ("Included", "-") if included or number % 2 else ("On-Demand", "0.70")
                yield row(at, user, "composer-2.5-fast", kind, cost)


def found_in(rows, tmp_path, last=date(2026, 5, 27), **settings):
    """Would-be incidents of the whole export."""
    path = Path(tmp_path / "usage.csv")
    path.write_text(HEADER + "".join(rows))
    import_usage(path, datetime(2026, 6, 5, tzinfo=UTC))
    policy = DetectionSettings(**settings)
    steps = past.replayed(FIRST, last, 1, datetime(2026, 6, 5, tzinfo=UTC))
    return backtest(past.load_history(FIRST, last, policy), policy, steps)


def colleagues():
    return [line for number in range(9) for line in ordinary(f"colleague-{number}", 10, 8 + number)]


def test_a_switch_to_an_expensive_model_is_found_within_the_hour_though_the_history_is_short(tmp_path):
    before = list(ordinary("ana", 5, 14))
    moved = [
        row(
            MOVES_ON + timedelta(minutes=14 * number),
            "ana",
            "claude-opus-4-8-thinking-high",
            "Included" if number < 4 else "On-Demand",
            "-" if number < 4 else "4.60",
            reads=5_000_000,
        )
        for number in range(18)
    ]
    (incident,) = found_in([*colleagues(), *before, *moved], tmp_path)
    assert incident.email == "ana@team.example"
    crossed_at = MOVES_ON + timedelta(minutes=14 * 13)  # the tenth charged request: $46
    assert incident.detected_at <= crossed_at + timedelta(hours=1)
    assert "claude-opus-4-8-thinking-high is new for them" in incident.message
    assert "used an estimated" in incident.message and "charged" in incident.message


def test_included_rows_without_a_cost_are_worth_what_the_team_pays_for_their_model(tmp_path):
    rows = [*colleagues(), *ordinary("ben", 5, 10, included=True)]
    burst_at = datetime(2026, 5, 26, 9, tzinfo=UTC)
    rows += [
        row(burst_at + timedelta(minutes=number), "ben", "composer-2.5-fast", "Included", "-")
        for number in range(200)
    ]
    (incident,) = found_in(rows, tmp_path)
    assert incident.email == "ben@team.example"
    assert incident.observed_cents == pytest.approx(200 * 70, rel=0.01)
    assert "used an estimated $140 ($0.00 charged)" in incident.message


def test_included_rows_beside_charged_ones_are_no_rise_of_the_price(tmp_path):
    rows = colleagues()
    for user in ("ana", "ben", "eva"):
        rows += [
            line.replace("Included", "On-Demand").replace(",-\n", ",0.70\n") for line in ordinary(user, 5, 8)
        ]
        at = datetime(2026, 5, 25, 9, tzinfo=UTC)
        rows += [
            row(at + timedelta(minutes=4 * number), user, "composer-2.5-fast", "Included", "-")
            for number in range(14)
        ]
        rows.append(row(at, user, "composer-2.5-fast", "On-Demand", "0.07", reads=0))
    assert found_in(rows, tmp_path) == []


def test_free_usage_is_worth_nothing(tmp_path):
    rows = [*colleagues(), *ordinary("ben", 5, 10)]
    burst_at = datetime(2026, 5, 26, 9, tzinfo=UTC)
    rows += [
        row(burst_at + timedelta(minutes=3 * number), "ben", "auto", "Free", "Free") for number in range(200)
    ]
    assert found_in(rows, tmp_path) == []


def test_requests_at_a_machines_pace_are_found_whatever_they_cost(tmp_path):
    rows = [line for day in range(4) for line in _small_day(FIRST + timedelta(days=day), 100)]
    begins_at = datetime(2026, 5, 22, 10, tzinfo=UTC)
    rows += [_small(begins_at + timedelta(seconds=15 * number)) for number in range(1269)]
    (incident,) = found_in(rows, tmp_path, last=date(2026, 5, 23))
    assert incident.rules[0] == "machine_pace"
    assert incident.detected_at <= begins_at + timedelta(hours=4)
    assert "up to 240 in an hour" in incident.message


@pytest.mark.parametrize(
    ("hours", "kind", "cost"),
    [(2, "Included", "-"), (15, "On-Demand", "0.001"), (15, "Free", "Free"), (23, "Included", "-")],
)
def test_far_more_requests_than_ever_are_found_however_slowly_they_come(tmp_path, hours, kind, cost):
    rows = [line for day in range(3) for line in _small_day(FIRST + timedelta(days=day), 100, kind, cost)]
    begins_at = datetime(2026, 5, 21, 0, 20, tzinfo=UTC)
    every = timedelta(hours=hours) / 1269
    rows += [_small(begins_at + every * number, kind, cost) for number in range(1269)]
    rows.append(_small(datetime(2026, 5, 18, 8, tzinfo=UTC)))  # a file without a cost at all is refused
    (incident,) = found_in(rows, tmp_path, last=date(2026, 5, 22))
    assert incident.rules[0] == "machine_pace"
    assert incident.detected_at <= begins_at + timedelta(hours=hours)


def test_a_busy_day_at_a_persons_pace_is_found_by_no_pace(tmp_path):
    rows = [line for day in range(4) for line in _small_day(FIRST + timedelta(days=day), 100)]
    begins_at = datetime(2026, 5, 22, 7, tzinfo=UTC)
    rows += [_small(begins_at + timedelta(minutes=2 * number)) for number in range(480)]
    assert found_in(rows, tmp_path, last=date(2026, 5, 22)) == []


def _small_day(day, requests, kind="On-Demand", cost="0.001"):
    at = datetime(day.year, day.month, day.day, 9, tzinfo=UTC)
    return [_small(at + timedelta(minutes=4 * number), kind, cost) for number in range(requests)]


def _small(at, kind="On-Demand", cost="0.001"):
    return f"{at.isoformat()},eva@team.example,,,{kind},auto,No,0,100,1000,50,1150,{cost}\n"


def test_an_ordinary_month_of_a_team_raises_nothing(tmp_path):
    assert found_in(colleagues(), tmp_path) == []


def test_a_whole_run_told_as_one_event_is_no_expensive_request_of_its_owners(tmp_path):
    rows = [*colleagues(), *ordinary("ana", 9, 12)]
    for offset in range(9):
        day = FIRST + timedelta(days=offset)
        at = datetime(day.year, day.month, day.day, 16, tzinfo=UTC)
        rows.append(row(at, "ana", "composer-2.5-fast", "On-Demand", "5.66", agent=f"bc-{offset}"))
    assert found_in(rows, tmp_path, confirm_by_own_history=False, team_multiplier=0) == []

"""The parts of the demo's walk by themselves: what an hour changes, when people act, what they do beside."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from detection.findings.finding import Finding, FindingWindow
from detection.frame.frame import LATE_HOURS
from detection.vocabulary import Cause, Rule, Severity
from incidents.models import (
    Channel,
    Incident,
    IncidentAnomaly,
    LimitRequest,
    Status,
    TimelineStep,
    Verdict,
)
from incidents.notifying.messages import Digest
from incidents.notifying.notices import record_notice
from tests.incidents.factories import make_anomaly, make_incident, make_member
from tracker.demo import errands, past
from tracker.demo.colleagues import Colleagues, attended
from tracker.demo.dates import after, step_hours
from tracker.demo.foresight import Foresight
from tracker.demo.outlook import next_figures, shape, stated
from tracker.demo.world import World

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


def found(observed: float, *, end_at: datetime = NOON, severity=Severity.WARNING, **operands) -> Finding:
    window = FindingWindow(end_at - 24 * HOUR, end_at, "rolling")
    return Finding(
        Rule.SPIKE, Cause.SPEND, severity, "spend_24h", observed, 1.0, 1.0, window, 1, operands=operands
    )


def figures(finding: Finding):
    return next_figures({}, [finding], NOON)


def test_a_lower_figure_corrects_a_higher_one_only_while_it_can_be_revised():
    before, lower = found(9.0), found(5.0, end_at=NOON + HOUR)
    early, late = NOON + HOUR, NOON + timedelta(hours=LATE_HOURS)
    assert [*next_figures(figures(before), [lower], early).values()] == [lower]
    assert [*next_figures(figures(before), [lower], late).values()] == [before]


def test_a_higher_figure_always_counts_and_what_is_not_found_is_forgotten():
    higher = found(11.0)
    assert [*next_figures(figures(found(9.0)), [higher], NOON + 99 * HOUR).values()] == [higher]
    assert next_figures(figures(higher), [], NOON) == {}


def test_the_shape_of_an_hour_is_what_it_finds_without_the_figures():
    assert shape([found(9.0)]) == shape([found(10.0)])
    assert shape([found(9.0)]) != shape([found(9.0, severity=Severity.CRITICAL)])
    assert shape([found(9.0, member_ids=[1])]) != shape([found(9.0, member_ids=[1, 2])])
    assert stated(figures(found(9.0))) != stated(figures(found(10.0)))


def foresight(spent: list[float]) -> Foresight:
    """Ann spends so many cents in each hour from noon on, within one cycle."""
    hours = [NOON + HOUR * number for number in range(1, len(spent) + 1)]
    first = int(NOON.timestamp()) // 3600
    spend = pd.DataFrame({"email": "ann@x", "hour": range(first, first + len(spent)), "cents": spent})
    cycles = (NOON - timedelta(days=1), NOON + timedelta(days=29))
    return Foresight(hours, [()] * len(hours), {}, spend, cycles)


def test_a_budget_reaches_its_steps_at_the_end_of_the_hour_that_crosses_them():
    seen = foresight([40.0, 10.0, 25.0, 0.0, 30.0])
    inside = np.ones(5, dtype=bool)
    assert step_hours(seen, inside, 100, [50, 100]) == {NOON + 2 * HOUR, NOON + 5 * HOUR}
    assert step_hours(seen, ~inside, 100, [50, 100]) == set()


def test_what_is_due_between_two_hours_or_after_all_of_them_waits_for_one():
    hours = [NOON, NOON + HOUR]
    assert after(hours, NOON) == NOON
    assert after(hours, NOON + timedelta(minutes=1)) == NOON + HOUR
    assert after(hours, NOON + 9 * HOUR) == NOON + HOUR


@pytest.mark.parametrize(
    ("told_at", "looks_at"),
    [
        (NOON, NOON),
        (NOON.replace(hour=3), NOON.replace(hour=7, minute=3)),
        (NOON.replace(hour=22), NOON.replace(day=3, hour=7, minute=3)),
    ],
)
def test_people_look_by_day_at_once_and_in_the_morning_about_the_night(told_at, looks_at):
    assert attended(told_at) == looks_at


def test_what_was_found_is_over_when_a_day_passes_without_it():
    hours = [NOON + number * HOUR for number in range(60)]
    holding = {1, 2, 5, 26, 55}  # 5 to 26 is less than a day, 26 to 55 is more
    about_ann = replace(found(9.0), member_id=1)
    findings = [(about_ann,) if number in holding else () for number in range(60)]
    seen = Foresight(hours, findings, {1: "ann@x"}, pd.DataFrame(), ())
    assert seen.over_at("ann@x", Cause.SPEND, NOON) == NOON + 27 * HOUR
    assert seen.over_at("ann@x", Cause.BUDGET, NOON) == NOON + HOUR
    assert seen.over_at("", Cause.SPEND, NOON) == NOON + HOUR


@pytest.mark.django_db
def test_an_incident_is_resolved_once_its_spend_has_stopped():
    """Found until 8:00 two days later, a day after the spend behind it: that stopped at 9:00 of the next."""
    member = make_member("ann@x.example")
    hours = [NOON + number * HOUR for number in range(80)]
    about_ann = replace(found(9.0), member_id=1)
    findings = [(about_ann,) if number <= 44 else () for number in range(80)]
    seen = Foresight(hours, findings, {1: member.email}, pd.DataFrame(), ())
    people = Colleagues(NOON + 30 * 24 * HOUR, foresight=seen)
    incident = make_incident(member, status=Status.ALERTED, alerted_at=NOON)
    people.look(NOON)
    people.act(NOON + 12 * HOUR)
    incident.refresh_from_db()
    assert incident.status == Status.ACKNOWLEDGED
    people.act(NOON + 48 * HOUR)
    incident.refresh_from_db()
    assert (incident.status, incident.verdict) == (Status.RESOLVED, Verdict.REAL)
    assert incident.resolved_at == datetime(2026, 3, 3, 9, 12, tzinfo=UTC)


@pytest.mark.django_db
def test_what_is_due_on_the_hour_is_done_before_the_next_one(monkeypatch):
    done = []
    monkeypatch.setattr(past, "run_hour", lambda hour, *_: done.append(("run", hour)))
    planned = [NOON + HOUR, NOON + 2 * HOUR + timedelta(minutes=5)]
    people = Colleagues(NOON, [(at, lambda at: done.append(("act", at))) for at in planned])
    world = World(None, lambda instant: None, lambda: None)
    past.walk([NOON, NOON + HOUR, NOON + 2 * HOUR, NOON + 3 * HOUR], world, people)
    assert done == sorted(done, key=lambda each: each[1])
    assert [at for kind, at in done if kind == "act"] == planned


@pytest.mark.django_db
def test_the_next_moment_is_a_message_that_waits_or_a_person_that_acts():
    people = Colleagues(NOON, [(NOON + HOUR, lambda at: None)])
    assert past.next_moment(NOON, Colleagues(NOON)) is None
    assert past.next_moment(NOON, people) == NOON + HOUR
    channel = Channel.objects.create(name="slack", kind=Channel.Medium.SLACK)
    for minutes in (0, 30):
        due_at = NOON + timedelta(minutes=minutes)
        record_notice(channel, f"budget:{minutes}", Digest("A step", (), (), ""), due_at)
    assert past.next_moment(NOON, people) == NOON + timedelta(minutes=30)


@pytest.mark.django_db
def test_an_incident_whose_verdict_is_contested_is_open_again():
    resolved = {"status": Status.RESOLVED, "resolved_at": NOON}
    real = make_incident(verdict=Verdict.REAL, **resolved)
    expected = make_incident(make_member("eve@x.example"), verdict=Verdict.EXPECTED, **resolved)
    errands.reopen_expected(NOON + HOUR)
    real.refresh_from_db()
    expected.refresh_from_db()
    assert (expected.status, expected.verdict, expected.reopened_count) == (Status.OPEN, "", 1)
    assert real.is_resolved


def alerted(member, *, hours_ago: int, is_holding: bool = True) -> Incident:
    at = NOON - hours_ago * HOUR
    anomaly = make_anomaly(member, detected_at=at, cleared_at=None if is_holding else NOON)
    incident = make_incident(member, status=Status.ALERTED, detected_at=at, alerted_at=at)
    IncidentAnomaly.objects.create(incident=incident, anomaly=anomaly, joined_at=at)
    return incident


@pytest.mark.django_db
@pytest.mark.parametrize("newer", [0, 1, 2])
def test_somebody_is_at_work_on_an_incident_that_goes_on_and_the_newest_is_left_alone(newer):
    over = alerted(make_member("over@x.example"), hours_ago=1, is_holding=False)
    going_on = [
        alerted(make_member(f"m{number}@x.example"), hours_ago=9 - number) for number in range(newer + 1)
    ]
    errands.take_up(NOON)
    (taken,) = Incident.objects.filter(status=Status.ACKNOWLEDGED)
    assert taken == going_on[max(newer - 1, 0)]
    assert taken.acknowledged_at == NOON
    assert taken.timeline.filter(step=TimelineStep.NOTE).exists()
    over.refresh_from_db()
    assert over.status == Status.ALERTED


@pytest.mark.django_db
def test_a_limit_is_asked_for_and_refused():
    for number in range(3):
        make_member(f"m{number}@x.example", cursor_id=f"user_{number}")
    errands.ask_for_limit(4, 400, "The migration", NOON)
    request = LimitRequest.objects.get()
    assert (request.member.email, request.status) == ("m1@x.example", LimitRequest.Status.PENDING)
    errands.decide(False, NOON + HOUR)
    request.refresh_from_db()
    assert request.status == LimitRequest.Status.DENIED


@pytest.mark.django_db
def test_where_nothing_is_there_nothing_is_done():
    errands.reopen_expected(NOON)
    errands.take_up(NOON)
    errands.accept_saving(NOON)
    errands.raise_saving(NOON)
    errands.decide(True, NOON)
    assert not LimitRequest.objects.exists()

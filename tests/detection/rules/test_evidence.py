"""Evidence in one member's hours: what proves something, and what a single request does not."""

from dataclasses import replace

import numpy as np
import pytest

from collector.models import Surface
from detection.frame.evidence import EvidenceKind, Usual, Work, WorkNames, gather

START = 480_000  # an hour since 1970 at midnight
BY_HAND, AGENT = 0, 1
NAMES = WorkNames(["auto", "opus", "fable"], [Surface.IDE.value, Surface.CLOUD_AGENT.value])
USUAL = Usual(context=100.0, most_context=250.0)


def work(*rows, days=10, surface=0, thread=-1):
    """Rows of (hour, model, cents, requests, tokens), after so many days of ten requests in the morning."""
    usual = [(START - 24 * day + 10, 0, 100.0, 10.0, 1000.0) for day in range(days, 0, -1)]
    table = np.array([*usual, *rows], dtype=float)
    hour, model, cents, requests, weight = table.T
    is_now = np.arange(len(table)) >= days
    places = hour.astype(int), model.astype(int), np.where(is_now, surface, 0)
    threads = np.where(is_now, thread, -1)
    return Work(*places, cents, requests, weight, threads, np.where(threads < 0, 0, requests))


def kinds(*rows, usual=USUAL, **told):
    pieces = gather(work(*rows, **told), NAMES, START, START + 24, usual)
    return {evidence.kind for evidence in pieces}


@pytest.mark.parametrize(("requests", "found"), [(2, set()), (3, {EvidenceKind.NEW_MODEL})])
def test_a_model_is_new_for_a_member_from_the_third_request_on(requests, found):
    assert kinds((START + 10, 1, 4000.0, requests, requests * 100.0)) == found


@pytest.mark.parametrize(
    ("model", "cents", "found"),
    [
        (1, 4000.0, set()),  # the model itself carried a day
        (2, 4000.0, set()),  # another one did that costs as much
        (2, 8000.0, {EvidenceKind.NEW_MODEL}),
    ],
)
def test_what_carried_a_day_weeks_ago_is_not_new_again(model, cents, found):
    usual = work(days=30)
    carried_at = START - 24 * 31 + 10  # 4 of 304 requests, each at $10
    before = Work(
        *map(np.concatenate, zip(work((carried_at, 1, 4000.0, 4.0, 400.0), days=0), usual, strict=True))
    )
    now = work((START + 10, model, cents, 4.0, 400.0), days=0)
    whole = Work(*map(np.concatenate, zip(before, now, strict=True)))
    pieces = gather(whole, NAMES, START, START + 24, USUAL)
    assert {piece.kind for piece in pieces} == found
    # Nor is a day that was a real problem one that it carried.
    without = replace(USUAL, problem_days=[carried_at // 24])
    (piece,) = gather(whole, NAMES, START, START + 24, without)
    assert piece.kind == EvidenceKind.NEW_MODEL


@pytest.mark.parametrize(
    ("days", "cents_before", "found"),
    [(2, 0, set()), (3, 0, {EvidenceKind.NEW_MODEL}), (2, 800, {EvidenceKind.NEW_MODEL})],
)
def test_no_model_is_new_for_somebody_seen_on_two_days_with_little_spend(days, cents_before, found):
    earlier = (START - 14, 0, cents_before, 10.0, 1000.0)
    assert kinds(earlier, (START + 10, 1, 4000.0, 4, 400.0), days=days) == found


@pytest.mark.parametrize(("cost_lift", "found"), [(1.0, {EvidenceKind.NEW_MODEL}), (4.0, set())])
def test_a_model_to_which_the_whole_team_moves_proves_nothing_about_a_member(cost_lift, found):
    usual = replace(USUAL, cost_lift=cost_lift)
    assert (
        kinds((START + 10, 1, 150.0, 4.0, 400.0), usual=usual) == found
    )  # 38 cents a request, of 10 usually


@pytest.mark.parametrize(("team_cost", "found"), [(37.0, {EvidenceKind.NEW_MODEL}), (38.0, set())])
def test_a_model_that_costs_no_more_a_request_than_the_team_pays_proves_nothing(team_cost, found):
    usual = replace(USUAL, team_cost=team_cost)
    assert kinds((START + 10, 1, 150.0, 4.0, 400.0), usual=usual) == found


@pytest.mark.parametrize(
    ("surface", "requests", "found"),
    [
        (AGENT, 20, {EvidenceKind.ONE_THREAD}),
        (AGENT, 19, set()),
        (BY_HAND, 39, set()),
        (BY_HAND, 40, {EvidenceKind.ONE_THREAD}),
    ],
)
def test_a_run_that_nobody_types_stands_out_with_fewer_requests_than_a_conversation(surface, requests, found):
    row = START + 10, 0, 400.0, requests, 100.0 * requests
    assert kinds(row, surface=surface, thread=7) == found


@pytest.mark.parametrize(("hours", "found"), [(2, set()), (3, {EvidenceKind.CONTEXT})])
def test_a_long_session_goes_on_through_three_hours(hours, found):
    assert kinds(*((START + 10 + hour, 0, 100.0, 5.0, 5000.0) for hour in range(hours))) == found


def test_one_huge_request_among_many_is_no_long_session():
    rows = [(START + 10 + hour, 0, 30.0, 5.0, 500.0) for hour in range(4)]
    assert kinds(*rows, (START + 15, 0, 500.0, 1.0, 50_000.0)) == set()


def test_whole_runs_told_as_one_event_each_are_no_long_session_of_their_owners():
    rows = [(START + 10 + hour, 0, 500.0, 1.0, 20_000.0) for hour in range(4)]
    assert kinds(*rows, surface=BY_HAND) == {EvidenceKind.CONTEXT}
    assert kinds(*rows, surface=AGENT) == set()

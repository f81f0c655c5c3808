"""Evidence in one member's hours: what proves something, and what a single request does not."""

import numpy as np
import pytest

from collector.models import Surface
from detection.frame.evidence import EvidenceKind, UsualContext, Work, WorkNames, gather

START = 480_000  # an hour since 1970 at midnight
NAMES = WorkNames(["auto", "opus", "fable"], [Surface.IDE.value])


def work(*rows, days=10):
    """Rows of (hour, model, cents, requests, tokens), after so many days of ten requests in the morning."""
    usual = [(START - 24 * day + 10, 0, 100.0, 10.0, 1000.0) for day in range(days, 0, -1)]
    table = np.array([*usual, *rows], dtype=float)
    hour, model, cents, requests, weight = table.T
    none = np.full(len(table), -1)
    places = (hour.astype(int), model.astype(int), np.zeros(len(table), dtype=int))
    return Work(*places, cents, requests, weight, none, np.zeros(len(table)))


def kinds(*rows, days=10):
    found = gather(work(*rows, days=days), NAMES, START, START + 24, UsualContext(usual=100.0, most=250.0))
    return {evidence.kind for evidence in found}


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
    pieces = gather(whole, NAMES, START, START + 24, UsualContext(usual=100.0, most=250.0))
    assert {piece.kind for piece in pieces} == found


@pytest.mark.parametrize(
    ("days", "cents_before", "found"),
    [(2, 0, set()), (3, 0, {EvidenceKind.NEW_MODEL}), (2, 800, {EvidenceKind.NEW_MODEL})],
)
def test_no_model_is_new_for_somebody_seen_on_two_days_with_little_spend(days, cents_before, found):
    earlier = (START - 14, 0, cents_before, 10.0, 1000.0)
    assert kinds(earlier, (START + 10, 1, 4000.0, 4, 400.0), days=days) == found


@pytest.mark.parametrize(("hours", "found"), [(2, set()), (3, {EvidenceKind.CONTEXT})])
def test_a_long_session_goes_on_through_three_hours(hours, found):
    assert kinds(*((START + 10 + hour, 0, 100.0, 5.0, 5000.0) for hour in range(hours))) == found


def test_one_huge_request_among_many_is_no_long_session():
    rows = [(START + 10 + hour, 0, 30.0, 5.0, 500.0) for hour in range(4)]
    assert kinds(*rows, (START + 15, 0, 500.0, 1.0, 50_000.0)) == set()

"""Evidence in one member's hours: what proves something, and what a single request does not."""

import numpy as np
import pytest

from collector.models import Surface
from detection.frame.evidence import EvidenceKind, UsualContext, Work, WorkNames, gather

START = 480_000  # an hour since 1970 at midnight
NAMES = WorkNames(["auto", "opus"], [Surface.IDE.value])


def work(*rows):
    """Rows of (hour, model, cents, requests, tokens), after ten days of ten requests in the morning."""
    usual = [(START - 24 * day + 10, 0, 100.0, 10.0, 1000.0) for day in range(10, 0, -1)]
    table = np.array([*usual, *rows], dtype=float)
    hour, model, cents, requests, weight = table.T
    none = np.full(len(table), -1)
    places = (hour.astype(int), model.astype(int), np.zeros(len(table), dtype=int))
    return Work(*places, cents, requests, weight, none, np.zeros(len(table)))


def kinds(*rows):
    found = gather(work(*rows), NAMES, START, START + 24, UsualContext(usual=100.0, most=250.0))
    return {evidence.kind for evidence in found}


@pytest.mark.parametrize(("requests", "found"), [(2, set()), (3, {EvidenceKind.NEW_MODEL})])
def test_a_model_is_new_for_a_member_from_the_third_request_on(requests, found):
    assert kinds((START + 10, 1, 4000.0, requests, requests * 100.0)) == found


@pytest.mark.parametrize(("hours", "found"), [(2, set()), (3, {EvidenceKind.CONTEXT})])
def test_a_long_session_goes_on_through_three_hours(hours, found):
    assert kinds(*((START + 10 + hour, 0, 100.0, 5.0, 5000.0) for hour in range(hours))) == found


def test_one_huge_request_among_many_is_no_long_session():
    rows = [(START + 10 + hour, 0, 30.0, 5.0, 500.0) for hour in range(4)]
    assert kinds(*rows, (START + 15, 0, 500.0, 1.0, 50_000.0)) == set()

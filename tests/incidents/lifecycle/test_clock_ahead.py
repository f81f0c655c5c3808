"""A run of a machine whose clock was wrong must not decide about later ones."""

from __future__ import annotations

import pytest

from incidents.lifecycle import take_in
from tests.incidents.factories import HOUR, NOON, clear, make_anomaly, run_at

pytestmark = pytest.mark.django_db


def test_an_incident_seen_by_a_clock_that_ran_days_ahead_resolves_itself_all_the_same():
    anomaly = make_anomaly()
    take_in(run_at(NOON + 50 * HOUR), NOON + 50 * HOUR)
    clear(anomaly, NOON + HOUR)
    hours = (NOON + HOUR, NOON + HOUR, NOON + 2 * HOUR)  # one of them twice
    assert [take_in(run_at(now), now).resolved for now in hours] == [0, 0, 1]

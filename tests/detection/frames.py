"""Frames made by hand: dollars per member and day, and per hour of the last ones."""

from datetime import UTC, datetime, timedelta

import numpy as np

from detection.frame.frame import HOURS, Cycle, Frame, Measures, Past

AS_OF = datetime(2026, 3, 17, 15, 0, tzinfo=UTC)  # a Tuesday
DAYS = 44


def measures(dollars, requests=None):
    dollars = np.asarray(dollars, dtype=float)
    requests = (dollars > 0) * 10.0 if requests is None else np.asarray(requests, dtype=float)
    tokens_worth = dollars * 1000  # always the same price, whatever the tests say of requests
    nothing = np.zeros_like(dollars)
    return Measures(dollars * 100, requests, requests * 1000, tokens_worth, nothing, nothing)


def make_frame(days, hours=None, *, day_requests=None, hour_requests=None, as_of=AS_OF, cycle_dollars=None):
    """`days`: a row of dollars per member, the last column yesterday; `hours`: the same for the hours
    before `as_of`."""
    members = len(days)
    days = padded(days, DAYS)
    day_requests = None if day_requests is None else padded(day_requests, DAYS)
    hours = padded([[]] * members if hours is None else hours, HOURS)
    hour_requests = None if hour_requests is None else padded(hour_requests, HOURS)
    last_hours = measures(hours, hour_requests)
    cycle = None
    if cycle_dollars is not None:
        cents = np.asarray(cycle_dollars, dtype=float) * 100
        start_at = as_of - timedelta(days=10)
        cycle = Cycle(start_at, start_at + timedelta(days=30), cents, cents / 2, cents.sum())
    return Frame(
        as_of=as_of,
        member_ids=np.arange(1, members + 1),
        past=Past(measures(days, day_requests)),
        hours=last_hours,
        cycle=cycle,
    )


def padded(rows, width):
    """Rows of any length, each filled up with zeros in front."""
    return np.array([[0.0] * (width - len(row)) + list(row) for row in rows]).reshape(len(rows), width)


def steady(dollars, days=30):
    """The same dollars on each of so many days before yesterday."""
    return [dollars] * days + [0, 0]


def last_hour(*dollars):
    """Each member's dollars, all spent in the hour before the frame."""
    return [[amount] for amount in dollars]

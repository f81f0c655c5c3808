"""How alerts are compared with true incidents."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from detection.scoring.marks import mark
from detection.scoring.rival import RivalAlert
from sandbox.company import Label

ONSET = datetime(2026, 2, 10, 9, tzinfo=UTC)


def label(email="ana@example.com", dollars=100, kind="runaway_agent"):
    return Label(email, kind, ONSET, ONSET + timedelta(hours=5), Decimal(dollars * 100), "")


def alert(hours, email="ana@example.com", lasts=10):
    detected_at = ONSET + timedelta(hours=hours)
    return RivalAlert(email, detected_at, detected_at + timedelta(hours=lasts))


def marks(alerts, labels):
    return mark(alerts, labels, members=100, days=30)


def test_an_alert_within_a_day_of_the_end_finds_it_and_a_later_one_is_false():
    found = marks([alert(5 + 24)], [label()])
    late = marks([alert(5 + 24.1)], [label()])
    assert (found.recall, found.true, found.median_hours) == (1, 1, 29)
    assert (late.recall, late.false, late.false_per_100_members_month) == (0, 1, 1)


def test_a_second_alert_about_the_same_incident_is_a_repeat():
    twice = marks([alert(1), alert(12)], [label()])
    assert (twice.true, twice.repeats, twice.false, twice.hours) == (1, 1, 0, [1])


def test_an_alert_about_somebody_else_is_false():
    assert marks([alert(1, "ben@example.com")], [label()]).false == 1


def test_incidents_under_forty_dollars_are_not_asked_for_but_finding_them_is_not_false():
    small = marks([alert(1)], [label(dollars=39)])
    assert (small.false, small.precision, small.kinds()) == (0, 1, [])


def test_dollars_caught_are_those_of_what_was_found():
    two = marks([alert(1)], [label(dollars=300), label("ben@example.com", 100)])
    assert (two.recall, two.dollars_caught) == (0.5, 0.75)


def test_where_nothing_was_to_be_found_there_is_no_recall():
    quiet, cried, missed = marks([], []), marks([alert(1)], []), marks([], [label()])
    assert (quiet.recall, quiet.precision, quiet.f1, quiet.dollars_caught) == (None, None, None, None)
    assert (cried.recall, cried.precision, cried.f1) == (None, 0, None)
    assert (missed.recall, missed.precision, missed.f1, missed.dollars_caught) == (0, None, 0, 0)

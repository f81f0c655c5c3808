"""Incidents by chance, for scoring; and what is more than usual without being one."""

from collections import defaultdict
from datetime import date, timedelta
from decimal import Decimal

import numpy as np
import pytest

from sandbox import Company, build_company
from sandbox.company.days import Calendar
from sandbox.company.instants import to_ms
from sandbox.company.members import Employee, MemberKind

from .conftest import NOW

FIRST = date(2026, 3, 2)


def scored(**overrides) -> Company:
    wanted = {"members": 120, "days": 60, "seed": 5, "now": NOW, "has_stories": False}
    return build_company(**wanted | {"incidents_per_100_members_month": 10} | overrides)


@pytest.fixture(scope="module")
def company() -> Company:
    return scored()


def test_incidents_come_at_about_the_asked_rate(company):
    """Twelve a month among 120 people, over the 48 days after the settling: about nineteen."""
    assert 8 <= len(company.labels) <= 28
    assert len({label.kind for label in company.labels}) >= 4
    assert build_company(members=20, days=20, seed=1, now=NOW, has_stories=False).labels == ()


def test_every_incident_is_material_and_begins_after_ordinary_weeks(company):
    by_end = company.labels_at(company.until)
    whole = [label for label in by_end if label.ended_at < company.until - timedelta(days=1)]
    assert min(label.extra_cents for label in whole) >= 4_000
    assert max(label.extra_cents for label in whole) >= 20_000
    assert min(label.onset_at for label in whole).date() >= company.first_day + timedelta(days=12)


def test_labels_add_up_to_what_the_incidents_added(company):
    plain = scored(incidents_per_100_members_month=0)
    added = int(company.events.charged_micro.sum()) - int(plain.events.charged_micro.sum())
    assert sum(label.extra_cents for label in company.labels_at(company.until)) == Decimal(added) / 1_000_000


def test_nobody_has_two_incidents_within_days(company):
    spans = defaultdict(list)
    for label in company.labels_at(company.until):
        spans[label.email].append((label.onset_at, label.ended_at))
    for own in spans.values():
        for (_, ended), (onset, _) in zip(own, own[1:], strict=False):
            assert onset - ended > timedelta(days=4)


def test_a_further_horizon_leaves_past_incidents_as_they_were(company):
    longer = scored(ahead_days=40)
    assert longer.labels_at(NOW) == company.labels_at(NOW)
    past = company.events.occurred_ms <= to_ms(NOW)
    same = longer.events.occurred_ms <= to_ms(NOW)
    assert np.array_equal(company.events.noise[past], longer.events.noise[same])


def test_a_label_seen_earlier_has_added_less(company):
    label = max(company.labels, key=lambda label: label.ended_at - label.onset_at)
    halfway = label.onset_at + (label.ended_at - label.onset_at) / 2
    early = next(seen for seen in company.labels_at(halfway) if seen.onset_at == label.onset_at)
    assert early.email == label.email
    assert 0 < early.extra_cents < label.extra_cents
    assert early.ended_at <= halfway


# More than usual for a reason


def member(**overrides) -> Employee:
    return Employee(**{"index": 0, "kind": MemberKind.HUMAN, "id": "", "name": "", "email": ""} | overrides)


def test_a_release_lifts_everybody_and_still_the_day_after():
    calendar = Calendar(releases={FIRST})
    assert [calendar.pace(member(), FIRST + timedelta(days=days)) for days in (-1, 0, 1, 2)] == [
        1.0,
        1.9,
        1.3,
        1.0,
    ]


def test_a_sprint_lifts_its_group_only():
    calendar = Calendar(sprints={FIRST: "Security"})
    assert calendar.pace(member(group="Security"), FIRST) == 1.7
    assert calendar.pace(member(group="Data > Analytics"), FIRST) == 1.0
    assert calendar.pace(member(group=None), FIRST) == 1.0


def test_people_back_from_holiday_catch_up_and_newcomers_begin_slowly():
    calendar = Calendar(absences={0: [(FIRST, FIRST + timedelta(days=7))]})
    assert calendar.is_away(0, FIRST) and not calendar.is_away(0, FIRST + timedelta(days=7))
    assert [calendar.pace(member(), FIRST + timedelta(days=days)) for days in (7, 8, 9)] == [1.6, 1.6, 1.0]
    newcomer = member(joined_on=FIRST)
    assert [Calendar().pace(newcomer, FIRST + timedelta(days=days)) for days in (0, 9, 10)] == [0.6, 0.6, 1.0]


def test_a_new_model_is_tried_for_five_days():
    calendar = Calendar(launches={FIRST: 3})
    assert [calendar.novelty(FIRST + timedelta(days=days)) for days in (-1, 0, 4, 5)] == [None, 3, 3, None]

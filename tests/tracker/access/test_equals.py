"""Members who are alike in all that a list shows: where names are hidden, their order tells nothing."""

import re
from datetime import timedelta

import pytest

from collector.base.names import code
from collector.models import DailyActivity
from groups.models import Group
from tests.tracker.access import test_hidden_names as hidden
from tests.tracker.api import company

pytestmark = pytest.mark.django_db

members, team_incident, viewer = hidden.members, hidden.team_incident, hidden.viewer
PSEUDONYM = re.compile(r"member-([a-z2-7]{8})@", re.IGNORECASE)


@pytest.fixture
def people(members):
    group = Group.objects.get()
    members += [hidden.make_member(f"Person {n}", f"person{n}@fifth.example", group) for n in range(6)]
    for number, member in enumerate(members):
        newest = {"client_version": "3.0.0" if number == 5 else "1.0.0"}
        day = company.YESTERDAY - timedelta(days=number == 5)
        DailyActivity.objects.create(member=member, day=day, is_active=True, updated_at=company.NOW, **newest)
    return members


@pytest.mark.parametrize(
    "address",
    [
        f"/days/{company.YESTERDAY}?csv=members",
        "/insights?csv=behind",
        "/insights?csv=plan",
        "/?csv=members",
        "/chargeback?csv=members",
        "/api/stats?days=7",
    ],
)
def test_equals_are_listed_by_pseudonym_alone(people, viewer, address):
    body = hidden.asked(viewer, address).rpartition("dailySpendBreakdown")[2]  # of the others all of it
    listed = list(dict.fromkeys(PSEUDONYM.findall(body)))
    assert len(listed) >= 9
    assert listed == sorted(listed)


def test_those_whom_a_finding_names_are_listed_by_pseudonym_alone(people, viewer, team_incident):
    body = hidden.asked(viewer, f"/incidents/{team_incident.pk}")
    listed = [pseudonym.upper() for pseudonym in dict.fromkeys(PSEUDONYM.findall(body))]
    named = sorted(code(pk) for pk in team_incident.anomalies()[0].operands["member_ids"])
    assert [pseudonym for pseudonym in listed if pseudonym in named] == named

"""Snoozing with one tap, when it ends for the reader, and a verdict that has to be chosen."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest
import time_machine

from tests.incidents.factories import HOUR, NOON, make_incident

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("span", "zone", "until"),
    [
        ("1h", "", datetime(2026, 3, 2, 14, tzinfo=UTC)),
        ("4h", "", datetime(2026, 3, 2, 17, tzinfo=UTC)),
        ("tomorrow", "Europe/Berlin", datetime(2026, 3, 3, 8, tzinfo=UTC)),
        ("tomorrow", "Pacific/Auckland", datetime(2026, 3, 3, 20, tzinfo=UTC)),  # it is the 3rd there already
        ("tomorrow", "Mars/Olympus", datetime(2026, 3, 3, 9, tzinfo=UTC)),
        ("week", "", datetime(2026, 3, 9, 13, tzinfo=UTC)),
    ],
)
def test_one_tap_snoozes_until_a_time_that_counts_for_the_reader(client, span, zone, until):
    incident = make_incident()
    with time_machine.travel(NOON + HOUR, tick=False):
        client.post(f"/incidents/{incident.pk}/snooze", {"span": span, "zone": zone})
    incident.refresh_from_db()
    assert incident.snoozed_until == until


def test_no_verdict_is_given_by_a_form_in_which_nothing_was_chosen(client):
    incident = make_incident()
    page = client.get(f"/incidents/{incident.pk}").content.decode()
    chosen = re.findall(r'<option value="(\w*)" selected>', page[page.index('id="verdict"') :])
    assert chosen[0] == ""
    answer = client.post(f"/incidents/{incident.pk}/verdict", {"verdict": ""}, follow=True)
    assert "Verdict: This field is required." in answer.content.decode()
    incident.refresh_from_db()
    assert incident.verdict == ""

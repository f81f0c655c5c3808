"""What an incident's page lists of its timeline."""

from datetime import timedelta

import pytest

from incidents.models import Origin, TimelineEntry, TimelineStep
from tests.incidents.factories import NOON, make_incident
from tracker.pages.incident import timeline_lines

MINUTE = timedelta(minutes=1)


@pytest.mark.django_db
def test_alerts_of_one_minute_share_a_line_and_other_steps_do_not():
    incident = make_incident()
    steps = [
        (TimelineStep.OPENED, 0, ""),
        (TimelineStep.ALERTED, 0, "Slack"),
        (TimelineStep.ALERTED, 0.5, "E-mail"),
        (TimelineStep.ALERTED, 30, "Slack"),
        (TimelineStep.NOTE, 31, "one"),
        (TimelineStep.NOTE, 31, "two"),
    ]
    entries = [
        TimelineEntry.objects.create(
            incident=incident, step=step, at=NOON + number * MINUTE, text=text, origin=Origin.SYSTEM
        )
        for step, number, text in steps
    ]
    assert [(line.at, line.sentence) for line in timeline_lines(entries)] == [
        (NOON, "Opened"),
        (NOON, "Alert delivered: Slack, E-mail"),
        (NOON + 30 * MINUTE, "Alert delivered: Slack"),
        (NOON + 31 * MINUTE, "Note: one"),
        (NOON + 31 * MINUTE, "Note: two"),
    ]

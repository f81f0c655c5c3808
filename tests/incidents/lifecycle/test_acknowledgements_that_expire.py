"""Acknowledgements that nobody followed up."""

from datetime import timedelta

import pytest

from incidents import lifecycle
from incidents.lifecycle.moves import Actor, write
from incidents.models import IncidentSettings, Notification, Origin, TimelineStep
from tests.incidents.factories import ADA, BOB, HOUR, NOON, make_channel, make_incident

pytestmark = pytest.mark.django_db


def test_an_acknowledgement_that_expires_alerts_again_and_can_be_taken_anew():
    IncidentSettings.objects.create(acknowledgement_hours=8)
    make_channel()
    incident = make_incident()
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON)
    assert lifecycle.expire_acknowledgements(NOON + 8 * HOUR - timedelta(seconds=1)) == 0
    assert lifecycle.expire_acknowledgements(NOON + 8 * HOUR) == 1
    assert lifecycle.expire_acknowledgements(NOON + 8 * HOUR) == 0
    assert Notification.objects.filter(kind="alert").count() == 1
    assert lifecycle.acknowledge(incident, BOB, Origin.PAGE, NOON + 9 * HOUR).won
    assert incident.acknowledged_at == NOON  # the first answer is what MTTI counts
    assert lifecycle.expire_acknowledgements(NOON + 16 * HOUR) == 0
    assert lifecycle.expire_acknowledgements(NOON + 17 * HOUR) == 1


def test_an_acknowledgement_holds_for_ever_unless_the_setting_says_otherwise():
    incident = make_incident()
    lifecycle.acknowledge(incident, ADA, Origin.PAGE, NOON)
    assert lifecycle.expire_acknowledgements(NOON + 9999 * HOUR) == 0


def test_an_acknowledgement_that_was_imported_does_not_expire():
    IncidentSettings.objects.create(acknowledgement_hours=8)
    make_channel()
    incident = make_incident(
        status="acknowledged", acknowledged_at=NOON, acknowledged_by="cursor-usage-tracker"
    )
    write(incident, TimelineStep.ACKNOWLEDGED, "Imported.", NOON, Actor(None, "cursor-usage-tracker"))
    assert lifecycle.expire_acknowledgements(NOON + 99 * HOUR) == 0

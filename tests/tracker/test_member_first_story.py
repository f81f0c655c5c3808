"""A runaway agent: the member is asked and does not answer, the channel follows, and whoever is on call reads
the cause on a phone and acknowledges."""

from __future__ import annotations

from datetime import timedelta

import pytest
import time_machine
from playwright.sync_api import Page

from incidents import times
from incidents.models import Incident, IncidentSettings
from incidents.notifying.outbox import deliver_due
from tests.incidents import conftest as incident_fixtures
from tests.tracker import test_whole_life
from tests.tracker.test_whole_life import NOW
from tracker import pipeline

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

slack = incident_fixtures.slack
company = test_whole_life.company
PHONE = {"width": 390, "height": 844}
MINUTE = timedelta(minutes=1)


@pytest.fixture
def incident(company, slack, settings) -> Incident:
    """The runaway agent's, with the member asked first and the channel half an hour later."""
    settings.SLACK_CHANNEL_ID = "C0MADEUP"
    IncidentSettings.objects.create(
        asks_member_first=True, channels_wait_critical_minutes=30, summary_above=50
    )
    runaway = next(
        label
        for label in company.company.labels
        if label.kind == "runaway_agent" and label.onset_at < NOW < label.ended_at
    )
    slack.emails["U1"] = runaway.email
    pipeline.run(NOW)
    return Incident.objects.get(member__email=runaway.email, cause="spend")


def posted_to(slack, room: str, incident: Incident) -> list[str]:
    """Messages in `room` that name the cause of `incident`."""
    return [str(root["blocks"]) for root in slack.roots if root["channel"] == room and "bc-" in str(root)]


def test_the_member_is_asked_the_channel_follows_and_on_call_acknowledges_on_a_phone(
    incident, slack, page: Page, live_server
):
    (question,) = posted_to(slack, "DU1", incident)
    assert "answer_not_me" in question and "one cloud agent, bc-" in question
    assert not posted_to(slack, "C0MADEUP", incident)

    deliver_due(NOW + 29 * MINUTE)
    assert not posted_to(slack, "C0MADEUP", incident)
    deliver_due(NOW + 31 * MINUTE)
    (alert,) = [
        text for text in posted_to(slack, "C0MADEUP", incident) if f"/incidents/{incident.pk}|" in text
    ]
    assert "one cloud agent, bc-" in alert

    page.set_viewport_size(PHONE)
    with time_machine.travel(NOW + 40 * MINUTE, tick=True):
        page.goto(f"{live_server.url}/incidents/{incident.pk}")
        sentence = page.get_by_text("requests come from one cloud agent, bc-").first
        button = page.get_by_role("button", name="Acknowledge")
        for element in (sentence, button):
            box = element.bounding_box()
            assert box["y"] + box["height"] <= PHONE["height"]
        assert (
            page.get_by_role("link", name="Open the agent in Cursor")
            .get_attribute("href")
            .startswith("https://cursor.com/agents/bc-")
        )
        button.click()
        page.get_by_text("Acknowledged by visitor").first.wait_for()

    incident.refresh_from_db()
    spans = times.times_of(incident)
    assert spans.detect == incident.alerted_at - incident.onset_at
    # The member's message is the first alert. Runs take what the machine takes; no test takes five minutes.
    assert timedelta(0) < incident.alerted_at - NOW < 5 * MINUTE
    assert 40 * MINUTE <= incident.acknowledged_at - NOW < 45 * MINUTE
    assert spans.identify == incident.acknowledged_at - incident.alerted_at

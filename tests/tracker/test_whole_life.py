"""One incident from alert to verdict: a runaway agent in messages, on pages, over the API, in Chromium."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from playwright.sync_api import Page

from incidents.models import Channel, Incident, IncidentSettings
from sandbox import Clock, Sandbox, build_company
from tests.incidents import conftest as incident_fixtures
from tests.tracker.api import conftest as api_fixtures
from tests.tracker.slack_buttons import SECRET, payload, post
from tracker import pipeline

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

slack = incident_fixtures.slack
mailbox = incident_fixtures.mailbox
script = api_fixtures.script


@pytest.fixture
def company(settings) -> Iterator[Sandbox]:
    people = build_company(members=12, days=21, seed=7, now=NOW)
    with Sandbox(people, clock=Clock(NOW), enforces_limits=False) as served:
        settings.CURSOR_API_URL = served.url
        settings.CURSOR_ADMIN_API_KEY = settings.CURSOR_ANALYTICS_API_KEY = served.key
        yield served


@pytest.fixture
def incident(company, slack, mailbox, settings) -> Incident:
    """The runaway agent's, opened and told by the first run."""
    settings.SLACK_CHANNEL_ID, settings.SLACK_SIGNING_SECRET = "C0MADEUP", SECRET
    settings.ALERT_EMAIL_TO = ["oncall@example.com"]
    IncidentSettings.objects.create(summary_above=50)  # one message for each
    pipeline.run(NOW)
    runaway = next(
        label
        for label in company.company.labels
        if label.kind == "runaway_agent" and label.onset_at < NOW < label.ended_at
    )
    found = Incident.objects.get(member__email=runaway.email, cause="spend")
    assert abs(found.onset_at - runaway.onset_at) < timedelta(hours=3)
    return found


def hours_later(company: Sandbox, incident: Incident, hours: float) -> None:
    """Another run so many hours after the first."""
    later = NOW + timedelta(hours=hours)
    company.clock.freeze(later)
    assert all(step.is_ok for step in pipeline.run(later).steps)
    incident.refresh_from_db()


def message_about(slack, incident: Incident) -> str:
    (root,) = [str(root["blocks"]) for root in slack.roots if f"/incidents/{incident.pk}|" in str(root)]
    return root


def test_from_the_first_alert_to_the_last_verdict(
    company,
    incident,
    slack,
    mailbox,
    page: Page,
    live_server,
    script,
    client,
):
    # Told on Slack and by mail, with who, what, how much and since when.
    said = message_about(slack, incident)
    assert incident.member.name in said and incident.member.email in said and incident.model in said
    assert any(incident.member.name in mail["Subject"] for mail in mailbox.mails)
    assert Channel.objects.troubled().count() == 0

    # On the page, in Chromium: acknowledged with one press.
    complaints = []
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    with time_machine.travel(NOW + timedelta(minutes=10), tick=True):
        page.goto(f"{live_server.url}/incidents")
        page.get_by_role("link", name=f"#{incident.pk} {incident.member.name}").click()
        page.get_by_role("button", name="Acknowledge").click()
        page.get_by_text("Acknowledged by visitor.").wait_for()
    incident.refresh_from_db()
    assert (incident.status, incident.acknowledged_by) == ("acknowledged", "visitor")

    # The agent is stopped; two days later nothing holds any more, and the second run without it resolves it.
    for hours in (48, 49):
        hours_later(company, incident, hours)
    assert (incident.status, incident.resolved_by) == ("resolved", "")
    assert "Resolved by itself" in message_about(slack, incident)
    assert any("Resolved: " in mail["Subject"] for mail in mailbox.mails)

    # Over the API: reopened.
    with time_machine.travel(NOW + timedelta(hours=50), tick=True):
        answer = script("responder")("patch", f"/api/incidents/{incident.pk}", {"action": "reopen"})
        assert answer.status_code == 200, answer.content
        # In Slack: expected, by somebody whom the product knows.
        slack.emails["U1"] = incident.member.email
        at = (NOW + timedelta(hours=50)).timestamp()
        assert post(client, payload("expected", str(incident.pk)), sent=at).status_code == 200
    hours_later(company, incident, 51)
    assert (incident.status, incident.verdict) == ("resolved", "expected")
    assert "Resolved by " in message_about(slack, incident) and "(expected)" in message_about(slack, incident)

    # Everything is on the timeline, on the page and in the thread.
    steps = list(incident.timeline.values_list("step", "origin"))
    assert steps[0] == ("opened", "system") and steps[1] == ("alerted", "system")
    for step in (("acknowledged", "page"), ("resolved", "system"), ("reopened", "api"), ("verdict", "slack")):
        assert step in steps
    assert [line for line in slack.thread if line.startswith("Acknowledged by visitor (page)")]
    with time_machine.travel(NOW + timedelta(hours=52), tick=True):
        page.goto(f"{live_server.url}/incidents/{incident.pk}")
        page.get_by_text("Verdict by").wait_for()
        found = script("viewer")("get", "/api/anomalies?days=7").json()["incidents"]
    (row,) = [row for row in found if row["id"] == incident.pk]
    assert (row["status"], row["verdict"]) == ("resolved", "expected")
    assert complaints == []

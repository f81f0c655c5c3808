"""The incidents pages in Chromium: widths, themes, keyboard, and nothing for axe to find."""

from __future__ import annotations

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe

from incidents import lifecycle
from incidents.actions.answer_links import answer_path
from incidents.models import Incident, IncidentAnomaly
from tests.incidents.factories import (
    ADA,
    HOUR,
    NOON,
    make_anomaly,
    make_channel,
    make_incident,
    make_member,
    make_runaway,
)
from tests.tracker.pages.screen import settled

pytestmark = pytest.mark.django_db(transaction=True)
WCAG = {"resultTypes": ["violations"], "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def site(live_server):
    """One open incident and one resolved, a failing channel among others."""
    make_channel(last_error="Slack answered invalid_auth: the token is not valid.", last_error_at=NOON)
    for email in ("carl@example.com", "dora@example.com"):
        member = make_member(email)
        make_runaway(member, NOON - 3 * HOUR)
        incident = make_incident(member)
        IncidentAnomaly.objects.create(incident=incident, anomaly=make_anomaly(member), joined_at=NOON)
    lifecycle.resolve(incident, ADA, "page", NOON, "limit lowered")
    with time_machine.travel(NOON + HOUR, tick=True):
        yield live_server.url


@pytest.mark.slow
def test_the_pages_fit_every_width_in_both_themes_and_axe_finds_nothing(page, site):
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    paths = ["/incidents", *(f"/incidents/{incident.pk}" for incident in Incident.objects.all())]
    for width, theme in ((390, "light"), (1600, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        for path in paths:
            page.goto(site + path)
            settled(page)
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            found = Axe().run(page, options=WCAG).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:150]) for rule in found] == [], (path, theme)
    assert complaints == []


def test_ticked_incidents_are_resolved_by_keyboard(page, site):
    page.goto(f"{site}/incidents?status=unresolved")
    page.get_by_label("Select #").first.press("Space")
    page.get_by_role("button", name="Resolve selected").press("Enter")
    page.get_by_text("1 incident resolved.").wait_for()
    assert Incident.objects.unresolved().count() == 0
    assert "status=unresolved" in page.url


def test_on_a_phone_acknowledge_is_on_the_first_screen_and_a_snooze_takes_one_tap(page, site):
    incident = Incident.objects.unresolved().get()
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(f"{site}/incidents")
    flags = page.locator("#table-incidents tbody .badge:visible")
    assert flags.count() == 4  # status and severity of both incidents, without scrolling sideways
    assert all(flag.bounding_box()["x"] + flag.bounding_box()["width"] <= 390 for flag in flags.all())
    page.goto(f"{site}/incidents/{incident.pk}")
    button = page.get_by_role("button", name="Acknowledge")
    box = button.bounding_box()
    assert box["y"] + box["height"] <= 844
    button.click()
    page.get_by_text("Acknowledged by visitor").first.wait_for()
    page.get_by_role("button", name="4 hours").click()
    page.get_by_text("Snoozed until").first.wait_for()
    incident.refresh_from_db()
    assert (incident.status, (incident.snoozed_until - NOON - HOUR).seconds // 60) == ("acknowledged", 4 * 60)


def test_the_member_answers_by_the_link_of_a_mail(page, site):
    incident = Incident.objects.unresolved().get()
    question = incident.timeline.create(step="opened", at=NOON, severity="critical")
    page.goto(site + answer_path(question.pk, incident.member_id))
    page.get_by_role("button", name="I stopped it").click()
    page.get_by_text("Thank you").wait_for()
    assert incident.timeline.last().sentence.startswith("Answered by Carl (e-mail)")


def test_tomorrow_morning_is_that_of_the_browsers_time_zone(browser, site):
    incident = Incident.objects.unresolved().get()
    context = browser.new_context(timezone_id="America/Sao_Paulo")
    page = context.new_page()
    page.goto(f"{site}/incidents/{incident.pk}")
    page.get_by_role("button", name="Until tomorrow 9:00").click()
    page.get_by_text("Snoozed until").first.wait_for()
    context.close()
    incident.refresh_from_db()
    assert incident.snoozed_until.isoformat() == "2026-03-03T12:00:00+00:00"


def test_the_message_to_the_member_can_be_copied(page, site):
    incident = Incident.objects.unresolved().get()
    page.goto(f"{site}/incidents/{incident.pk}")
    page.get_by_text("Message to copy").click()
    text = page.locator(".copy-text").inner_text()
    assert text.startswith(
        "Hi Carl, you spent $412 in 24 h, 8.2x the usual $50. 20 of 24 requests come from one"
    )
    page.get_by_role("button", name="Copy").click()
    page.get_by_role("button", name="Selected: press Ctrl-C").or_(
        page.get_by_role("button", name="Copied")
    ).wait_for()

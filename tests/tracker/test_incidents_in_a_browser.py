"""The incidents pages in Chromium: widths, themes, keyboard, and nothing for axe to find."""

from __future__ import annotations

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe

from incidents import lifecycle
from incidents.models import Incident, IncidentAnomaly
from tests.incidents.factories import (
    ADA,
    HOUR,
    NOON,
    make_anomaly,
    make_channel,
    make_incident,
    make_member,
)

pytestmark = pytest.mark.django_db(transaction=True)
WCAG = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


@pytest.fixture
def site(live_server):
    """One open incident and one resolved, a failing channel among others."""
    make_channel(last_error="Slack said invalid_auth: the token is not valid.", last_error_at=NOON)
    for email in ("carl@example.com", "dora@example.com"):
        member = make_member(email)
        incident = make_incident(member)
        IncidentAnomaly.objects.create(incident=incident, anomaly=make_anomaly(member), joined_at=NOON)
    lifecycle.resolve(incident, ADA, "page", NOON, "limit lowered")
    with time_machine.travel(NOON + HOUR, tick=True):
        yield live_server.url


def test_the_pages_fit_every_width_in_both_themes_and_axe_finds_nothing(page, site):
    complaints = []
    page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    paths = ["/incidents", *(f"/incidents/{incident.pk}" for incident in Incident.objects.all())]
    for width, theme in ((390, "light"), (1600, "dark")):
        page.set_viewport_size({"width": width, "height": 900})
        page.emulate_media(color_scheme=theme)
        for path in paths:
            page.goto(site + path, wait_until="networkidle")
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            found = Axe().run(page, options=WCAG).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:150]) for rule in found] == [], (path, theme)
    assert complaints == []


def test_ticked_incidents_are_resolved_by_keyboard(page, site):
    page.goto(f"{site}/incidents?status=unresolved")
    page.get_by_label("Select #").first.press("Space")
    page.get_by_role("button", name="Resolve the ticked").press("Enter")
    page.get_by_text("1 incident resolved.").wait_for()
    assert Incident.objects.unresolved().count() == 0
    assert "status=unresolved" in page.url

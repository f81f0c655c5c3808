"""A runaway agent is capped for a day from a phone: member, channel, cap, and the former limit."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as site_settings
from django.contrib.auth.models import User
from django.test import Client
from playwright.sync_api import Page

from collector.cursor.limits import Limiter
from collector.models import MemberModelDay
from incidents.models import Incident, IncidentSettings, LimitChange
from incidents.notifying.outbox import deliver_due
from incidents.times import summary
from sandbox import Clock, Sandbox, build_company
from tests.incidents import conftest as incident_fixtures
from tests.tracker.test_incidents_in_a_browser import WCAG
from tracker import pipeline

NOW = datetime(2026, 9, 16, 15, 4, 30, tzinfo=UTC)
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]
slack = incident_fixtures.slack


@pytest.fixture
def company(settings, monkeypatch) -> Iterator[Sandbox]:
    # Hours pass between the runs, but to the limiter's clock only seconds: it would wait for a minute.
    monkeypatch.setattr(Limiter, "wait", lambda limiter, path: None)
    people = build_company(members=12, days=21, seed=7, now=NOW)
    with Sandbox(people, clock=Clock(NOW), enforces_limits=False) as served:
        settings.CURSOR_API_URL, settings.CURSOR_LIMITS = served.url, "write"
        settings.CURSOR_ADMIN_API_KEY = settings.CURSOR_ANALYTICS_API_KEY = served.key
        yield served


@pytest.fixture
def incident(company, slack, settings) -> Incident:
    """The runaway's. The member is asked first; the channel waits for 20 minutes."""
    settings.SLACK_CHANNEL_ID = "C0MADEUP"
    IncidentSettings.objects.create(
        summary_above=50,
        asks_member_first=True,
        channels_wait_warning_minutes=20,
        channels_wait_critical_minutes=20,
    )
    running = [label for label in company.company.labels if label.onset_at < NOW < label.ended_at]
    label = next(label for label in running if label.kind == "runaway_agent")
    slack.emails["U1"] = label.email
    pipeline.run(NOW)
    return Incident.objects.select_related("member").get(member__email=label.email, cause="spend")


@pytest.fixture
def phone(page: Page, live_server) -> Page:
    """An administrator's, signed in."""
    boss = User.objects.create_superuser("boss", "boss@acme.example", "made-up")
    client = Client()
    client.force_login(boss, backend="django.contrib.auth.backends.ModelBackend")
    cookie = client.cookies[site_settings.SESSION_COOKIE_NAME].value
    page.context.add_cookies(
        [{"name": site_settings.SESSION_COOKIE_NAME, "value": cookie, "url": live_server.url}]
    )
    page.set_viewport_size({"width": 390, "height": 844})
    return page


def posts_about(slack, incident: Incident) -> list[str]:
    """Where messages about the incident were posted, in order."""
    link = f"/incidents/{incident.pk}|"  # the member's message has no link: it asks
    return [root["channel"] for root in slack.roots if root["channel"] == "DU1" or link in str(root)]


def spent_dollars(incident: Incident) -> float:
    rows = MemberModelDay.objects.filter(member=incident.member, day__gte="2026-09-15")
    return float(rows.spend()["total_cents"]) / 100


def check_page(page: Page) -> None:
    page.wait_for_load_state()  # after a click the new page may not have its styles yet
    assert page.evaluate("document.documentElement.scrollWidth") <= 390, page.url
    found = Axe().run(page, options=WCAG).response["violations"]
    assert [(rule["id"], rule["nodes"][0]["html"][:150]) for rule in found] == [], page.url


def test_a_runaway_is_capped_for_a_day_from_a_phone(company, incident, slack, phone: Page, live_server):
    # The member hears at once and does not answer; the channel hears after twenty minutes.
    assert posts_about(slack, incident) == ["DU1"]
    deliver_due(NOW + 19 * MINUTE)
    assert posts_about(slack, incident) == ["DU1"]
    deliver_due(NOW + 20 * MINUTE)
    assert posts_about(slack, incident) == ["DU1", "C0MADEUP"]

    # On a phone: acknowledge, read the cause, cap for a day.
    company.clock.freeze(NOW + 30 * MINUTE)
    with time_machine.travel(NOW + 30 * MINUTE, tick=True):
        phone.goto(f"{live_server.url}/incidents/{incident.pk}")
        phone.get_by_role("button", name="Acknowledge").click()
        phone.get_by_text("Acknowledged by boss").first.wait_for()
        phone.get_by_role("link", name="Set, raise or lift the limit").click()
        phone.wait_for_url("**/limit?*")
        check_page(phone)
        cap = int(spent_dollars(incident)) + 60
        phone.get_by_label("US dollars per billing cycle").fill(str(cap))
        phone.get_by_label("Until (UTC, optional)").fill("2026-09-17T15:35")
        phone.get_by_label("Reason").fill("Runaway agent")
        phone.get_by_role("button", name="Continue").click()
        phone.get_by_role("heading", name="Confirm").wait_for()
        check_page(phone)
        phone.get_by_role("button", name="Change the limit in Cursor").click()
        phone.get_by_text(f"The limit is set. In force now: ${cap:,}.00.").wait_for()
        phone.get_by_text(f"from no limit to ${cap:,} until").wait_for()
        phone.goto(f"{live_server.url}/limits")
        check_page(phone)

    # The agent would have gone on for two and a half hours: its spend stops at the cap.
    company.clock.freeze(NOW + 8 * HOUR)
    pipeline.run(NOW + 8 * HOUR)
    one_request = 10  # dollars at most; the request that crosses the cap is still served
    assert cap <= spent_dollars(incident) <= cap + one_request

    # The next day the former limit is back, and the incident resolves itself.
    for hours in (25, 48, 49):
        company.clock.freeze(NOW + hours * HOUR)
        pipeline.run(NOW + hours * HOUR)
    employee = next(m for m in company.company.members if m.email == incident.member.email)
    assert company.api.spend_limits.own(employee) is None
    changes = LimitChange.objects.order_by("pk").values_list("kind", "status", "to_dollars")
    assert list(changes) == [("person", "done", cap), ("restore", "done", None)]
    incident.refresh_from_db()
    assert incident.status == "resolved"

    # How fast: alerted with the member's message, acknowledged after half an hour, resolved by itself.
    times = summary([incident])
    assert times.mttd.mean == incident.alerted_at - incident.began_at
    assert abs(incident.alerted_at - NOW) < MINUTE
    assert 29 * MINUTE < times.mtti.mean < 32 * MINUTE
    assert times.mttr.mean == incident.resolved_at - incident.detected_at
    assert times.mttr_automatic.n == 1

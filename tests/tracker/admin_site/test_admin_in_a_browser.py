"""The admin's own pages in Chromium: on a phone, in the dark, by keyboard, and nothing for axe to find."""

from __future__ import annotations

import io
from datetime import UTC, datetime

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.contrib import admin
from django_q.models import Task
from playwright.sync_api import expect

from collector.models import SourceRun
from detection.models import DetectionSettings, Exemption
from groups.imports.apply import upload
from groups.models import CycleBudget, Group
from incidents import lifecycle
from incidents.models import Channel
from tests.groups.factories import make_group
from tests.incidents.factories import make_anomaly, make_member, run_at
from tests.tracker.pages.screen import settled
from tests.tracker.pages.test_looks_in_a_browser import RULES
from tracker.admin_site import board
from tracker.layout import ADMIN, PAGES
from tracker.models import ApiToken

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
NOW = datetime(2026, 3, 12, 10, 0, tzinfo=UTC)
FORMS = [
    "/admin/detection/detectionsettings/",
    "/admin/incidents/incidentsettings/",
    "/admin/incidents/channel/add/",
    "/admin/tracker/accesssettings/",
    "/admin/tracker/apitoken/add/",
    "/admin/auth/user/add/",
    "/admin/groups/group/add/",
    "/admin/groups/groupimport/add/",
    "/admin/detection/exemption/add/",
    "/admin/groups/cyclebudget/add/",
]

HISTORY = "/admin/detection/detectionsettings/1/history/"
IN_THE_DARK = ["/admin/", HISTORY, "/admin/collector/sourcerun/", "/admin/incidents/channel/add/"]


@pytest.fixture
def some_rows(boss) -> None:
    Channel.objects.create(
        name="ops", kind="webhook", target="http://127.0.0.1:1/x", last_error="No answer: look"
    )
    for source in ("events", "spend"):
        SourceRun.objects.create(
            source=source,
            status="failed",
            started_at=NOW,
            finished_at=NOW,
            window_start_at=NOW.replace(hour=1),
            window_end_at=NOW,
            error="POST /teams/filtered-usage-events: it answered 503 three times, the last after 30 s",
        )
    member = make_member("ann@company.com", first_seen_at=NOW, last_seen_at=NOW)
    CycleBudget.objects.create(member=member, amount_dollars=50)
    make_anomaly(member=member)
    lifecycle.take_in(run_at(NOW), NOW)
    file = io.BytesIO(b"Email,Group,Team\nann@company.com,Eng,Web\nghost@x.io,A,B\nghost@x.io,A,C\n")
    upload("hibob", file, name="people.csv", from_day=NOW.date(), by="boss", now=NOW)
    settings = DetectionSettings.get_solo()
    settings.floor_dollars = 80
    settings.save()


def lists() -> list[str]:
    """The front page and the list of every table on the board."""
    listed = {entry.model for section in board.SECTIONS for entry in section.entries}
    labels = [model._meta.label for model in admin.site._registry if model._meta.label in listed]
    return ["/admin/", *(f"/admin/{label.lower().replace('.', '/')}/" for label in labels)]


def rows() -> list[str]:
    """The form of one row of every table that has one."""
    found = filter(None, (model._default_manager.first() for model in admin.site._registry))
    return [f"/admin/{row._meta.label_lower.replace('.', '/')}/{row.pk}/change/" for row in found]


def cut_off(page) -> list[str]:
    """What scrolls sideways inside the page: only lines to copy may."""
    return page.evaluate(
        """[...document.querySelectorAll("main *")]
            .filter((e) => ["auto", "scroll"].includes(getComputedStyle(e).overflowX))
            .filter((e) => e.scrollWidth > e.clientWidth + 1 && e.tagName !== "PRE")
            .map((e) => `${e.tagName} ${e.className}: ${e.scrollWidth} px in ${e.clientWidth}`)"""
    )


def found_by_axe(page) -> list[str]:
    found = Axe().run(page, options=RULES).response["violations"]
    return [f"{v['id']}: {n['html'][:160]}" for v in found for n in v["nodes"]]


@pytest.mark.slow
def test_every_page_fits_a_phone_and_pleases_axe_in_both_themes(visit_admin, some_rows):
    page, complaints = visit_admin("/admin/", width=390)
    base = page.url.removesuffix("/admin/")
    wrong: list[str] = []
    for path in [*lists(), *FORMS, *rows(), HISTORY]:
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.goto(base + path).status == 200, path
        page.emulate_media(color_scheme="light")
        problems = found_by_axe(page)
        if (width := page.evaluate("document.documentElement.scrollWidth")) > 390:
            problems.append(f"{width} px wide")
        problems += cut_off(page)
        if path in IN_THE_DARK:
            page.emulate_media(color_scheme="dark")
            problems += [f"dark {text}" for text in found_by_axe(page)]
        wrong += [f"{path}: {text}" for text in problems]
    assert not wrong, "\n".join(wrong)
    assert complaints == []


def test_the_bar_of_an_administrator_shows_all_its_links_on_a_phone(visit_admin):
    page, _ = visit_admin("/admin/", width=390)
    page.get_by_role("button", name="Menu").click()
    links = page.locator(".main-nav a")
    assert links.count() == len(PAGES) + len(ADMIN)
    for link in links.all():
        box = link.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["height"] >= 24
    assert page.evaluate("document.querySelector('.main-nav').scrollWidth <= innerWidth")


def test_collecting_now_shows_how_it_stands_until_it_is_done(visit_admin):
    page, complaints = visit_admin("/admin/collector/sourcerun/", width=390)
    page.get_by_role("button", name="Collect now").click()
    expect(page.get_by_text("Waiting for the worker")).to_be_visible()
    asks = page.locator("[hx-get*='/collecting/']").get_attribute("hx-get")
    task = asks.partition("/collecting/")[2].partition("/")[0]
    result = {"success": True, "result": "7 new rows, 0 changed, 3 requests"}
    Task.objects.create(id=task, name="n", func="f", started=NOW, stopped=NOW, **result)
    expect(page.get_by_text("7 new rows")).to_be_visible()
    assert found_by_axe(page) == []
    page.get_by_role("link", name="Show its runs").click()
    assert complaints == []


@pytest.mark.parametrize(
    ("path", "fields", "choices", "table"),
    [
        ("detection/exemption", {}, ["member", "cause", "kind"], Exemption),
        ("groups/cyclebudget", {"amount_dollars": "80"}, ["group"], CycleBudget),
        ("tracker/apitoken", {"name": "export"}, [], ApiToken),
    ],
)
def test_a_double_click_sends_a_form_once(visit_admin, path, fields, choices, table):
    make_member("ann@company.com", first_seen_at=NOW, last_seen_at=NOW)
    make_group("Web")
    page, complaints = visit_admin(f"/admin/{path}/add/")
    for name, value in fields.items():
        page.locator(f"#id_{name}").fill(value)
    for name in choices:
        page.locator(f"#id_{name}").select_option(index=1)
    page.get_by_role("button", name="Save", exact=True).dblclick(
        delay=40
    )  # milliseconds a press, as a hand does
    page.wait_for_url(lambda url: not url.endswith("/add/"))
    settled(page)
    assert (table.objects.count(), page.locator(".tone-critical, .errornote").count()) == (1, 0)
    assert complaints == []


def test_a_form_that_was_sent_can_be_sent_again_after_coming_back(visit_admin):
    page, _ = visit_admin("/admin/groups/group/add/")
    for name in ("Web", "Mobile"):
        page.locator("#id_name").fill(name)
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**/admin/groups/group/")
        page.go_back()
        page.wait_for_url("**/add/")
    assert Group.objects.count() == 2

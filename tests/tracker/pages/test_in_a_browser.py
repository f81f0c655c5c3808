"""The pages in Chromium: every width and theme, by keyboard, under the policy, nothing for axe to find."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
import time_machine
from axe_playwright_python.sync_playwright import Axe
from django.core.cache import cache

from incidents.models import Incident
from tests.tracker.pages import company

pytestmark = pytest.mark.django_db(transaction=True)

MEMBER = "/users/ana.novak@acme.example"
INCIDENT = "/incidents/1001"
PAGES = [
    "/",
    "/insights",
    MEMBER,
    "/incidents",
    INCIDENT,
    "/settings",
    "/chargeback",
    "/users/nobody@acme.example",
]
INJECT = """
const script = document.createElement("script");
script.textContent = "window.injected = 1";
document.head.append(script);
"""
INKED = """canvas => {
    const blank = document.createElement("canvas");
    [blank.width, blank.height] = [canvas.width, canvas.height];
    return canvas.toDataURL() !== blank.toDataURL();
}"""
OPEN_EACH_HELP = """async () => {
    const found = [];
    for (const help of document.querySelectorAll("details.help")) {
        help.scrollIntoView({block: "center"});
        help.open = true;
        await new Promise((done) => setTimeout(done, 30));
        const {left, right, top, bottom} = help.querySelector("p").getBoundingClientRect();
        const scrolled = document.documentElement.scrollWidth;
        found.push({said: help.textContent, left, right, top, bottom, scrolled});
        help.open = false;
    }
    return found;
}"""
RULES = {
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"landmark-unique": {"enabled": True}},
}


@pytest.fixture
def site(live_server) -> Iterator[str]:
    """The company, served with its clock at `company.NOW`."""
    cache.clear()
    company.build()
    make_incident()
    with time_machine.travel(company.NOW, tick=True):
        yield live_server.url


def make_incident() -> None:
    Incident.objects.create(
        pk=int(INCIDENT.rpartition("/")[2]),
        member=company.Member.objects.get(email="ana.novak@acme.example"),
        cause="spend",
        severity="critical",
        message="Ana Novak spent $420.00 in 24 h, 6.1 times their own average.",
        detected_at=company.NOW,
        onset_at=company.NOW,
        last_run_at=company.NOW,
    )


@pytest.fixture
def visit(browser, site):
    """A function that opens an address in a given width and theme and returns the page and its complaints."""
    contexts = []

    def do(path: str, width: int = 1024, theme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        contexts.append(context)
        page, complaints = context.new_page(), []
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(site + path, wait_until="networkidle")
        return page, complaints

    yield do
    for context in contexts:
        context.close()


def test_every_page_fits_every_width_without_a_complaint(visit):
    for path in PAGES:
        page, complaints = visit(path)
        for width in (390, 1024, 1440, 1600):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert [text for text in complaints if "status of 40" not in text] == [], path
        page.context.close()


def test_on_a_laptop_the_members_take_the_page_and_show_every_column(visit, many):
    page, _ = visit("/", width=1440)
    frame = page.locator("#table-members > .table-frame")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
    assert frame.evaluate("frame => getComputedStyle(frame).overflowY") == "visible"
    page.locator("#table-members tbody tr").nth(25).evaluate("row => row.scrollIntoView({block: 'center'})")
    bar = page.locator(".bar").bounding_box()
    head = page.locator("#table-members thead th").first.bounding_box()
    assert head["y"] == pytest.approx(bar["height"], abs=2)


def test_on_a_phone_the_name_stays_and_the_spend_is_seen(visit):
    page, _ = visit("/", width=390)
    frame = page.locator("#table-members > .table-frame")
    assert frame.evaluate("frame => frame.scrollHeight <= frame.clientHeight")
    spend = page.locator("#table-members tbody td").first.bounding_box()
    assert spend["x"] + spend["width"] < 390
    name = page.locator("#table-members tbody th").first
    before = name.bounding_box()["x"]
    frame.evaluate("frame => frame.scrollLeft = 300")
    assert name.bounding_box()["x"] == pytest.approx(before, abs=1)


def test_on_a_phone_no_first_column_is_broken_into_letters(visit):
    for path in ("/", "/insights", MEMBER, "/settings"):
        page, _ = visit(path, width=390)
        for head in page.locator(".scrolls tbody th").all():
            assert head.bounding_box()["width"] >= 140, (path, head.inner_text())
        page.context.close()


def test_every_help_text_opens_within_the_screen(visit):
    for path in ("/", "/insights", MEMBER, "/incidents"):
        page, _ = visit(path)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for found in page.evaluate(OPEN_EACH_HELP):
                assert found["left"] >= 0 and found["right"] <= width, (path, found)
                assert found["top"] >= 0 and found["bottom"] <= 900, (path, found)
                assert found["scrolled"] <= width, (path, found)
        page.context.close()


def test_the_overview_prints_whole_and_light_from_a_dark_screen(visit, many):
    page, complaints = visit("/", theme="dark")
    before = page.locator("canvas.js-chart").first.evaluate("c => c.toDataURL()")
    page.emulate_media(media="print", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    expect_drawn(page)
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    frame = page.locator("#table-members > .table-frame")
    assert frame.evaluate("f => f.scrollWidth <= f.clientWidth && f.scrollHeight <= f.clientHeight")
    panel, chart = (page.locator(css).first.bounding_box() for css in (".grid > .panel", "canvas.js-chart"))
    assert panel["width"] * 0.9 < chart["width"] <= panel["width"] < 960
    page.emulate_media(media="screen", color_scheme="dark")
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    assert page.locator("canvas.js-chart").first.evaluate("c => c.toDataURL()") == before
    assert complaints == []


def test_the_members_are_one_step_away_by_keyboard(visit):
    page, _ = visit("/")
    page.get_by_role("link", name="Skip to members").press("Enter")
    assert page.evaluate("document.activeElement.id") == "members"


def test_axe_finds_nothing_in_either_theme(visit):
    for path in PAGES:
        page, _ = visit(path, width=390)
        for width, theme in ((390, "light"), (1600, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            found = Axe().run(page, options=RULES).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:150]) for rule in found] == [], (path, theme)
        page.context.close()


def test_charts_are_drawn_and_keep_their_height(visit):
    page, _ = visit("/")
    assert page.locator("canvas.js-chart").count() == 3
    box = page.locator(".chart-box").first.bounding_box()
    assert box["height"] == 384
    expect_drawn(page)


@pytest.fixture
def many(site) -> None:
    """Members enough for two pages of the table."""
    for number in range(60):
        company.make_member(f"seat{number}@acme.example", f"Seat {number}")


def test_charts_are_still_drawn_after_a_refresh_a_sort_a_page_and_back(visit, many):
    page, complaints = visit("/")
    refresh(page)
    expect_drawn(page)
    page.locator("#sort-members-requests").click()
    page.wait_for_url("**members.sort=-requests**")
    expect_drawn(page)
    refresh(page)
    assert page.locator("#table-members th[aria-sort='descending']").inner_text() == "Requests"
    page.locator("#next-members").click()
    page.wait_for_url("**members.page=2**")
    expect_drawn(page)
    for _ in range(2):
        page.go_back()
        page.wait_for_load_state("networkidle")
        expect_drawn(page)
    assert complaints == []


def refresh(page) -> None:
    """What happens every five minutes while somebody looks."""
    with page.expect_response("**/*"):
        page.evaluate("document.querySelector('[data-refresh]').dispatchEvent(new Event('refresh'))")
    settled(page)


def settled(page) -> None:
    page.wait_for_load_state("networkidle")
    until(page, "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")


def expect_drawn(page, canvases: int = 3) -> None:
    """Every chart differs from an empty canvas of its size."""
    assert page.locator("canvas.js-chart").count() == canvases
    until(page, f"[...document.querySelectorAll('canvas.js-chart')].every({INKED})")


def until(page, condition: str) -> None:
    """Wait for a condition, asked from outside: within the page the policy forbids to evaluate one."""
    deadline = time.monotonic() + 5
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(50)


def test_the_policy_forbids_what_is_not_ours(visit):
    page, _ = visit("/")
    assert page.locator("script:not([src])").count() == 0
    assert page.locator("main [style]:not(canvas)").count() == 0
    page.evaluate(INJECT)
    assert page.evaluate("window.injected") is None


def test_the_theme_switch_is_remembered(visit):
    page, _ = visit("/")
    page.get_by_role("button", name="Dark").press("Enter")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(16, 20, 25)"
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"


def test_filters_work_by_keyboard_and_go_into_the_address(visit):
    page, _ = visit("/")
    page.get_by_label("Search members").focus()
    page.keyboard.type("novak")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=novak**")
    assert page.locator("#table-members tbody tr").count() == 2
    page.get_by_role("link", name="7 d", exact=True).press("Enter")
    page.wait_for_url("**period=7d**")
    assert "search=novak" in page.url
    page.get_by_role("link", name="Insights").press("Enter")
    page.wait_for_url("**/insights?period=7d&search=novak")


def test_sorting_by_keyboard_swaps_the_table_and_keeps_the_focus(visit):
    page, _ = visit("/")
    page.locator("#sort-members-requests").press("Enter")
    page.wait_for_url("**members.sort=-requests**")
    assert page.locator("th[aria-sort='descending']").last.inner_text() == "Requests"
    assert page.evaluate("document.activeElement.id") == "sort-members-requests"


def test_another_page_of_a_table_is_shown_from_its_top_and_takes_the_focus(visit, many):
    page, _ = visit("/")
    page.locator("#next-members").press("Enter")
    page.wait_for_url("**members.page=2**")
    until(page, "document.activeElement.matches('#table-members > .table-frame')")
    top = page.locator("#table-members tbody tr").first.bounding_box()["y"]
    assert 0 < top < 300


def test_sorting_leaves_the_table_where_it_was(visit):
    page, _ = visit("/")
    page.locator("#sort-members-requests").scroll_into_view_if_needed()
    before = page.locator("#table-members").bounding_box()["y"]
    page.locator("#sort-members-requests").press("Enter")
    page.wait_for_url("**members.sort=-requests**")
    settled(page)
    assert page.locator("#table-members").bounding_box()["y"] == before


def test_every_figure_leads_somewhere_by_keyboard(visit):
    page, _ = visit("/")
    page.locator("details.help summary").first.press("Enter")
    assert page.get_by_text("What Cursor charges for the period's requests").first.is_visible()
    page.keyboard.press("Escape")
    assert not page.get_by_text("What Cursor charges for the period's requests").first.is_visible()
    page.locator("#table-models tbody a").first.press("Enter")
    page.wait_for_url("**model=**")


def test_a_refresh_keeps_what_was_open(visit):
    page, _ = visit("/")
    page.get_by_text("Show as a table").first.click()
    Incident.objects.all().delete()
    with page.expect_response("**/"):
        page.evaluate("document.querySelector('[data-refresh]').dispatchEvent(new Event('refresh'))")
    until(page, "!document.querySelector('.right-now a[href^=\"/incidents/\"]')")
    assert page.locator("#chart-table-daily").get_attribute("open") is not None
    assert page.locator("canvas.js-chart").count() == 3

"""The pages in Chromium: every width and theme, on paper, nothing for axe to find."""

from __future__ import annotations

import re

import pytest
from axe_playwright_python.sync_playwright import Axe

from collector.models import Member
from groups.models import Group
from tests.tracker.pages.screen import INCIDENT, MEMBER, PAGES, expect_drawn, settled

pytestmark = pytest.mark.django_db(transaction=True)

OPEN_EACH_HELP = """async () => {
    const found = [];
    for (const help of document.querySelectorAll("details.help")) {
        help.scrollIntoView({block: "center"});
        const placed = new Promise((done) => help.addEventListener("toggle", done, {once: true}));
        help.open = true;
        await placed;
        const {left, right, top, bottom} = help.querySelector("p").getBoundingClientRect();
        const scrolled = document.documentElement.scrollWidth;
        found.push({said: help.textContent, left, right, top, bottom, scrolled});
        help.open = false;
    }
    return found;
}"""
CHARTS_OUTSIDE = """() => [...document.querySelectorAll('.panel .chart')]
    .filter(chart => chart.scrollWidth > chart.closest('.panel').clientWidth)
    .map(chart => chart.innerText.slice(0, 40))"""
RULES = {
    "resultTypes": ["violations"],  # of what is right, each element described takes as long as finding it
    "runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    "rules": {"landmark-unique": {"enabled": True}},
}


@pytest.mark.slow
def test_every_page_fits_every_width_without_a_complaint(visit):
    for path in PAGES:
        page, complaints = visit(path)
        for width in (390, 1024, 1440, 1600):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert [text for text in complaints if "status of 40" not in text] == [], path


def test_on_a_laptop_the_members_take_the_page_and_show_every_column(visit, many):
    page, _ = visit("/", width=1440)
    frame = page.locator("#table-members > .table-frame")
    assert frame.evaluate("frame => frame.scrollWidth <= frame.clientWidth")
    assert frame.evaluate("frame => getComputedStyle(frame).overflowY") == "visible"
    page.locator("#table-members tbody tr").nth(20).evaluate("row => row.scrollIntoView({block: 'center'})")
    bar = page.locator(".bar").bounding_box()
    head = page.locator("#table-members thead th").first.bounding_box()
    assert head["y"] == pytest.approx(bar["height"], abs=2)


def test_names_of_one_long_word_widen_no_page(visit):
    Member.objects.update(name="W" * 90)
    for group in Group.objects.filter(name__contains=" > "):
        Group.objects.filter(pk=group.pk).update(name=f"{group.name} {'Platform' * 11}")
    for path in ("/", "/teams"):
        page, _ = visit(path, width=1440)
        assert page.evaluate("document.documentElement.scrollWidth") <= 1440, path


def test_charts_shown_as_tables_stay_in_their_cards(visit):
    for path in ("/", "/insights", MEMBER):
        page, _ = visit(path, width=1440)
        page.evaluate(
            "document.querySelectorAll('.chart-tools > details').forEach(table => table.open = true)"
        )
        for width in (390, 1024, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
            assert page.evaluate(CHARTS_OUTSIDE) == [], (path, width)


def test_on_a_phone_the_name_stays_and_the_spend_is_seen(visit):
    page, _ = visit("/", width=390)
    frame = page.locator("#table-members > .table-frame")
    assert frame.evaluate("frame => frame.scrollHeight <= frame.clientHeight")
    assert page.locator(".main-nav").evaluate("nav => nav.scrollWidth <= nav.clientWidth")
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


def test_on_a_phone_a_finger_hits_what_opens_and_what_is_ticked(visit):
    for path in ("/incidents", INCIDENT):
        page, _ = visit(path, 390)
        for control in page.locator("main summary:visible, .tick input:visible").all():
            box = control.bounding_box()
            assert min(box["width"], box["height"]) >= 24, (path, control.inner_text(), box)


def test_every_help_text_opens_within_the_screen(visit):
    for path in ("/", "/insights", MEMBER, "/incidents"):
        page, _ = visit(path)
        for width in (390, 1440):
            page.set_viewport_size({"width": width, "height": 900})
            for found in page.evaluate(OPEN_EACH_HELP):
                assert found["left"] >= 0 and found["right"] <= width, (path, found)
                assert found["top"] >= 0 and found["bottom"] <= 900, (path, found)
                assert found["scrolled"] <= width, (path, found)


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


def test_on_paper_stands_what_it_is_on_four_pages_at_most(visit, many):
    page, _ = visit("/")
    head = page.locator(".on-paper")
    assert not head.is_visible()
    page.emulate_media(media="print")
    assert head.is_visible()
    assert "Cursor Cost Monitor" in head.inner_text()
    assert page.url in head.inner_text()
    for panel in page.locator(".grid > .panel:has(.chart)").all():  # else what follows lies on top of it
        assert panel.evaluate("panel => getComputedStyle(panel).breakInside") == "avoid"
    tops = {card.bounding_box()["y"] for card in page.locator(".cards > .card").all()}
    assert len(tops) == 1
    paper = page.pdf(prefer_css_page_size=True)
    assert int(re.findall(rb"/Count (\d+)", paper)[-1]) <= 4


@pytest.mark.parametrize("width", [720, 1000, 1249, 1250])
def test_every_link_of_the_bar_is_in_sight_in_a_window_of_any_width(visit, width):
    page, _ = visit("/", width=width)
    for link in page.locator(".main-nav a").all():
        box = link.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= width
    nav = page.locator(".main-nav")
    assert nav.evaluate("nav => nav.scrollWidth <= nav.clientWidth")


def test_the_first_screen_says_how_much_and_on_course_on_a_phone_and_all_on_a_laptop(visit):
    page, _ = visit("/", width=390)
    for card in ("Spend", "Cycle forecast"):
        box = page.locator(".card", has=page.locator("dt", has_text=card)).first.bounding_box()
        assert box["y"] + box["height"] <= 844, card
    page.set_viewport_size({"width": 1440, "height": 900})
    attention = page.locator(".right-now").bounding_box()
    assert attention["y"] + attention["height"] <= 900


def test_on_a_phone_the_bar_and_the_filters_unfold(visit):
    page, _ = visit("/", width=390)
    assert page.locator(".bar").bounding_box()["height"] < 60
    page.get_by_role("button", name="Filters").click()
    page.get_by_label("Search members").press_sequentially("novak")
    page.keyboard.press("Enter")
    page.wait_for_url("**search=novak**")
    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="Teams").click()
    page.wait_for_url("**/teams**")


def test_a_reader_chooses_how_many_members_a_page_has(visit, many):
    page, _ = visit("/", width=1440)
    assert page.locator("#table-members tbody tr").count() == 25
    page.locator("#rows-members-50").click()
    page.wait_for_url("**members.rows=50**")
    settled(page)
    assert page.locator("#table-members tbody tr").count() == 50


@pytest.mark.slow
def test_axe_finds_nothing_in_either_theme(visit):
    for path in PAGES:
        page, _ = visit(path, width=390)
        for width, theme in ((390, "light"), (1600, "dark")):
            page.set_viewport_size({"width": width, "height": 900})
            page.emulate_media(color_scheme=theme)
            found = Axe().run(page, options=RULES).response["violations"]
            assert [(rule["id"], rule["nodes"][0]["html"][:150]) for rule in found] == [], (path, theme)


def test_charts_are_drawn_and_keep_their_height(visit):
    page, _ = visit("/")
    assert page.locator("canvas.js-chart").count() == 3
    box = page.locator(".chart-box").first.bounding_box()
    assert box["height"] >= 384
    expect_drawn(page)
    assert page.locator(".chart-box").first.bounding_box() == box

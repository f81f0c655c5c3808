"""The pages in Chromium: used by keyboard, refreshed and turned, under the policy."""

from __future__ import annotations

import pytest

from incidents.models import Incident
from tests.tracker.pages.screen import INCIDENT, expect_drawn, refresh, settled, until

pytestmark = pytest.mark.django_db(transaction=True)

INJECT = """
const script = document.createElement("script");
script.textContent = "window.injected = 1";
document.head.append(script);
"""


def test_the_members_are_one_step_away_by_keyboard(visit):
    page, _ = visit("/")
    page.get_by_role("link", name="Skip to members").press("Enter")
    assert page.evaluate("document.activeElement.id") == "members"


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
    for shown in ("#next-members", "#table-members th[aria-sort='descending']:has-text('Spend')"):
        page.go_back()
        page.locator(shown).wait_for()
        settled(page)
        expect_drawn(page)
    assert complaints == []


def test_a_filter_keeps_the_order_of_a_table_and_leaves_nothing_empty_in_the_address(visit, many):
    page, complaints = visit("/?compare=before&models.sort=-change")
    page.locator("#sort-members-requests").click()
    page.wait_for_url("**members.sort=-requests**")
    page.locator("#rows-members-50").click()
    page.wait_for_url("**members.rows=50**")
    page.locator("#filter-badge").select_option("light")
    page.get_by_role("button", name="Apply").click()
    page.wait_for_url("**badge=light**")
    kept = "models.sort=-change&members.sort=-requests&members.rows=50"
    assert page.url.partition("?")[2] == f"period=30d&compare=before&badge=light&{kept}"
    page.go_back()
    page.wait_for_url(lambda url: "badge" not in url)
    assert page.locator("#filter-badge").input_value() == ""
    page.go_forward()
    page.wait_for_url("**badge=light**")
    page.get_by_role("link", name="7 d", exact=True).click()
    page.wait_for_url("**period=7d**")
    assert page.url.endswith(kept)
    page.get_by_role("link", name="Clear", exact=True).click()
    page.wait_for_url(lambda url: "badge" not in url)
    assert page.locator("#table-members th[aria-sort='descending']").inner_text() == "Requests"
    assert complaints == []


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


def test_a_csv_comes_by_keyboard(visit):
    page, _ = visit("/")
    with page.expect_download() as coming:
        page.locator(".chart-tools > a").first.press("Enter")
    assert coming.value.suggested_filename.endswith(".csv")


def test_an_incident_is_acknowledged_by_keyboard(visit):
    page, _ = visit(INCIDENT)
    page.get_by_role("button", name="Acknowledge").press("Enter")
    page.get_by_text("acknowledged", exact=True).first.wait_for()
    assert Incident.objects.get().acknowledged_at is not None


def test_a_refresh_keeps_what_was_open(visit):
    page, _ = visit("/")
    page.get_by_text("Show as a table").first.click()
    Incident.objects.all().delete()
    with page.expect_response("**/"):
        page.evaluate("document.querySelector('[data-refresh]').dispatchEvent(new Event('refresh'))")
    until(page, "!document.querySelector('.right-now a[href^=\"/incidents/\"]')")
    assert page.locator("#chart-table-daily").get_attribute("open") is not None
    assert page.locator("canvas.js-chart").count() == 3

"""What managers click: groups that fold, bars that lead to their day, days that are chosen and copied."""


def test_rows_fold_under_their_parent(page, site):
    page.goto(f"{site}/teams")
    below = page.locator("tr[data-path='Platform > Core']")
    assert below.is_visible()
    page.get_by_role("button", name="Groups of Platform").click()
    assert not below.is_visible()
    page.get_by_role("button", name="Groups of Platform").click()
    assert below.is_visible()


def test_a_bar_of_the_overview_leads_to_its_day_wherever_the_column_is_clicked(page, site):
    page.goto(f"{site}/?from=2026-11-10&to=2026-11-12")
    chart = page.locator("canvas.js-chart").first
    width = chart.bounding_box()["width"]
    chart.click(position={"x": width - 20, "y": 40})  # above the bar, near its column's edge
    page.wait_for_url("**/days/2026-11-12")
    assert page.locator("h1").inner_text() == "Thu 12 Nov 2026"


def test_days_are_chosen_and_copied_in_a_browser(page, site):
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.goto(f"{site}/?search=ana")
    page.get_by_label("From", exact=True).fill("2026-10-05")
    page.get_by_label("To", exact=True).fill("2026-10-11")
    page.get_by_role("button", name="Show").click()
    assert "from=2026-10-05&to=2026-10-11" in page.url
    assert "search=ana" in page.url
    page.get_by_role("button", name="Copy link to this period").click()
    page.get_by_role("button", name="Link copied").wait_for()
    assert "from=2026-10-05&to=2026-10-11" in page.evaluate("navigator.clipboard.readText()")

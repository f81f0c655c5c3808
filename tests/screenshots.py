"""Take the pictures of docs/images from a running site: `make run`, then `python -m tests.screenshots`.

    python -m tests.screenshots [--address http://127.0.0.1:8000] [--out docs/images] [--login NAME:PASSWORD]

The member shown is the first on the overview, the incident the first that is open. Two questions are answered
by clicks from the overview, on a laptop and a phone, by day and at night. With the login that `make run`
prints, the admin is pictured too.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")

SIZE = {"width": 1440, "height": 1000}
PHONE = {"width": 390, "height": 844}
PATIENCE = 120_000  # ms; a busy machine takes its time
ADMIN = {
    "admin": "",
    "admin-detection": "detection/detectionsettings/",
    "admin-channel": "incidents/channel/add/",
    "admin-sources": "collector/sourcerun/",
}
LINKED = {"member": "#members tbody th a", "incident": ".incident-lines a"}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.screenshots")
    parser.add_argument("--address", default="http://127.0.0.1:8000")
    parser.add_argument("--out", type=Path, default=Path("docs/images"))
    parser.add_argument("--login", metavar="NAME:PASSWORD")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        take_all(browser, options.address.rstrip("/"), options.out)
        if options.login:
            take_admin(browser, options.address.rstrip("/"), options.out, *options.login.split(":", 1))
        browser.close()


def take_all(browser: Browser, address: str, out: Path) -> None:
    overview = take(browser, f"{address}/", out / "overview.png")
    links = {name: overview.locator(css).first.get_attribute("href") or "/" for name, css in LINKED.items()}
    take(browser, f"{address}/", out / "overview-dark.png", theme="dark")
    take(browser, f"{address}/", out / "overview-phone.png", size=PHONE)
    take(browser, f"{address}/insights", out / "insights.png")
    take(browser, f"{address}/incidents", out / "incidents.png")
    take(browser, f"{address}/settings", out / "settings.png")
    for name, url in links.items():
        take(browser, address + url, out / f"{name}.png")
    for place, size in (("", SIZE), ("-phone", PHONE)):
        for theme in ("light", "dark"):
            ending = f"{place}{'-dark' if theme == 'dark' else ''}.png"
            page = open_page(browser, f"{address}/", theme=theme, size=size)
            page.get_by_role("link", name="by team").click()
            page.get_by_role("link", name="7 d", exact=True).click()
            keep(page, out / f"which-team{ending}")
            page = open_page(browser, f"{address}/", theme=theme, size=size)
            click_tallest_bar(page)
            keep(page, out / f"tall-bar{ending}")


def take_admin(browser: Browser, address: str, out: Path, name: str, password: str) -> None:
    page = open_page(browser, f"{address}/admin/", theme="light", size=SIZE)
    page.get_by_label("Username").fill(name)
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()
    for picture, path in ADMIN.items():
        page.goto(f"{address}/admin/{path}", wait_until="networkidle")
        keep(page, out / f"{picture}.png")


def click_tallest_bar(page: Page) -> None:
    """On the daily chart, as a hand would: somewhere over the bar, which its whole column stands for."""
    chart = page.locator("canvas.js-chart").first
    series = json.loads(chart.get_attribute("data-chart") or "{}")["series"]
    sums = [sum(filter(None, day)) for day in zip(*(each["values"] for each in series), strict=True)]
    tallest = max(range(len(sums)), key=sums.__getitem__)
    x = chart.evaluate("(chart, index) => Chart.getChart(chart).scales.x.getPixelForValue(index)", tallest)
    chart.click(position={"x": x, "y": 150})
    page.wait_for_url("**/days/**")


def keep(page: Page, path: Path) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=path)


def take(browser: Browser, url: str, path: Path, *, theme: str = "light", size: Any = SIZE) -> Page:
    """Open `url` and keep what its first screen shows."""
    page = open_page(browser, url, theme=theme, size=size)
    page.screenshot(path=path)
    return page


def open_page(browser: Browser, url: str, *, theme: str, size: Any) -> Page:
    page = browser.new_context(viewport=size, color_scheme=theme).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(PATIENCE)
    page.goto(url, wait_until="networkidle")
    return page


if __name__ == "__main__":
    main()

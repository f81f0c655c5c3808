"""The pages as a browser shows them: addresses to visit, and what to wait for."""

from __future__ import annotations

import time

MEMBER = "/users/ana.novak@acme.example"
# Far above any number that a sequence of PostgreSQL gives in the tests.
INCIDENT = "/incidents/1000001"
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
INKED = """canvas => {
    const blank = document.createElement("canvas");
    [blank.width, blank.height] = [canvas.width, canvas.height];
    return canvas.toDataURL() !== blank.toDataURL();
}"""


def refresh(page) -> None:
    """What happens every five minutes while somebody looks."""
    with page.expect_response("**/*"):
        page.evaluate("document.querySelector('[data-refresh]').dispatchEvent(new Event('refresh'))")
    settled(page)


def settled(page) -> None:
    """Everything is loaded, swapped and drawn. Waiting for a silent network instead takes half a second."""
    page.wait_for_load_state()
    until(page, "!document.querySelector('.htmx-request, .htmx-swapping, .htmx-settling')")
    page.evaluate("() => new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")


def expect_drawn(page, canvases: int = 3) -> None:
    """Every chart differs from an empty canvas of its size."""
    assert page.locator("canvas.js-chart").count() == canvases
    until(page, f"[...document.querySelectorAll('canvas.js-chart')].every({INKED})")


def until(page, condition: str) -> None:
    """Wait for a condition, asked from outside: within the page the policy forbids to evaluate one."""
    deadline = time.monotonic() + 60
    while not page.evaluate(condition):
        assert time.monotonic() < deadline, condition
        page.wait_for_timeout(20)

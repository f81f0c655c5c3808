"""An administrator's browser in the admin."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.contrib.auth.models import User
from django.core.cache import cache

from tests.tracker.pages.screen import settled


@pytest.fixture
def boss(transactional_db) -> User:
    return User.objects.create_superuser("boss", "boss@company.com", "a-long-password", first_name="Ada")


@pytest.fixture
def visit_admin(browser, live_server, client, boss) -> Iterator:
    """A function that opens a page of the admin, signed in, and returns it with the browser's complaints."""
    cache.clear()
    client.force_login(boss)
    cookie = {"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}
    contexts = []

    def open_page(path: str, width: int = 1440, theme: str = "light"):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme=theme, reduced_motion="reduce"
        )
        context.add_cookies([cookie])
        contexts.append(context)
        page, complaints = context.new_page(), []
        page.on("console", lambda m: complaints.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(live_server.url + path)
        settled(page)
        return page, complaints

    yield open_page
    for context in contexts:
        context.close()

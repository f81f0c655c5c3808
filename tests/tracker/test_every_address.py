"""Every address and method, asked by everybody, with sign-in on, off, and names hidden.

An address that no row names fails the suite: whoever adds one says here who may use it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from tests.tracker.addresses import ADMIN, CALLERS, KINDS, METHODS, ROWS, Row
from tests.tracker.api.conftest import make_token
from tests.tracker.conftest import ALLAUTH, make_person
from tracker.models import AccessSettings
from tracker.ops.probes import PROBES

pytestmark = pytest.mark.django_db

LOCAL = "django.contrib.auth.backends.ModelBackend"
CRON_SECRET = "0123456789abcdef-cron"
SIGN_IN = ("/accounts/login/", "/admin/login/")


def routes(resolver: URLResolver, prefix: str = "/") -> Iterator[str]:
    """Every address that the site knows, as its pattern: `/users/<email>`."""
    for pattern in resolver.url_patterns:
        route = prefix + re.sub(r"\(\?P<(\w+)>[^)]*\)|[$^\\]", r"<\1>", str(pattern.pattern)).replace(
            "<>", ""
        )
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        elif isinstance(pattern, URLPattern):
            yield re.sub(r"<\w+:(\w+)>", r"<\1>", route)


ALL_ROUTES = sorted({*routes(get_resolver("config.urls")), *PROBES})
ADMIN_ROUTES = [route for route in ALL_ROUTES if route.startswith("/admin/") and route not in ADMIN]
OWN_ROUTES = [route for route in ALL_ROUTES if route not in ADMIN_ROUTES]


def test_every_address_has_a_row():
    assert set(OWN_ROUTES) == {route for _, route in ROWS}


@pytest.fixture(params=["on", "off", "privacy"])
def mode(request, settings):
    settings.CRON_SECRET = CRON_SECRET
    request.getfixturevalue("pipeline")
    if request.param != "off":
        request.getfixturevalue("auth_on")
    if request.param == "privacy":
        AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
    return request.param


@pytest.fixture
def callers(mode) -> dict[str, Client]:
    """A client for each of CALLERS, ready to ask."""
    found = {name: Client(headers=credentials(name), raise_request_exception=False) for name in CALLERS}
    for role in ("viewer", "responder", "admin"):
        person = make_person(role)
        if mode == "off":
            person.is_staff = person.is_superuser = role == "admin"
            person.save()
        found[role].force_login(person, backend=LOCAL if mode == "off" else ALLAUTH)
    return found


def credentials(name: str) -> dict[str, str]:
    if name.startswith("token:"):
        return {"Authorization": f"Bearer {make_token(name.removeprefix('token:'))}"}
    return {"x-cron-secret": CRON_SECRET} if name == "cron" else {}


def ask(client: Client, method: str, url: str, row: Row | None = None):
    if method == "GET":
        return client.get(url)
    if row and row.form is not None:
        return client.post(url, row.form)
    return client.generic(method, url, json.dumps(row.body if row else {}), "application/json")


def statuses(row: Row, mode: str) -> list[int]:
    """What each of CALLERS should get."""
    on, off, *hidden = KINDS[row.kind]
    line = {"on": on, "off": off, "privacy": hidden[0] if hidden else on}[mode]
    return [row.ok if status == "ok" else int(status) for status in line.split()]


def is_sign_in(answer) -> bool:
    return answer.status_code == 302 and answer["Location"].startswith(SIGN_IN)


def test_everybody_gets_what_the_row_says(callers, mode):
    wrong = {}
    for (method, route), row in ROWS.items():
        row.prepare()
        expected = statuses(row, mode)
        got = [ask(client, method, row.url or route, row).status_code for client in callers.values()]
        if expected != got:
            wrong[method, route] = (got, expected)
    assert wrong == {}


def test_no_other_method_does_anything(callers, mode):
    done = []
    for route in OWN_ROUTES:
        known = {method: row for (method, of), row in ROWS.items() if of == route} or {"": Row("")}
        url = next(iter(known.values())).url or route
        for method in set(METHODS) - set(known):
            for name, client in callers.items():
                answer = ask(client, method, url)
                # The admin's sign-out sends those who are not in it to its front page, which asks them in.
                is_sent_away = is_sign_in(answer) or answer.get("Location") == "/admin/"
                if not is_sent_away and answer.status_code not in (401, 403, 404, 405, 415):
                    done.append((method, route, name, answer.status_code))
    assert done == []


def test_the_admin_is_the_admins(callers, mode):
    wrong = []
    for route in ADMIN_ROUTES:
        url = re.sub(r"<\w+>", "1", route)
        for name, client in callers.items():
            if mode != "on" and name not in ("visitor", "viewer", "responder"):
                continue  # what admins and scripts get here does not depend on the mode
            answer = client.get(url)
            if answer.status_code >= 500 or is_sign_in(answer) != (name != "admin"):
                wrong.append((route, name, answer.status_code))
    assert wrong == []

"""Every address that takes a body, with bodies that no good caller sends: refused, and nothing done."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

import pytest
from django.core.cache import cache
from django.db import connection
from django.test import Client

from tests.tracker.addresses import ADMIN, ROWS, make_ann, open_incident
from tests.tracker.conftest import ALLAUTH, make_person
from tests.tracker.test_every_address import ADMIN_ROUTES

pytestmark = pytest.mark.django_db

JSON, FORM, MULTIPART = (
    "application/json",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
)
LONG = "x" * 10_000
# Fields that some address takes, so that a body gets past the first look.
NAMES = ("action", "note", "verdict", "until", "csv", "email", "name", "member", "state", "span", "dollars")


def in_fields(value: object) -> str:
    return json.dumps(dict.fromkeys(NAMES, value) | {"incident": [value], "groupId": value})


BODIES: list[tuple[bytes | str, str]] = [
    ('{"action": "resolve", ', JSON),
    ("", JSON),
    ("null", JSON),
    ("[" * 2_000 + "]" * 2_000, JSON),
    ('{"a":' * 100_000, JSON),
    (in_fields("\ud800"), JSON),
    (f'{{"dollars": {"9" * 6_000}, "groupId": -1e999}}', JSON),
    ('{"action": "resolve", "action": {"action": []}}', JSON),
    (b'{"note": "\xff\xfe"}', JSON),
    (in_fields("a\0b"), JSON),
    (in_fields(LONG), JSON),
    (in_fields({"a": [{"b": None}]}), JSON),
    (in_fields(10**400), JSON),
    ('{"dollars": NaN, "groupId": Infinity}', JSON),
    (in_fields("Müller ²"), "application/json; charset=klingon"),
    ("&".join(f"{name}=%00" for name in NAMES), FORM),
    ("&".join(f"{name}={LONG}" for name in NAMES), FORM),
    ("&".join(f"{name}=%FF%C2%B2&{name}={'9' * 400}" for name in (*NAMES, "incident", "pk")), FORM),
    ("&".join(f"{name}=1" for name in range(3_000)), FORM),
    (b"--x\r\nContent-Disposition: form-data; name=note\r\n", "multipart/form-data; boundary=x"),
    (b"<a>b</a>", "text/xml"),
]
METHODS = ("POST", "PUT", "PATCH", "DELETE")
# Written whatever becomes of the request: who was refused, when whoever asks was last here, how often.
WRITTEN_ANYHOW = re.compile(r"auditentry|session|axes_|lease|cache|requestslot|last_login", re.IGNORECASE)


class Tables:
    """How many rows each table has; counted again only where something was written."""

    def __init__(self) -> None:
        self.names = [t for t in connection.introspection.table_names() if not WRITTEN_ANYHOW.search(t)]
        self.counts = self.count()

    def count(self) -> dict[str, int]:
        with connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(f"SELECT '{t}', COUNT(*) FROM {t}" for t in self.names))  # noqa: S608
            return dict(cursor.fetchall())

    @contextmanager
    def watched(self) -> Iterator[list[str]]:
        """The writes made meanwhile, kept or rolled back."""
        writes: list[str] = []

        def note(execute, sql, params, many, context):
            if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not WRITTEN_ANYHOW.search(sql[:200]):
                writes.append(sql[:80])
            return execute(sql, params, many, context)

        with connection.execute_wrapper(note):
            yield writes


@pytest.fixture
def clients(auth_on) -> dict[str, Client]:
    make_ann()
    open_incident()
    found = {"visitor": Client(raise_request_exception=False)}
    for role in ("viewer", "responder", "admin"):
        person = make_person(role)
        person.is_staff = person.is_superuser = role == "admin"
        person.save()
        found[role] = Client(raise_request_exception=False)
        found[role].force_login(person, backend=ALLAUTH)
        found[role].get("/settings")  # what a first request writes is not the body's doing
    return found


def wrong(client: Client, method: str, url: str, body: tuple[bytes | str, str], tables: Tables) -> str:
    """What is wrong with the answer, empty where nothing is."""
    with tables.watched() as writes:
        status = client.generic(method, url, *body).status_code
    if status >= 500:
        return f"{status}"
    if not writes:
        return ""
    before, tables.counts = tables.counts, tables.count()
    is_changed = before != tables.counts
    return f"{status} but {writes}" if status >= 400 and is_changed else ""


def own_urls() -> list[str]:
    """Every address of the site that writes, sign-out last: nobody is signed in after it."""
    routes = {route: row.url or route for (method, route), row in ROWS.items() if method != "GET"}
    return [url for route, url in routes.items() if "logout" not in route]


@pytest.mark.slow
def test_no_body_is_a_fault_of_ours_or_half_done(clients):
    tables, turns = Tables(), cycle(range(len(BODIES)))
    found = {}
    for url in own_urls():
        for name, client in clients.items():
            cache.clear()  # the limits on calls
            few = [BODIES[next(turns)]]
            for body in BODIES if name == "admin" else few:
                for method in METHODS if body is BODIES[0] else METHODS[:1]:
                    if said := wrong(client, method, url, body, tables):
                        found[url, name, method, body[0][:30]] = said
            row = ROWS.get(("PATCH", url)) or ROWS.get(("PUT", url))
            for body in BODIES if row else ():
                for method in ("PATCH", "PUT"):
                    if said := wrong(client, method, url, body, tables):
                        found[url, name, method, body[0][:30]] = said
    assert found == {}


def test_no_body_is_a_fault_of_the_admin(clients):
    tables, bodies, found = Tables(), cycle([body for body in BODIES if body[1] != JSON]), {}
    posted = (route for route in ADMIN_ROUTES if route not in ADMIN and not route.endswith("/history/"))
    for route in posted:
        url, body = re.sub(r"<\w+>", "1", route), next(bodies)
        if said := wrong(clients["admin"], "POST", url, body, tables):
            found[url, body[0][:30]] = said
    assert found == {}


@pytest.mark.parametrize("pk", ["²", "x", "9" * 25, "\0"])
@pytest.mark.parametrize("table", ["groups/group", "collector/member", "incidents/channel", "auth/user"])
def test_an_action_on_what_is_no_row_is_refused(clients, table, pk):
    action = {"collector/member": "merge", "groups/group": "close"}.get(table, "delete_selected")
    form = {"action": action, "_selected_action": pk, "confirmed": "1", "post": "yes"}
    assert clients["admin"].post(f"/admin/{table}/", form).status_code == 404

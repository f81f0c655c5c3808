"""A form of a foreign site, sent by the browser of an administrator who is signed in: refused everywhere."""

from __future__ import annotations

import re

import pytest
from django.core.cache import cache
from django.test import Client

from tests.tracker.addresses import ROWS, make_ann, open_incident
from tests.tracker.conftest import ALLAUTH, make_person
from tests.tracker.test_every_address import ADMIN_ROUTES

pytestmark = pytest.mark.django_db

# Who sends there carries a signature, a token or a link's key of its own, and no cookie counts.
WITHOUT_COOKIES = {"/slack/actions", "/hooks/pagerduty", "/hooks/opsgenie", "/api/cron"}
# What a form can send without asking first, and what a script of another site must ask for.
KINDS = (
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "text/plain",
    "application/json",
)


@pytest.fixture
def administrator(auth_on) -> Client:
    make_ann()
    open_incident()
    person = make_person("admin")
    person.is_staff = person.is_superuser = True
    person.save()
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(person, backend=ALLAUTH)
    return client


def test_no_address_of_the_site_takes_it(administrator):
    taken = {}
    for (method, route), row in ROWS.items():
        url = row.url or route
        for kind in KINDS if method != "GET" and url not in WITHOUT_COOKIES else ():
            cache.clear()  # the limits on calls
            status = administrator.generic(method, url, b"{}", kind).status_code
            if status not in (403, 415):
                taken[method, url, kind] = status
    assert taken == {}


def test_no_address_of_the_admin_takes_it(administrator):
    urls = [re.sub(r"<\w+>", "1", route) for route in ADMIN_ROUTES]
    assert {url: status for url in urls if (status := administrator.post(url, {}).status_code) != 403} == {}

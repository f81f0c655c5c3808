"""Every address of the site, with values that no id, name, day or filter can have."""

from __future__ import annotations

import re
from itertools import cycle
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.db.models import DateField, Model
from django.test import Client
from django.urls import reverse

from collector.base.plausibility import is_number
from tests.tracker.conftest import ALLAUTH, make_person
from tests.tracker.test_every_address import ALL_ROUTES, OWN_ROUTES

pytestmark = pytest.mark.django_db

VALUES: dict[str, str | bytes] = {
    "superscript": "²",
    "nul": "a\x00b",
    "long": "x" * 10_000,
    "uuid": "6f1c3b52-9d2b-4c56-8a5e-0f6d1c2b3a4d",
    "negative": "-1",
    "beyond 64 bits": "9" * 19,
    "more digits than int takes": "9" * 5_000,
    "slash": "é@ü/b%00",
    "half a character": b"\xed\xa0\x80",
    "no day": "2026-02-31",
}
FOR_THE_ADMIN = ("superscript", "more digits than int takes")  # its many addresses are alike: two values do
HOLES = re.compile(r"<\w+>|\(\[/\]\+\)")
FILTERS = ("period", "from", "to", "group", "search", "model", "badge", "csv", "cycle", "status", "severity")
TABLES = ("members", "incidents")
OTHERS = ("incident", "days", "limit", "offset", "next", "problem", "kind")
TAKES_NO_FILTER = (
    "/admin/",
    "/accounts",
    "/healthz",
    "/hooks",
    "/slack",
    "/metrics",
    "/api/docs",
    "/api/openapi",
)
PAGES = [route for route in ALL_ROUTES if "<" not in route and not route.startswith(TAKES_NO_FILTER)]


@pytest.fixture
def superuser(auth_on) -> Client:
    person = make_person("admin")
    person.is_staff = person.is_superuser = True
    person.save()
    client = Client(raise_request_exception=False)
    client.force_login(person, backend=ALLAUTH)
    return client


def failures(client: Client, urls: list[str]) -> dict[str, int]:
    answers = {url: client.get(url).status_code for url in urls}
    return {url[:80]: status for url, status in answers.items() if status >= 500}


def addresses_with(value: str | bytes, routes: list[str]) -> list[str]:
    """Each of `routes` that takes a value, with `value` in each place, the other places holding 1."""
    parts = [
        (HOLES.sub("1", route[: hole.start()]), HOLES.sub("1", route[hole.end() :]))
        for route in routes
        for hole in HOLES.finditer(route)
    ]
    return [f"{before}{quote(value, safe='')}{after}" for before, after in parts]


def page_queries() -> list[str]:
    """Every page and API address with each filter, and each table's sort and page; the values in turn."""
    names = [*FILTERS, *OTHERS, *(f"{table}.{what}" for table in TABLES for what in ("sort", "page"))]
    values = cycle(VALUES[kind] for kind in ("superscript", "nul", "more digits than int takes"))
    return [f"{page}?{urlencode({name: next(values)})}" for page in PAGES for name in names]


def list_fields(offered: admin.ModelAdmin) -> list[str]:
    """What the address of a list of the admin takes: order, page, search, filters and days."""
    fields = [field for field in offered.list_filter if isinstance(field, str)]
    days = ("year", "month", "day") if offered.date_hierarchy else ()
    return [
        *("o", "p", "q", "e", "_facets", "id__exact", "pk__in", "nothing__there"),
        *(f"{field}{end}" for field in fields for end in ("__exact", "__id__exact")),
        *(field.parameter_name for field in offered.list_filter if hasattr(field, "parameter_name")),
        *(f"{offered.date_hierarchy}__{part}" for part in days),
    ]


def admin_queries(value: str | bytes) -> list[str]:
    urls = []
    for model, offered in admin.site._registry.items():
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        listed, form = reverse(f"{base}_changelist"), reverse(f"{base}_add")
        urls += [f"{listed}?{urlencode({name: value})}" for name in list_fields(offered)]
        urls.append(f"{form}?{urlencode({'kind': value, 'member': value, 'group': value, 'groups': value})}")
    return [*urls, *(f"/admin/autocomplete/?{name}={quote(value)}" for name in ("app_label", "term"))]


@pytest.mark.parametrize("kind", VALUES)
def test_no_value_in_an_address_is_a_fault_of_ours(superuser, kind):
    routes = ALL_ROUTES if kind in FOR_THE_ADMIN else OWN_ROUTES
    assert failures(superuser, addresses_with(VALUES[kind], routes)) == {}


def test_no_filter_is_a_fault_of_ours(superuser):
    assert failures(superuser, page_queries()) == {}


def test_a_year_that_no_calendar_has_opens_the_list_without_it(superuser):
    urls = [
        f"{reverse(f'admin:{model._meta.app_label}_{model._meta.model_name}_changelist')}?{field.name}__year=99999"
        for model in admin.site._registry
        for field in model._meta.fields
        if isinstance(field, DateField)
    ]
    assert len(urls) > 40
    assert failures(superuser, urls) == {}


@pytest.mark.parametrize("table", ["collector_member", "axes_accessattempt", "groups_group"])
def test_a_list_of_the_admin_is_not_searched_for_a_thousand_words(superuser, table):
    answer = superuser.get(reverse(f"admin:{table}_changelist"), {"q": "a " * 1_500})
    assert answer.status_code == 200
    assert "at most 254 characters" in answer.text


@pytest.mark.slow
def test_no_filter_of_the_admin_is_a_fault_of_ours(superuser):
    assert failures(superuser, admin_queries("²")) == {}


def test_visitors_get_nothing_and_no_fault(auth_on):
    visitor = Client(raise_request_exception=False)
    for kind in ("superscript", "slash", "beyond 64 bits"):
        assert failures(visitor, addresses_with(VALUES[kind], OWN_ROUTES)) == {}


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "1.5", "1_000", " 1", "9" * 19, "1e3", "\x00"])
def test_only_plain_digits_are_a_number(text):
    assert not is_number(text)
    assert is_number("9" * 18)


@pytest.mark.parametrize("query", ["name__regex=[]", "name__iregex=(a%2B)%2B$"])
def test_no_list_of_the_admin_looks_for_a_pattern(superuser, query):
    assert superuser.get(f"/admin/collector/member/?{query}").status_code == 400


def test_a_list_of_the_admin_takes_what_no_text_can_hold(superuser):
    assert superuser.get("/admin/collector/member/?name=a%00b").status_code in (200, 302)


def admin_url(model: type[Model], page: str, *pks: str) -> str:
    return reverse(f"admin:{model._meta.label_lower.replace('.', '_')}_{page}", args=pks)


def test_a_year_of_more_digits_than_any_calendar_s_and_a_field_without_a_name_are_no_fault(superuser):
    dated = [
        f"{admin_url(model, 'changelist')}?{options.date_hierarchy}__year={'9' * 21}"
        for model, options in admin.site._registry.items()
        if options.date_hierarchy
    ]
    unnamed = [f"{admin_url(model, 'change', '1')}?_to_field=" for model in admin.site._registry]
    assert (len(dated) > 3, len(unnamed) > 40) == (True, True)
    assert failures(superuser, [*dated, *unnamed]) == {}


def test_instants_that_an_address_fills_in_are_left_empty(superuser):
    page = superuser.get("/admin/detection/exemption/add/?until_at=1&kind=planned")
    assert page.status_code == 200
    assert 'value="planned" selected' in page.content.decode()

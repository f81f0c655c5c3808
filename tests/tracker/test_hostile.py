"""Names, groups, models and notes from outside are shown, and do nothing: page, CSV, API, admin, browser."""

import csv
import io
import re
from html import unescape

import pytest
import time_machine
from django.contrib import admin
from django.contrib.auth.models import User
from django.urls import reverse

from collector.models import Member
from tests.tracker import hostile
from tracker.models import AccessSettings

pytestmark = pytest.mark.django_db

FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
NUMBER = re.compile(r"-?[\d.]+")


@pytest.fixture
def members():
    with time_machine.travel(hostile.NOW, tick=False):
        yield hostile.build()


def live_parts(body: str) -> list[str]:
    return [part for part in hostile.LIVE if part in body]


def exports(url: str, body: str) -> set[str]:
    """The addresses of all CSVs that a page offers."""
    found = re.findall(r'href="([^"]*[?&;]csv=[^"]*)"', body)
    return {unescape(link) if link.startswith("/") else url + unescape(link) for link in found}


def test_no_page_holds_anything_live(client, members):
    for url in hostile.pages(members):
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert live_parts(answer.content.decode()) == [], url


def test_no_cell_of_any_csv_is_a_formula(client, members):
    links = {
        link for url in hostile.pages(members)[:7] for link in exports(url, client.get(url).content.decode())
    }
    assert len(links) >= 10
    for link in links:
        answer = client.get(link)
        assert answer["Content-Disposition"].startswith("attachment"), link
        rows = csv.reader(io.StringIO(answer.content.decode("utf-8-sig")))
        live = [c for row in rows for c in row if c.startswith(FORMULA_STARTS) and not NUMBER.fullmatch(c)]
        assert live == [], link


def test_no_list_of_the_admin_holds_anything_live(client, members):
    client.force_login(User.objects.create_superuser("root"), "django.contrib.auth.backends.ModelBackend")
    for model in admin.site._registry:
        url = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        answer = client.get(url, follow=True)
        assert answer.status_code == 200, url
        assert live_parts(answer.content.decode()) == [], url


def test_what_is_searched_for_is_text(client, members):
    before = Member.objects.count()
    for payload in hostile.PAYLOADS.values():
        for url in ("/", "/incidents"):
            answer = client.get(url, {"search": payload, "group": payload, "model": payload})
            assert answer.status_code in (200, 400), (url, payload)
            assert live_parts(answer.content.decode()) == [], (url, payload)
    assert Member.objects.count() == before


def test_the_api_answers_json_that_no_browser_takes_for_a_page(client, members):
    for url in ("/api/stats", "/api/anomalies", "/api/groups", "/api/analytics"):
        answer = client.get(url)
        assert answer["Content-Type"].startswith("application/json")
        assert answer["X-Content-Type-Options"] == "nosniff"
    assert client.get("/api/stats").json()["stats"]["rankedUsers"][0]["name"] in hostile.PAYLOADS.values()


class TestNames:
    """Of a viewer who sees the own group, no page names anybody else."""

    @pytest.fixture
    def company(self):
        with time_machine.travel(hostile.NOW, tick=False):
            hostile.cache.clear()
            hostile.BillingCycle.objects.create(
                start_at=hostile.NOW - hostile.timedelta(days=15),
                end_at=hostile.NOW + hostile.timedelta(days=15),
            )
            yield [self.make(name) for name in ("Zarathustra Quux", "Björn O'Xylo", "Wilhelmina Vroom")]

    def make(self, name):
        email = re.sub(r"\W", "", name.lower()).encode("ascii", "ignore").decode() + "@company.com"
        member = Member.objects.create(
            email=email, name=name, first_seen_at=hostile.NOW, last_seen_at=hostile.NOW
        )
        hostile.put(member, hostile.Group.objects.create(name=f"Team {email[:3]}", created_at=hostile.NOW))
        hostile.use(member, "opus", hostile.YESTERDAY, requests=20, cents=5_000)
        hostile.make_trouble(member, f"{name} ({email}) spent $50 in 24 h")
        return member

    def all_answers(self, client, members):
        for url in [*hostile.pages(members), "/api/stats", "/api/anomalies", "/api/groups", "/api/analytics"]:
            body = client.get(url).content.decode()
            yield url, body
            for link in exports(url, body):
                yield link, client.get(link).content.decode()

    def test_only_the_own_group(self, sign_in, company):
        AccessSettings.objects.create(viewers_see="own", default_role="viewer")
        client = sign_in("viewer", company[0].email)
        others = re.compile("rn o|xylo|wilhel|vroom", re.IGNORECASE)
        said = {url: others.findall(body) for url, body in self.all_answers(client, company)}
        assert {url: found for url, found in said.items() if found and "/users/" not in url} == {}
        assert client.get(company[0].get_absolute_url()).status_code == 200
        for member in company[1:]:
            assert client.get(member.get_absolute_url()).status_code == 404
            assert client.get(member.incidents.get().get_absolute_url()).status_code == 404

    def test_the_pages_say_so(self, sign_in, company):
        policy = AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
        client = sign_in("viewer", company[0].email)
        assert "Names are hidden." in client.get("/").content.decode()
        policy.viewers_see = "own"
        policy.save()
        assert "Only you and your groups." in client.get("/").content.decode()


@pytest.mark.browser
@pytest.mark.django_db(transaction=True)
def test_nothing_runs_in_a_browser(page, live_server):
    members = hostile.build()
    found = []
    page.on("console", lambda said: found.append(said.text) if "Security Policy" in said.text else None)
    page.on("dialog", lambda dialog: found.append(dialog.message))
    for url in hostile.pages(members)[:8]:
        page.goto(live_server.url + url)
        assert page.evaluate("window.pwned") is None, url
    assert found == []

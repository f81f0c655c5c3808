"""The pages of limits: who may change one, what the confirm page shows, and what the member may ask."""

from __future__ import annotations

import uuid

import pytest
import time_machine
from django.test import Client

from collector.models import MemberAddress
from incidents.actions.limit_requests import deny_request, record_request
from incidents.lifecycle import Actor
from incidents.models import LimitChange, LimitRequest
from sandbox import Sandbox
from tests.incidents.actions.limit_site import DAY, NOW, LimitSite, make_site, small_company
from tests.tracker import slack_buttons
from tests.tracker.conftest import ALLAUTH, make_person
from tracker.models import AccessSettings, AuditEntry

pytestmark = pytest.mark.django_db


@pytest.fixture(scope="module")
def limit_company():
    return small_company()


@pytest.fixture
def site(db, settings, auth_on, limit_company):
    settings.CURSOR_LIMITS = "write"
    with Sandbox(limit_company, enforces_limits=False) as sandbox, time_machine.travel(NOW, tick=False):
        settings.CURSOR_API_URL, settings.CURSOR_ADMIN_API_KEY = sandbox.url, sandbox.key
        yield make_site(sandbox)


def client_of(role: str, email: str = "") -> Client:
    client = Client()
    client.force_login(make_person(role, email), backend=ALLAUTH)
    return client


def form(dollars: int | str = 80, **fields) -> dict:
    return {"what": "set", "dollars": dollars, "reason": "Runaway", "key": str(uuid.uuid4())} | fields


def page_of(site: LimitSite) -> str:
    return f"/users/{site.member.email}/limit"


def test_an_administrator_confirms_with_the_figures_of_the_moment_and_sees_the_limit_read_back(site):
    admin, data = client_of("admin"), form(incident=site.incident.pk)
    confirm = admin.post(page_of(site), data).content.decode()
    assert "At Cursor now" in confirm and "Spent in this cycle" in confirm
    assert "$500" in confirm and "none: the team's applies" in confirm
    assert f"Set {site.member}'s limit to $80 per billing cycle" in confirm
    assert site.calls == 0
    done = admin.post(page_of(site), data | {"confirmed": "1"}, follow=True)
    assert done.redirect_chain[-1][0] == site.incident.get_absolute_url()
    assert "The limit is set. In force now: $80.00." in done.content.decode()
    assert "from no limit to $80, in force." in done.content.decode()  # the timeline
    assert site.own == 80
    assert AuditEntry.objects.filter(detail__contains=f"limit of {site.member.email} to $80").exists()
    admin.post(page_of(site), data | {"confirmed": "1"})  # the browser's back button, and again
    assert site.calls == 1


def test_a_limit_is_lifted_and_a_temporary_one_says_what_comes_back(site):
    admin = client_of("admin")
    admin.post(page_of(site), form(120) | {"confirmed": "1"})
    until = f"{NOW + DAY:%Y-%m-%dT%H:%M}"
    admin.post(page_of(site), form(80, until=until) | {"confirmed": "1"})
    text = admin.get(page_of(site)).content.decode()
    assert "$80 until 17 Sep 2026, 15:00 UTC, then $120" in text
    admin.post(page_of(site), form("", what="lift") | {"confirmed": "1"})
    assert site.own is None


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"dollars": ""}, "Enter a whole number of dollars"),
        ({"dollars": "2,5"}, 'type="text" name="dollars" value="2,5"'),
        ({"dollars": "-1"}, "greater than or equal to 0"),
        ({"until": "2026-09-16T14:00"}, "in the future"),
        ({"reason": ""}, "This field is required"),
    ],
)
def test_a_wrong_form_is_shown_again_and_changes_nothing(site, fields, words):
    text = client_of("admin").post(page_of(site), form(**fields) | {"confirmed": "1"}).content.decode()
    assert words in text
    assert not LimitChange.objects.exists()


def test_without_the_setting_the_page_says_how_to_do_it_at_cursor(site, settings):
    settings.CURSOR_LIMITS = "read"
    admin = client_of("admin")
    text = admin.get(page_of(site)).content.decode()
    assert "How to set it in Cursor" in text and "CURSOR_LIMITS=write" in text
    admin.post(page_of(site), form() | {"confirmed": "1"})
    assert (site.calls, LimitChange.objects.count()) == (0, 0)


def test_the_incidents_page_and_the_members_page_lead_there_for_administrators_alone(site):
    link = f"{page_of(site)}?incident={site.incident.pk}"
    assert link in client_of("admin").get(site.incident.get_absolute_url()).content.decode()
    assert link not in client_of("responder").get(site.incident.get_absolute_url()).content.decode()
    other_admin = client_of("admin", "b@company.com")
    assert page_of(site) in other_admin.get(site.member.get_absolute_url()).content.decode()


def test_a_member_with_a_limit_is_offered_another_and_not_a_first_one(site):
    admin, responder = client_of("admin"), client_of("responder")
    page, name = site.incident.get_absolute_url(), site.member
    assert f"Set a spend limit for {name}" in admin.get(page).text
    assert f"Ask for a spend limit for {name}" in responder.get(page).text
    admin.post(page_of(site), form(80) | {"confirmed": "1"})
    for reader, title in ((admin, "Change"), (responder, "Ask to change")):
        text = reader.get(page).text
        assert f"{title} the spend limit of {name}" in text and "It is $80 per billing cycle now." in text
        assert "a spend limit for" not in text
    admin.post(page_of(site), form("", what="lift") | {"confirmed": "1"})
    assert "It is $500 per billing cycle now." in admin.get(page).text  # the team's, which then applies


def test_no_viewer_member_or_responder_changes_a_limit_by_any_address(site, settings):
    """Every address that could, with every role below administrator, signed in or by token."""
    settings.SLACK_SIGNING_SECRET = slack_buttons.SECRET
    wish = record_request(site.member, 300, "More", None, NOW)
    addresses = [
        (page_of(site), form() | {"confirmed": "1"}),
        (f"/limits/requests/{wish.pk}/approve", {}),
        (f"/limits/requests/{wish.pk}/deny", {}),
        ("/admin/incidents/limitchange/add/", form()),
        (f"/incidents/{site.incident.pk}/limit", form()),
        ("/admin/incidents/guardsettings/", {"mode": "on", "minutes": 5, "extra_dollars": 1}),
    ]
    callers = [
        Client(),
        client_of("viewer", "v@company.com"),
        client_of("responder", "r@company.com"),
        client_of("viewer", site.member.email),
    ]
    for client in callers:
        for url, data in addresses:
            answer = client.post(url, data)
            assert answer.status_code in (302, 403, 404, 405), (url, answer.status_code)
            if answer.status_code == 302:
                assert "login" in answer["Location"], url
    wish.refresh_from_db()
    assert (site.calls, LimitChange.objects.count(), wish.status) == (0, 0, "pending")


def test_the_member_asks_on_a_page_of_their_own_and_nobody_else_does(site, settings):
    settings.AUTH_ALLOWED_EMAILS = [site.member.email]
    url = f"/users/{site.member.email}/limit/request"
    member = client_of("viewer", site.member.email)
    answer = member.post(url, {"dollars": 300, "reason": "A release week"}, follow=True)
    assert "Your request is recorded" in answer.content.decode()
    assert "You asked for $300" in answer.content.decode()
    assert LimitRequest.objects.get().reason == "A release week"
    for other in (client_of("viewer", "v@company.com"), client_of("admin", "a@company.com")):
        assert other.post(url, {"dollars": 9, "reason": "x"}).status_code == 403
    assert LimitRequest.objects.count() == 1
    assert site.calls == 0


def test_a_member_who_signs_in_with_a_former_address_is_led_back_to_the_own_page(site, settings):
    settings.AUTH_ALLOWED_EMAILS = ["former@company.com"]
    MemberAddress.objects.create(email="former@company.com", member=site.member, noted_at=NOW)
    answer = client_of("viewer", "former@company.com").post(
        "/users/former@company.com/limit/request", {"dollars": 300, "reason": "x"}, follow=True
    )
    assert (answer.status_code, "You asked for $300" in answer.content.decode()) == (200, True)


@pytest.mark.parametrize(("seen", "by"), [("names", "Ada Byron"), ("pseudonyms", "a colleague")])
def test_whoever_decided_is_named_to_the_member_as_far_as_names_are_shown(site, settings, seen, by):
    settings.AUTH_ALLOWED_EMAILS = [site.member.email]
    AccessSettings.objects.create(viewers_see=seen, default_role="viewer")
    deny_request(record_request(site.member, 300, "More", None, NOW), Actor(None, "Ada Byron"), NOW)
    page = client_of("viewer", site.member.email).get(f"/users/{site.member.email}/limit/request")
    assert f"denied by {by}" in page.content.decode()


def test_an_administrator_approves_on_the_page_and_the_limit_holds(site):
    wish = record_request(site.member, 300, "More", None, NOW)
    admin = client_of("admin")
    assert "asks for $300" in admin.get("/limits").content.decode()
    text = admin.post(f"/limits/requests/{wish.pk}/approve", follow=True).content.decode()
    assert "The limit is set. In force now: $300.00." in text
    assert site.own == 300
    again = admin.post(f"/limits/requests/{wish.pk}/deny", follow=True).content.decode()
    assert "Already approved by" in again

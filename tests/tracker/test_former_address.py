"""Whoever asks by an address that a member had before finds the member."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import date

import pytest
from django.http import Http404, HttpResponse
from django.test import Client

from collector.base.names import Names, shown_as
from collector.models import Member, MemberAddress
from groups.imports.apply import upload
from groups.models import Group
from incidents.models import Incident
from tests.incidents.factories import NOON, make_incident, make_member
from tests.tracker.api import conftest as api_fixtures
from tests.tracker.conftest import make_person
from tracker.access.privacy import names_for, visible_ids
from tracker.access.request import Access
from tracker.access.roles import Role
from tracker.models import AccessSettings
from tracker.views.limits import find_person
from tracker.views.slack import PressRefused, find_actor

pytestmark = pytest.mark.django_db
script = api_fixtures.script
OLD, NEW = "ida@old.example", "ida@new.example"


@pytest.fixture(autouse=True)
def ida() -> Member:
    member = make_member(NEW, name="Ida Rask")
    MemberAddress.objects.create(email=OLD, member=member, noted_at=NOON)
    return member


@pytest.mark.parametrize("address", [OLD, "IDA@Old.example", NEW])
def test_the_page_the_limit_and_the_api_know_both(ida, client: Client, script: Callable, address: str):
    assert client.get(f"/users/{address}", follow=True).status_code == 200
    assert find_person(address) == ida
    answer: HttpResponse = script("viewer")("get", f"/api/users/{address}")
    assert answer.json()["member"]["email"] == NEW


def test_nobody_is_found_by_an_address_that_was_nobodys():
    with pytest.raises(Http404):
        find_person("ida@other.example")


def test_a_press_in_slack_under_the_old_address_is_the_members(settings):
    AccessSettings.objects.create(default_role="responder")
    assert find_actor(OLD).name == "Ida Rask"


def test_a_search_for_the_old_address_finds_incidents_and_the_member(ida):
    incident = make_incident(ida)
    make_incident(make_member("bo@x.example"))
    assert list(Incident.objects.matching("ida@old")) == [incident]
    assert list(Member.objects.matching("ida@old")) == [ida]


def test_a_directory_that_has_the_old_address_moves_the_member():
    Group.objects.create(name="Core", created_at=NOON)
    text = f"Email,Display name,Group,Team\n{OLD},Ida,Core,Web\n"
    plan = upload(
        "hibob", io.BytesIO(text.encode()), name="p.csv", from_day=date(2026, 3, 2), by="ada", now=NOON
    ).plan
    assert [move["email"] for move in plan["moves"]] == [NEW]
    assert plan["not_members"] == []


def test_of_a_directory_with_both_addresses_the_present_one_counts():
    text = f"email,name,group\n{OLD},Ida,Core > Old\n{NEW},Ida,Core > New\n"
    plan = upload(
        "backup", io.BytesIO(text.encode()), name="p.csv", from_day=date(2026, 3, 2), by="ada", now=NOON
    ).plan
    assert [(move["email"], move["new"]) for move in plan["moves"]] == [(NEW, "Core > New")]


def test_names_stay_hidden_behind_either_address_and_ones_own_are_shown(ida):
    with shown_as(Names(True)):
        assert [Member.objects.by_address(email) for email in (OLD, NEW)] == [None, None]
        assert list(Member.objects.matching("ida@old")) == []
    own = Access(
        Role.VIEWER, OLD, make_person("viewer", OLD), policy=AccessSettings(viewers_see="pseudonyms")
    )
    with shown_as(names_for(own, date(2026, 3, 2))):
        assert [Member.objects.by_address(email) for email in (OLD, NEW)] == [ida, ida]
        assert ida.shown_name == "Ida Rask"


def test_whoever_signs_in_with_the_old_address_sees_what_is_their_own(ida):
    access = Access(Role.VIEWER, OLD, make_person("viewer", OLD), policy=AccessSettings(viewers_see="own"))
    assert visible_ids(access, date(2026, 3, 2)) == {ida.pk}


def test_whoever_has_the_old_address_after_them_is_not_taken_for_the_member(ida):
    later = make_person("viewer", OLD)
    make_person("viewer", NEW.upper())
    for policy in (AccessSettings(viewers_see="own"), AccessSettings(viewers_see="pseudonyms")):
        access = Access(Role.VIEWER, OLD, later, policy=policy)
        assert names_for(access, date(2026, 3, 2)).own_id is None
    own = Access(Role.VIEWER, OLD, later, policy=AccessSettings(viewers_see="own"))
    assert visible_ids(own, date(2026, 3, 2)) == frozenset()


def test_whoever_has_the_old_address_after_them_asks_for_no_limit_and_presses_nothing_as_the_member(sign_in):
    later = sign_in("viewer", "ida@company.com")
    member = Member.objects.get(email=NEW)
    for former in ("ida@company.com", "rask@company.com"):
        MemberAddress.objects.create(email=former, member=member, noted_at=NOON)
    address = "/users/ida@company.com/limit/request"
    assert later.get(address).status_code == 200
    assert find_actor("rask@company.com").name == "Ida Rask"
    make_person("responder", NEW)
    assert later.get(address).status_code == 403
    with pytest.raises(PressRefused, match="does not belong to a member"):
        find_actor("rask@company.com")

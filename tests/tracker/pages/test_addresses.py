"""What the address bar may ask for, and how a wrong one is answered."""

import random

import pytest

from collector.facts.rollups import recompute_days
from tests.tracker.pages import company


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ("period=abc", "There is no period “abc”"),
        ("period=-7", "There is no period “-7”"),
        ("badge=hero", "There is no badge “hero”"),
        ("members.sort=height", "no column “height”"),
        ("members.page=0", "the first page is 1"),
        ("csv=nothing", "no table or chart called “nothing”"),
        ("search=" + "x" * 101, "“search” is longer"),
    ],
)
def test_an_address_that_makes_no_sense_is_refused_in_words(acme, client, query, said):
    answer = client.get(f"/?{query}")
    assert answer.status_code == 400
    assert said in answer.text


def test_a_page_past_the_end_is_the_last(acme, client):
    assert "10 in all" not in client.get("/?members.page=999").text
    assert client.get("/?members.page=999").status_code == 200


def test_an_unknown_member_is_not_found(acme, client):
    answer = client.get("/users/nobody@acme.example")
    assert answer.status_code == 404
    assert "Cursor has reported nobody with the address nobody@acme.example." in answer.text


@pytest.mark.parametrize("email", ["r&d/bot@acme.example", "service-account:ci/deploy"])
def test_a_member_with_a_slash_in_the_address_has_a_page_like_all_others(acme, client, email):
    member = company.make_member(email, "Slash")
    company.make_usage(member, 9, random.Random(5))  # noqa: S311  made-up usage, no secret
    recompute_days(company.FIRST_DAY, company.TODAY, company.NOW)
    for address in ("/", "/insights", "/chargeback", member.get_absolute_url(), f"/api/users/{email}"):
        assert client.get(address).status_code == 200, address


def test_filters_go_along_to_other_pages_and_back(acme, client):
    text = client.get("/?period=7d&group=Data&search=eva").text
    assert 'href="/?period=7d&amp;group=Data&amp;search=eva"' in text
    assert '<option value="Data" selected>' in text


def test_on_the_first_day_of_a_cycle_there_is_no_average(acme, client):
    company.BillingCycle.objects.filter(start_at=company.CYCLE_START).update(
        end_at=company.NOW.replace(hour=9)
    )
    company.BillingCycle.objects.create(start_at=company.NOW.replace(hour=9), end_at=company.CYCLE_END)
    answer = client.get("/?period=cycle")
    assert answer.status_code == 200
    assert "day 1 of 12" in answer.text  # 23 November and 4 December in part


def test_a_csv_holds_every_member_in_dollars(acme, client):
    answer = client.get("/?csv=members&period=7d")
    head, *rows = answer.text.lstrip("\ufeff").splitlines()
    assert head.startswith("Name,E-mail,Spend (USD),On demand (USD),Requests")
    assert len(rows) == 9
    assert (
        answer["Content-Disposition"]
        == 'attachment; filename="overview-2026-11-16-to-2026-11-22-members.csv"'
    )

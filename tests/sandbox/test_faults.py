import contextlib
import time
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from sandbox import Sandbox
from sandbox.company.instants import to_ms
from sandbox.faults import (
    KINDS,
    EmptyPage,
    Html,
    Missing,
    Null,
    OtherJson,
    RepeatedPage,
    Reset,
    Slow,
    StatusFault,
    Truncated,
    WrongCount,
    fault_named,
)

from .conftest import NOW

EVENTS = "/teams/filtered-usage-events"
DAY = {"startDate": to_ms(NOW) - 86_400_000, "endDate": to_ms(NOW)}


def test_the_next_answer_of_a_path_fails_and_the_one_after_is_good(api, sandbox):
    sandbox.faults.next("/teams/members", StatusFault(503))
    assert api.call("GET", "/v1/me").status_code == 200
    first, second = (api.call("GET", "/teams/members") for _ in range(2))
    assert (first.status_code, second.status_code) == (503, 200)
    assert first.json() == {"error": "Service Unavailable", "message": "Please try again later."}
    assert sandbox.faults.happened == {"StatusFault": 1}


def test_plans_happen_in_the_order_they_were_made(api, sandbox):
    sandbox.faults.next("/teams/*", StatusFault(500), times=2)
    sandbox.faults.next("/teams/members", StatusFault(502))
    assert [api.call("GET", "/teams/members").status_code for _ in range(4)] == [500, 500, 502, 200]


def test_too_many_requests_come_with_seconds_with_a_date_or_with_nothing(api, sandbox):
    for fault in (
        StatusFault(429, retry_after=3),
        StatusFault(429, retry_after=90, is_date=True),
        StatusFault(429),
    ):
        sandbox.faults.next("/teams/members", fault)
    seconds, dated, bare = (api.call("GET", "/teams/members") for _ in range(3))
    assert [answer.status_code for answer in (seconds, dated, bare)] == [429, 429, 429]
    assert seconds.headers["Retry-After"] == "3"
    wait = parsedate_to_datetime(dated.headers["Retry-After"]) - datetime.now(UTC)
    assert 80 < wait.total_seconds() <= 90
    assert "Retry-After" not in bare.headers
    assert bare.json()["message"] == "Rate limit exceeded. Please try again later."


def test_a_reset_breaks_the_connection(api, sandbox):
    sandbox.faults.next("/teams/members", Reset())
    with pytest.raises(requests.ConnectionError, match="reset"):
        api.call("GET", "/teams/members")
    assert api.call("GET", "/teams/members").status_code == 200


def test_a_truncated_body_is_shorter_than_it_says(api, sandbox):
    sandbox.faults.next("/teams/members", Truncated())
    with pytest.raises(requests.exceptions.ChunkedEncodingError):
        api.call("GET", "/teams/members")


def test_a_slow_answer_is_right_but_late(api, sandbox):
    sandbox.faults.next("/teams/members", Slow(0.3))
    began = time.monotonic()
    assert len(api.get("/teams/members")["teamMembers"]) == 39
    assert time.monotonic() - began >= 0.3


def test_wrong_shapes_come_with_status_200(api, sandbox):
    for fault in (Html(), OtherJson(), Missing(), Null(), Missing("id")):
        sandbox.faults.next("/teams/members", fault)
    page = api.call("GET", "/teams/members")
    assert page.status_code == 200 and page.headers["Content-Type"] == "text/html"
    assert page.text.startswith("<!doctype html>")
    assert api.get("/teams/members") == {"status": "ok"}
    assert api.get("/teams/members") == {}
    assert api.get("/teams/members") == {"teamMembers": None}
    assert "id" not in api.get("/teams/members")["teamMembers"][0]


def test_an_empty_page_in_the_middle_still_promises_more(api, sandbox):
    sandbox.faults.next(EVENTS, EmptyPage())
    page = api.post(EVENTS, **DAY, page=1, pageSize=10)
    assert page["usageEvents"] == [] and page["pagination"]["hasNextPage"] is True


def test_a_count_does_not_add_up(api, sandbox):
    right = api.post(EVENTS, **DAY)["totalUsageEventsCount"]
    sandbox.faults.next(EVENTS, WrongCount())
    assert api.post(EVENTS, **DAY)["totalUsageEventsCount"] == right + 7


def test_a_page_repeats_the_one_before_it(api, sandbox):
    pages = [api.post(EVENTS, **DAY, page=number, pageSize=10)["usageEvents"] for number in (1, 2)]
    sandbox.faults.next(EVENTS, RepeatedPage())
    assert api.post(EVENTS, **DAY, page=1, pageSize=10)["usageEvents"] == pages[0]
    assert api.post(EVENTS, **DAY, page=2, pageSize=10)["usageEvents"] == pages[0]
    assert api.post(EVENTS, **DAY, page=2, pageSize=10)["usageEvents"] == pages[1]
    assert sandbox.faults.happened == {"RepeatedPage": 1}


def test_chance_is_seeded_and_can_be_cleared(company):
    def statuses():
        with Sandbox(company, enforces_limits=False) as sandbox, requests.Session() as session:
            session.auth = (sandbox.key, "")
            sandbox.faults.sometimes(StatusFault(500), 0.3)
            answers = [session.get(f"{sandbox.url}/v1/me", timeout=30).status_code for _ in range(60)]
            sandbox.faults.clear()
            assert {session.get(f"{sandbox.url}/v1/me", timeout=30).status_code for _ in range(10)} == {200}
        return answers

    first = statuses()
    assert first == statuses()
    assert 8 <= first.count(500) <= 30


@pytest.mark.parametrize("name", KINDS)
def test_every_fault_has_a_name(name):
    assert fault_named(name) == KINDS[name](1.0)


def test_an_unknown_fault_is_refused():
    with pytest.raises(ValueError, match="unknown fault 'flood'"):
        fault_named("flood")
    assert fault_named("slow:2.5") == Slow(2.5)
    assert fault_named("429:30") == StatusFault(429, retry_after=30)


CALLS = (
    ("GET", "/teams/members"),
    ("POST", "/teams/spend"),
    ("POST", EVENTS),
    ("POST", "/teams/daily-usage-data"),
    ("GET", "/teams/groups"),
    ("GET", "/teams/audit-logs"),
    ("GET", "/analytics/team/models"),
    ("GET", "/analytics/by-user/mcp"),
    ("GET", "/analytics/ai-code/commits"),
)


@pytest.mark.parametrize("name", KINDS)
def test_every_endpoint_can_go_wrong_in_every_way_and_recovers(api, sandbox, capfd, name):
    sandbox.faults.sometimes(fault_named(f"{name}:0.01"), 1)
    for method, path in CALLS:
        body = {**DAY, "page": 2, "pageSize": 10} if method == "POST" else None
        with contextlib.suppress(requests.RequestException):
            api.call(method, path, json=body)
    assert sandbox.faults.happened.total() >= 1
    sandbox.faults.clear()
    assert [api.call(m, p, json=DAY if m == "POST" else None).status_code for m, p in CALLS] == [200] * len(
        CALLS
    )
    assert "Exception" not in capfd.readouterr().err

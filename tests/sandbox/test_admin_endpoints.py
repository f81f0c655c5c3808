from collections import defaultdict
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
import requests

from sandbox import Sandbox
from sandbox.company.instants import to_ms

from .conftest import NOW

DAY_MS = 86_400_000
NOW_MS = to_ms(NOW)
CYCLE_START = datetime(2026, 9, 14, 21, 23, 8, tzinfo=UTC)


def decimal_sum(numbers):
    return sum((Decimal(str(number)) for number in numbers), Decimal(0))


# Auth


@pytest.mark.parametrize("auth", [None, ("wrong", ""), ("key_sandbox", "password")])
def test_a_wrong_key_is_answered_401(sandbox, auth):
    answer = requests.get(f"{sandbox.url}/teams/members", auth=auth, timeout=30)
    assert answer.status_code == 401
    assert answer.json() == {"error": "Unauthorized", "message": "Invalid API key"}


def test_a_bearer_token_is_no_key(sandbox):
    headers = {"Authorization": f"Bearer {sandbox.key}"}
    assert requests.get(f"{sandbox.url}/teams/members", headers=headers, timeout=30).status_code == 401


def test_a_personal_key_answers_only_for_itself(sandbox):
    auth = (sandbox.api.personal_key, "")
    assert requests.get(f"{sandbox.url}/v1/me", auth=auth, timeout=30).status_code == 200
    assert requests.get(f"{sandbox.url}/teams/members", auth=auth, timeout=30).status_code == 401


def test_an_unknown_address_is_answered_404(api):
    assert api.call("GET", "/teams/nothing").status_code == 404
    assert api.call("GET", "/teams/spend").status_code == 404  # it is a POST


def test_a_body_that_is_no_object_is_refused(api):
    assert api.call("POST", "/teams/spend", data="[1]").status_code == 400
    assert api.call("POST", "/teams/spend", data="{").status_code == 400


# Members


def test_members_name_everyone_with_a_seat_and_some_who_left(api, company):
    rows = {row["email"].lower(): row for row in api.get("/teams/members")["teamMembers"]}
    left = [m for m in company.members if m.is_human and m.left_on <= NOW.date()]
    assert [rows[m.email]["isRemoved"] for m in left if m.is_listed] == [True, True]
    assert [m.email for m in left if not m.is_listed and m.email in rows] == []
    assert len(rows) == 39
    assert all(row["id"].startswith("user_") for row in rows.values())
    assert {row["role"] for row in rows.values()} == {"owner", "member", "free-owner"}
    assert any(row["email"] != row["email"].lower() for row in rows.values())


def test_a_joiner_appears_on_the_day_they_join(api, sandbox, company):
    joiner = next(m for m in company.members if company.first_day < m.joined_on <= NOW.date())
    sandbox.clock.freeze(datetime.combine(joiner.joined_on, datetime.min.time(), UTC) - timedelta(seconds=1))
    emails = [row["email"].lower() for row in api.get("/teams/members")["teamMembers"]]
    assert joiner.email not in emails
    sandbox.clock.advance(seconds=1)
    emails = [row["email"].lower() for row in api.get("/teams/members")["teamMembers"]]
    assert joiner.email in emails


# Spend


def test_spend_equals_the_events_of_the_cycle_to_six_decimals(api):
    overall, billed = defaultdict(Decimal), defaultdict(Decimal)
    for event in api.events(startDate=to_ms(CYCLE_START), endDate=NOW_MS):
        charged = Decimal(str(event["chargedCents"]))
        overall[event.get("userEmail")] += charged
        billed[event.get("userEmail")] += charged * event["isChargeable"]
    answer = api.post("/teams/spend", pageSize=100)
    assert answer["subscriptionCycleStart"] == to_ms(CYCLE_START)
    assert answer["totalMembers"] == len(answer["teamMemberSpend"]) == 39
    for row in answer["teamMemberSpend"]:
        assert Decimal(str(row["overallSpendCents"])) == overall[row["email"].lower()]
        assert Decimal(str(row["spendCents"])) == billed[row["email"].lower()]
    assert sum(overall.values()) > 20_000


def test_spend_pages_end_with_the_total_of_pages(api):
    pages = [api.post("/teams/spend", page=page, pageSize=25, sortBy="user") for page in (1, 2, 3)]
    assert [len(page["teamMemberSpend"]) for page in pages] == [25, 14, 0]
    assert all(page["totalPages"] == 2 for page in pages)
    assert "pagination" not in pages[0] and "currentPage" not in pages[0]
    assert len({row["userId"] for page in pages for row in page["teamMemberSpend"]}) == 39


def test_spend_can_be_sorted_and_searched(api):
    rows = api.post("/teams/spend", sortBy="amount")["teamMemberSpend"]
    amounts = [row["spendCents"] for row in rows]
    assert amounts == sorted(amounts, reverse=True)
    name = rows[0]["name"]
    assert [row["name"] for row in api.post("/teams/spend", searchTerm=name)["teamMemberSpend"]] == [name]


def test_spend_starts_again_with_the_cycle(api, sandbox):
    sandbox.clock.freeze(CYCLE_START)
    rows = api.post("/teams/spend")["teamMemberSpend"]
    assert decimal_sum(row["overallSpendCents"] for row in rows) == 0


# Daily usage


def daily(api, first: date, last: date, **paging):
    start = datetime.combine(first, datetime.min.time(), UTC)
    end = datetime.combine(last, datetime.min.time(), UTC) + timedelta(days=1, milliseconds=-1)
    return api.post("/teams/daily-usage-data", startDate=to_ms(start), endDate=to_ms(end), **paging)


def test_daily_usage_counts_the_requests_of_the_events(api):
    day = date(2026, 9, 15)
    events = api.events(startDate=1789430400000, endDate=1789430400000 + DAY_MS - 1)
    counted = defaultdict(int)
    for event in events:
        counted[event.get("userEmail")] += 1
    rows = daily(api, day, day)["data"]
    assert len(rows) > 10
    for row in rows:
        requests_made = row["agentRequests"] + row["chatRequests"] + row["cmdkUsages"]
        assert requests_made == row["subscriptionIncludedReqs"] + row["usageBasedReqs"]
        assert requests_made == counted[row["email"].lower()]
        assert row["isActive"] and row["mostUsedModel"] and row["clientVersion"]
        assert row["totalApplies"] == row["totalAccepts"] + row["totalRejects"]
        assert isinstance(row["userId"], int)
        assert (row["day"], row["date"]) == ("2026-09-15", 1789430400000)


def test_unpaged_daily_usage_names_the_active_and_paged_everyone(api):
    first, last = date(2026, 9, 14), date(2026, 9, 15)
    unpaged = daily(api, first, last)
    assert "pagination" not in unpaged
    pages = [daily(api, first, last, page=number, pageSize=30) for number in (1, 2)]
    assert [page["pagination"]["hasNextPage"] for page in pages] == [True, False]
    assert pages[0]["pagination"]["totalUsers"] == 37  # forty less three who left
    assert len(pages[0]["data"]) == 60
    rows = [row for page in pages for row in page["data"]]
    idle = [row for row in rows if not row["isActive"]]
    assert len(rows) - len(idle) == len(unpaged["data"])
    assert all(row["mostUsedModel"] is None and row["clientVersion"] is None for row in idle)


def test_daily_usage_refuses_more_than_thirty_days_and_missing_dates(api):
    assert len(daily(api, date(2026, 8, 1), date(2026, 8, 30))["data"])
    path = "/teams/daily-usage-data"
    too_long = {"startDate": NOW_MS - 31 * DAY_MS, "endDate": NOW_MS}
    assert api.call("POST", path, json=too_long).status_code == 400
    assert api.call("POST", path, json={"startDate": NOW_MS}).status_code == 400


def test_one_client_stays_behind(api):
    versions = {row["clientVersion"] for row in daily(api, date(2026, 9, 7), date(2026, 9, 11))["data"]}
    assert "1.7.54" in versions and len(versions) > 2


# Groups


def test_groups_spend_is_that_of_the_days_each_member_was_in_them(api):
    answer = api.get("/teams/groups", billingCycle="2026-09-01")
    assert answer["billingCycle"] == {
        "cycleStart": "2026-08-14T00:00:00.000Z",
        "cycleEnd": "2026-09-14T00:00:00.000Z",
    }
    groups = [*answer["groups"], answer["unassignedGroup"]]
    people = {row["email"].lower() for row in api.get("/teams/members")["teamMembers"]}
    events = api.events(
        startDate=to_ms(datetime(2026, 8, 14, tzinfo=UTC)),
        endDate=to_ms(datetime(2026, 9, 14, tzinfo=UTC)) - 1,
    )
    charged = decimal_sum(e["chargedCents"] for e in events if e.get("userEmail") in people)
    gone = decimal_sum(
        row["spendCents"]
        for group in groups
        for row in (*group["currentMembers"], *group["formerMembers"])
        if row["email"] not in people
    )
    assert decimal_sum(group["spendCents"] for group in groups) - gone == charged
    for group in groups:
        assert decimal_sum(day["spendCents"] for day in group["dailySpend"]) == Decimal(
            str(group["spendCents"])
        )


def test_someone_who_moved_is_a_former_member_of_the_old_group(api, company):
    moved = next(m for m in company.members if m.former_group and m.left_on > NOW.date())
    cycle = moved.moved_on.isoformat()
    groups = {group["name"]: group for group in api.get("/teams/groups", billingCycle=cycle)["groups"]}
    assert moved.email in {row["email"] for row in groups[moved.group]["currentMembers"]}
    former = {row["email"]: row for row in groups[moved.former_group]["formerMembers"]}
    assert former[moved.email]["leftAt"] == f"{moved.moved_on.isoformat()}T00:00:00.000Z"


def test_one_group_tells_its_members_days(api):
    listed = max(api.get("/teams/groups")["groups"], key=lambda group: group["memberCount"])
    one = api.get(f"/teams/groups/{listed['id']}")["group"]
    assert all("dailySpend" not in row for row in listed["currentMembers"])
    for row in one["currentMembers"]:
        assert decimal_sum(day["spendCents"] for day in row["dailySpend"]) == Decimal(str(row["spendCents"]))
    assert api.call("GET", "/teams/groups/group_none").status_code == 404
    assert api.call("GET", "/teams/groups", params={"billingCycle": "June"}).status_code == 400


def test_a_stopped_sandbox_answers_nobody(company):
    sandbox = Sandbox(company).start()
    with requests.Session() as session:
        session.auth = (sandbox.key, "")
        assert session.get(f"{sandbox.url}/v1/me", timeout=30).status_code == 200
        sandbox.stop()
        with pytest.raises(requests.ConnectionError):
            session.get(f"{sandbox.url}/v1/me", timeout=30)

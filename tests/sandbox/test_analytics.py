from collections import defaultdict

import pytest

from sandbox.answers.metrics import METRICS
from sandbox.company.instants import to_ms

from .conftest import NOW

WEEK = {"startDate": "2026-09-07", "endDate": "2026-09-13"}
DATED_DATE = {"dau", "models"}


def people_of(api):
    return {row["email"].lower() for row in api.get("/teams/members")["teamMembers"]}


def week_events(api):
    """The week's events of people; service account and automation are no users."""
    rows = api.events(
        startDate=to_ms(NOW.replace(day=7, hour=0)), endDate=to_ms(NOW.replace(day=14, hour=0)) - 1
    )
    return [row for row in rows if row.get("userEmail") and row.get("serviceAccountName") != "ci-agent"]


@pytest.mark.parametrize("metric", METRICS)
def test_every_team_metric_has_its_envelope_and_days_of_the_range(api, metric):
    answer = api.get(f"/analytics/team/{metric}", **WEEK)
    day_field = "date" if metric in DATED_DATE else "event_date"
    days = [row[day_field] for row in answer["data"]]
    assert days and days == sorted(days)
    assert days[0] >= "2026-09-07" and days[-1] <= "2026-09-13"
    name = "top-files" if metric == "top-file-extensions" else metric
    assert answer["params"] == {"metric": name, "teamId": 1, **WEEK}


def test_models_count_the_messages_and_users_of_the_events(api):
    messages, users = defaultdict(int), defaultdict(set)
    for event in week_events(api):
        key = event["model"]
        messages[key] += 1
        users[key].add(event["userEmail"])
    told = defaultdict(int)
    for day in api.get("/analytics/team/models", **WEEK)["data"]:
        for model, figures in day["model_breakdown"].items():
            told[model] += figures["messages"]
            assert figures["users"] <= len(users[model.replace("claude-sonnet-4.5", "claude-4.5-sonnet")])
    assert told.pop("claude-sonnet-4.5") == messages.pop("claude-4.5-sonnet")  # another spelling
    assert told == messages


def test_dau_counts_the_people_of_the_events(api):
    people = defaultdict(set)
    for event in week_events(api):
        people[int(event["timestamp"]) // 86_400_000].add(event["userEmail"])
    assert [day["dau"] for day in api.get("/analytics/team/dau", **WEEK)["data"]] == [
        len(people[day]) for day in sorted(people)
    ]


def test_client_versions_are_shares_of_one(api):
    days = defaultdict(list)
    for row in api.get("/analytics/team/client-versions", **WEEK)["data"]:
        days[row["event_date"]].append(row)
    for rows in days.values():
        assert sum(row["percentage"] for row in rows) == pytest.approx(1, abs=0.001)
    assert "1.7.54" in {row["client_version"] for rows in days.values() for row in rows}


def test_agent_edits_agree_with_daily_usage(api):
    start = to_ms(NOW.replace(day=7, hour=0))
    daily = api.post("/teams/daily-usage-data", startDate=start, endDate=start + 7 * 86_400_000 - 1)["data"]
    edits = api.get("/analytics/team/agent-edits", **WEEK)["data"]
    assert sum(row["total_accepted_diffs"] for row in edits) == sum(row["totalAccepts"] for row in daily) > 0
    assert sum(row["total_green_lines_suggested"] for row in edits) == sum(
        row["totalLinesAdded"] for row in daily
    )


def test_at_most_five_extensions_a_day(api):
    days = defaultdict(list)
    for row in api.get("/analytics/team/top-file-extensions", **WEEK)["data"]:
        days[row["event_date"]].append(row["total_files"])
    assert max(len(files) for files in days.values()) == 5
    assert all(files == sorted(files, reverse=True) for files in days.values())


@pytest.mark.parametrize("metric", sorted(METRICS.keys() - {"dau"}))
def test_by_user_rows_are_parts_of_the_teams(api, metric):
    one = api.get(f"/analytics/by-user/{metric}", page=1, pageSize=500, **WEEK)
    assert one["pagination"]["hasNextPage"] is False
    assert one["pagination"]["totalUsers"] == len(one["data"]) == len(one["params"]["userMappings"])
    assert {email.lower() for email in one["data"]} <= people_of(api)
    team = api.get(f"/analytics/team/{metric}", **WEEK)["data"]
    if "usage" in team[0]:
        assert sum(row["usage"] for rows in one["data"].values() for row in rows) == sum(
            r["usage"] for r in team
        )


def test_by_user_pages_count_people(api):
    path = "/analytics/by-user/mcp"
    pages = [api.get(path, page=number, pageSize=10, **WEEK) for number in (1, 2, 3, 4)]
    assert [page["pagination"]["hasNextPage"] for page in pages] == [True, True, False, False]
    emails = [email for page in pages for email in page["data"]]
    assert len(emails) == len(set(emails)) == pages[0]["pagination"]["totalUsers"]
    assert api.call("GET", path, params={"pageSize": 501}).status_code == 400
    assert api.call("GET", "/analytics/by-user/dau").status_code == 404


def test_users_narrow_the_answer_and_unknown_ones_are_refused(api):
    rows = api.get("/analytics/by-user/models", **WEEK)
    email, user_id = next((m["email"], m["id"]) for m in rows["params"]["userMappings"])
    for name in (email, user_id):
        assert list(api.get("/analytics/by-user/models", users=name, **WEEK)["data"]) == [email]
    assert api.call("GET", "/analytics/team/dau", params={"users": "nobody@acme.example"}).status_code == 400


@pytest.mark.parametrize(
    ("start", "end", "status"),
    [
        ("30d", "today", 200),
        ("2026-08-17", "2026-09-16", 200),
        ("2026-08-16", "2026-09-16", 400),
        ("yesterday", "now", 200),
        ("2026-09-10T12:00:00Z", "2026-09-12T01:00:00Z", 200),
        ("2026-09-12", "2026-09-10", 400),
        ("soon", "today", 400),
    ],
)
def test_dates_come_in_several_notations_within_thirty_days(api, start, end, status):
    answer = api.call("GET", "/analytics/team/dau", params={"startDate": start, "endDate": end})
    assert answer.status_code == status


def test_an_unchanged_answer_is_304_without_a_body_and_costs_nothing(api, sandbox):
    first = api.call("GET", "/analytics/team/dau", params=WEEK)
    assert first.headers["Cache-Control"] == "public, max-age=900"
    spent = sandbox.limits.busiest_minute()["analytics-team"]
    again = api.call(
        "GET", "/analytics/team/dau", params=WEEK, headers={"If-None-Match": first.headers["ETag"]}
    )
    assert (again.status_code, again.content) == (304, b"")
    assert sandbox.limits.busiest_minute()["analytics-team"] == spent
    other = api.call("GET", "/analytics/team/dau", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200 and other.headers["ETag"] != first.headers["ETag"]


def test_timestamps_in_the_range_are_not_cached(api):
    params = {"startDate": "2026-09-10T12:00:00Z", "endDate": "2026-09-12"}
    assert "ETag" not in api.call("GET", "/analytics/team/dau", params=params).headers
    assert "ETag" not in api.call("GET", "/teams/members").headers


@pytest.mark.parametrize("status", [401, 403, 404])
def test_a_plan_without_analytics_refuses_them_and_nothing_else(api, sandbox, status):
    sandbox.behaviour.update(analytics_status=status)
    for path in ("/analytics/team/dau", "/analytics/by-user/mcp", "/analytics/ai-code/commits"):
        answer = api.call("GET", path)
        assert answer.status_code == status and answer.json()["message"]
    assert api.call("GET", "/teams/members").status_code == 200


# AI code


def commits(api, **query):
    first = api.get("/analytics/ai-code/commits", page=1, pageSize=50, **query)
    items, page = first["items"], 1
    while page * first["pageSize"] < first["totalCount"]:
        page += 1
        items += api.get("/analytics/ai-code/commits", page=page, pageSize=50, **query)["items"]
    assert len(items) == first["totalCount"]
    return items


def test_commits_are_read_to_the_total_and_some_are_amended_or_lack_fields(api):
    items = commits(api, startDate="2026-08-01")
    assert len(items) > 300
    by_hash = defaultdict(list)
    for item in items:
        by_hash[item["commitHash"]].append(item)
    amended = [rows for rows in by_hash.values() if len(rows) > 1]
    assert amended
    for newer, older in amended:
        assert newer["commitTs"] == older["commitTs"] and newer["createdAt"] > older["createdAt"]
    assert {row["commitSource"] for row in items} >= {"ide", "cli"}
    for field in ("commitTs", "repoName", "branchName", "nonAiLinesAdded"):
        assert any(row[field] is None for row in items), field
    assert any("isPrimaryBranch" not in row for row in items)
    assert any(row.get("isPrimaryBranch", False) is None for row in items)


def test_lines_of_a_commit_add_up(api):
    for row in commits(api):
        if row["nonAiLinesAdded"] is not None:
            ai = row["tabLinesAdded"] + row["composerLinesAdded"]
            assert row["nonAiLinesAdded"] == max(0, row["totalLinesAdded"] - ai)


def test_commits_of_one_person(api):
    email = commits(api)[0]["userEmail"]
    assert {row["userEmail"] for row in commits(api, user=email.upper())} == {email}


# Audit log


def test_the_audit_log_tells_who_joined_and_left(api, company):
    left = next(m for m in company.members if company.first_day < m.left_on <= NOW.date())
    month = {"startTime": left.left_on.isoformat(), "endTime": left.left_on.isoformat()}
    answer = api.get("/teams/audit-logs", eventTypes="remove_user", **month)
    assert [row["event_data"]["email"] for row in answer["events"]] == [left.email]
    assert answer["pagination"]["totalCount"] == 1
    assert api.call("GET", "/teams/audit-logs", params={"startTime": "2026-07-01"}).status_code == 400


# Before the first event


@pytest.mark.parametrize("metric", METRICS)
def test_a_range_without_events_is_empty(api, metric):
    range_ = {"startDate": "2026-01-05", "endDate": "2026-01-11"}
    assert api.get(f"/analytics/team/{metric}", **range_)["data"] == []
    if metric != "dau":
        by_user = api.get(f"/analytics/by-user/{metric}", **range_)
        assert by_user["data"] == {} and by_user["pagination"]["hasNextPage"] is False
    assert api.get("/analytics/ai-code/commits", **range_)["items"] == []
    january = {"startDate": 1767571200000, "endDate": 1768175999999}
    assert api.post("/teams/filtered-usage-events", **january)["totalUsageEventsCount"] == 0
    assert api.post("/teams/daily-usage-data", **january)["data"] == []
    assert api.get("/teams/groups", billingCycle="2026-01-05")["groups"][0]["dailySpend"] == []

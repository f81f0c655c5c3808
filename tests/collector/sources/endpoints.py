"""Each endpoint of which rows are read, with as many alike rows as there are ways to spoil one."""

from __future__ import annotations

import copy
from datetime import timedelta
from decimal import Decimal
from typing import Any

from .mutations import VALUES, WINDOW, Endpoint, at, milliseconds

COPIES = len(VALUES) + 1  # one of each kind, and one that is right


def endpoints(answers: dict[str, Any]) -> dict[str, Endpoint]:
    """Every endpoint of which rows are read, by a short name."""
    found = {
        "members": _members(answers),
        "spend": _spend(answers),
        "events": _events(answers),
        "activity": _activity(answers),
        "groups": _groups(answers),
        "group members": _group_members(answers),
        "commits": _commits(answers),
    }
    for path in answers:
        if path.startswith("/analytics/team/"):
            found[path] = _team(answers, path)
        if path.startswith("/analytics/by-user/"):
            found[path] = _by_user(answers, path)
    return found


def _numbered(row: dict[str, Any], number: int, **fields: Any) -> dict[str, Any]:
    person = {"userId": f"user_{number}", "id": f"user_{number}", "email": f"p{number}@x.com"}
    person["userEmail"] = person["email"]
    given = {name: value for name, value in person.items() if name in row}
    return copy.deepcopy(row) | given | fields


def _members(answers: dict[str, Any]) -> Endpoint:
    row = answers["/teams/members"]["teamMembers"][0]
    rows = [_numbered(row, number) for number in range(COPIES)]
    return Endpoint(
        "/teams/members", "members", rows, lambda rows: {"teamMembers": rows}, "Member", keys=("id", "email")
    )


def _spend(answers: dict[str, Any]) -> Endpoint:
    payload = answers["/teams/spend"]
    row = payload["teamMemberSpend"][0] | {
        "spendCents": Decimal("12.5"),
        "overallSpendCents": Decimal("40.25"),
    }
    rows = [_numbered(row, number) for number in range(COPIES)]

    def wrap(rows: list[Any]) -> dict[str, Any]:
        return payload | {"teamMemberSpend": rows, "totalMembers": len(rows), "totalPages": 1}

    return Endpoint("/teams/spend", "spend", rows, wrap, "SpendSnapshot", free=("name", "role"))


def _events(answers: dict[str, Any]) -> Endpoint:
    payload = answers["/teams/filtered-usage-events"]
    row = payload["usageEvents"][0]
    rows = [
        _numbered(row, number, timestamp=str(milliseconds(at(number))), conversationId=f"c{number}")
        for number in range(COPIES)
    ]

    def wrap(rows: list[Any]) -> dict[str, Any]:
        pages = {"numPages": 1, "currentPage": 1, "pageSize": 1000, "hasNextPage": False}
        return payload | {"usageEvents": rows, "totalUsageEventsCount": len(rows), "pagination": pages}

    return Endpoint("/teams/filtered-usage-events", "events", rows, wrap, "UsageEvent", keys=("timestamp",))


def _activity(answers: dict[str, Any]) -> Endpoint:
    row = answers["/teams/daily-usage-data"]["data"][0] | {"isActive": True, "agentRequests": 4}
    rows = [_numbered(row, number, userId=1000 + number, day="2026-09-15") for number in range(COPIES)]
    for each in rows:
        each["date"] = 1789430400000

    def wrap(rows: list[Any]) -> dict[str, Any]:
        people = {str(each.get("userId")) for each in rows if isinstance(each, dict)}
        return {"data": rows, "pagination": {"page": 1, "totalUsers": len(people), "hasNextPage": False}}

    return Endpoint(
        "/teams/daily-usage-data", "activity", rows, wrap, "DailyActivity", free=("date",), keys=("day",)
    )


def _groups(answers: dict[str, Any]) -> Endpoint:
    payload = answers["/teams/groups"]
    row = next(each for each in payload["groups"] if each["currentMembers"])
    person = row["currentMembers"][0]
    rows = [
        _numbered(
            row,
            n,
            id=f"group_{n}",
            name=f"Group {n}",
            currentMembers=[_numbered(person, n)],
            formerMembers=[],
        )
        for n in range(COPIES)
    ]
    return Endpoint(
        "/teams/groups",
        "groups",
        rows,
        lambda rows: {"groups": rows, "unassignedGroup": payload["unassignedGroup"]},
        "CursorGroup",
        keys=("id",),
        free=(
            "type",
            "memberCount",
            "createdAt",
            "updatedAt",
            "dailySpend",
            "directoryGroupId",
            "formerMembers",
        ),
        others={"/teams/directory-groups": {"groups": []}},
    )


def _group_members(answers: dict[str, Any]) -> Endpoint:
    groups = _groups(answers)
    people = [each["currentMembers"][0] for each in groups.rows]
    group = groups.rows[0]
    return Endpoint(
        groups.path,
        "groups",
        people,
        lambda rows: {"groups": [group | {"currentMembers": rows}]},
        "CursorGroupMembership",
        keys=("joinedAt", "userId", "email"),
        free=("name", "spendCents", "leftAt"),
        others=groups.others,
    )


def _commits(answers: dict[str, Any]) -> Endpoint:
    row = next(each for each in answers["/analytics/ai-code/commits"]["items"] if each.get("repoName"))
    rows = [
        _numbered(row, number, commitHash=f"hash{number}", commitTs="2026-09-15T10:00:00Z")
        | {"createdAt": "2026-09-15T10:00:05Z"}
        for number in range(COPIES)
    ]

    def wrap(rows: list[Any]) -> dict[str, Any]:
        return {"items": rows, "totalCount": len(rows), "page": 1, "pageSize": 1000}

    return Endpoint(
        "/analytics/ai-code/commits",
        "commits",
        rows,
        wrap,
        "AiCodeCommit",
        keys=("commitHash", "userEmail", "userId", "createdAt", "commitTs"),
        free=("message",),
    )


def _team(answers: dict[str, Any], path: str) -> Endpoint:
    row = answers[path]["data"][0]
    label = next((name for name in LABELS if name in row), "")
    rows = []
    for number in range(COPIES):
        day = (WINDOW.start_at + timedelta(days=1 + number)).date().isoformat()
        on = {name: day for name in ("date", "event_date") if name in row}
        rows.append(copy.deepcopy(row) | on | ({label: f"name {number}"} if label else {}))
    others = {each: {"data": []} for each in answers if each.startswith("/analytics/team/")}
    keys = ("date", "event_date", "model_breakdown", *LABELS)
    return Endpoint(
        path,
        "team_analytics",
        rows,
        lambda rows: {"data": rows},
        "TeamAnalyticsDay",
        keys=keys,
        others=others,
    )


def _by_user(answers: dict[str, Any], path: str) -> Endpoint:
    row = next(iter(answers[path]["data"].values()))[0]
    rows = []
    for number in range(COPIES):
        label = "tool_name" if "tool_name" in row else "command_name"
        rows.append(copy.deepcopy(row) | {label: f"name {number}"})

    def wrap(rows: list[Any]) -> dict[str, Any]:
        return {"data": {"p1@x.com": rows}, "pagination": {"page": 1, "totalUsers": 1, "hasNextPage": False}}

    others = {
        each: {"data": {}, "pagination": {"page": 1, "totalUsers": 0, "hasNextPage": False}}
        for each in answers
        if each.startswith("/analytics/by-user/")
    }
    keys = ("event_date", *LABELS)
    return Endpoint(path, "member_analytics", rows, wrap, "MemberAnalyticsDay", keys=keys, others=others)


LABELS = (
    "tool_name",
    "mcp_server_name",
    "command_name",
    "model",
    "skill_name",
    "file_extension",
    "client_version",
)

from datetime import date
from decimal import Decimal

import pytest
import time_machine

from collector.models import TeamAnalyticsDay
from tests.tracker.api import company
from tracker.models import AccessSettings

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def people():
    with time_machine.travel(company.NOW, tick=False):
        people = company.build()
        for metric, day, name, count in (
            ("mcp", company.YESTERDAY, "read_file", 7),
            ("tabs", company.YESTERDAY, "", 90),
            ("top-file-extensions", company.BEFORE, "py", 30),
        ):
            TeamAnalyticsDay.objects.create(
                metric=metric, day=day, name=name, detail="", count=count, values={}, updated_at=company.NOW
            )
        yield people


def test_how_the_team_works(script):
    body = script("viewer")("get", "/api/analytics?days=2").json()
    assert body["dau"] == [
        {"date": "2026-11-18", "dau": 0, "requesters": 1},
        {"date": "2026-11-19", "dau": 1, "requesters": 2},
    ]
    assert body["modelSummary"] == [
        {"model": "sonnet", "messages": 25, "users": 2, "spend_cents": 2000},
        {"model": "opus", "messages": 10, "users": 1, "spend_cents": 3000},
    ]
    assert body["modelTrend"] == [
        {"date": "2026-11-18", "model": "opus", "messages": 10},
        {"date": "2026-11-19", "model": "sonnet", "messages": 25},
    ]
    assert body["mcp"][0]["usage"] == 7
    assert body["tabs"] == [{"date": "2026-11-19", "count": 90, "values": {}}]
    assert body["fileExtensions"] == [{"file_extension": "py", "total_accepts": 30, "share": 1}]
    assert body["planExhaustion"] == {
        "summary": {"users_exhausted": 2, "total_active": 2, "median_cycle_day": 2.5},
        "users": [
            {"email": "ann@company.com", "date": "2026-11-18", "cycle_day": 2, "billed_requests": 30},
            {"email": "bob@company.com", "date": "2026-11-19", "cycle_day": 3, "billed_requests": 5},
        ],
    }


def test_half_a_cent_is_rounded_up_as_in_the_stats(script, people):
    company.use(people["Bob"], "haiku", company.YESTERDAY, requests=1, cents=Decimal("2.5"))
    body = script("viewer")("get", "/api/analytics?days=2").json()
    assert {row["model"]: row["spend_cents"] for row in body["modelSummary"]}["haiku"] == 3


def test_a_group_narrows_it_by_where_members_were_on_the_day(script):
    body = script("viewer")("get", "/api/analytics?days=7&group=eng > web").json()
    assert [(row["model"], row["messages"]) for row in body["modelSummary"]] == [("sonnet", 5)]
    assert [row["email"] for row in body["planExhaustion"]["users"]] == ["bob@company.com"]


def test_a_parent_covers_its_teams(script):
    body = script("viewer")("get", "/api/analytics?days=7&group=Eng").json()
    assert sum(row["messages"] for row in body["modelSummary"]) == 35


def test_a_group_that_nobody_is_in_is_empty_and_one_that_is_none_is_not_found(script):
    company.Group.objects.create(name="Empty", created_at=company.NOW)
    call = script("viewer")
    assert call("get", "/api/analytics?group=Empty").json()["modelSummary"] == []
    assert call("get", "/api/analytics?group=Nowhere").status_code == 404
    assert call("get", "/api/analytics?group=%00").status_code == 400


def test_a_viewer_sees_only_the_own_group(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    body = sign_in("viewer", "bob@company.com").get("/api/analytics?days=7").json()
    assert [row["email"] for row in body["planExhaustion"]["users"]] == ["bob@company.com"]
    assert [row["users"] for row in body["modelSummary"]] == [1]
    assert date(2026, 11, 19).isoformat() in {row["date"] for row in body["dau"]}

from datetime import UTC, datetime

import pytest

from collector.base.names import Names
from collector.models import Member, Source, Watermark
from tests.tracker.api import company
from tracker.models import AccessSettings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people")]


def test_the_figures_of_a_week(script):
    body = script("viewer")("get", "/api/stats?days=7").json()
    stats = body["stats"]
    days, ranked = stats.pop("dailyTeamActivity"), stats.pop("rankedUsers")
    assert (body["days"], stats) == (
        7,
        {
            "totalMembers": 3,
            "activeMembers": 2,
            "totalSpendCents": 5000,
            "totalAgentRequests": 35,
            "activeAnomalies": 0,
            "cycleStart": "2026-11-17T00:00:00Z",
            "cycleEnd": "2026-12-17T00:00:00Z",
            "cycleDays": 4,
        },
    )
    assert days[-2:] == [
        {"date": "2026-11-18", "total_agent_requests": 10, "total_lines_added": 0, "active_users": 1},
        {"date": "2026-11-19", "total_agent_requests": 25, "total_lines_added": 120, "active_users": 2},
    ]
    assert [day["date"] for day in days] == [f"2026-11-{day}" for day in range(13, 20)]
    assert [(row["rank"], row["email"], row["spend_cents"]) for row in ranked] == [
        (1, "ann@company.com", 4250),
        (2, "bob@company.com", 750),
        (3, "cat@company.com", 0),
    ]
    ann = ranked[0]
    assert (ann["agent_requests"], ann["most_used_model"], ann["active_days"]) == (30, "sonnet", 2)
    assert (ann["spend_rank"], ann["activity_rank"], ann["avg_cache_read"]) == (1, 1, 2000)
    assert (ann["lines_added"], ann["group"], ranked[2]["spend_rank"]) == (120, "Eng > Core", None)
    assert set(ann) >= {"name", "usage_badge", "spend_badge", "context_badge", "adoption_badge"}


def test_days_after_the_last_reading_are_left_out_and_never_zero(script):
    Watermark.objects.update_or_create(
        source=Source.EVENTS, defaults={"complete_until_at": datetime(2026, 11, 18, 9, tzinfo=UTC)}
    )
    body = script("viewer")("get", "/api/stats?days=7").json()
    for days in (body["stats"]["dailyTeamActivity"], body["teamDailySpend"]):
        assert [day["date"] for day in days][-1] == "2026-11-18"


def test_what_stands_beside_the_figures(script):
    body = script("viewer")("get", "/api/stats?days=2").json()
    assert body["modelCosts"] == [
        {
            "model": "opus",
            "users": 1,
            "avg_spend": 3000,
            "total_spend": 3000,
            "total_reqs": 10,
            "emails": ["ann@company.com"],
        },
        {
            "model": "sonnet",
            "users": 2,
            "avg_spend": 1000,
            "total_spend": 2000,
            "total_reqs": 25,
            "emails": ["ann@company.com", "bob@company.com"],
        },
    ]
    assert body["teamDailySpend"] == [
        {"date": "2026-11-18", "spend_cents": 3000},
        {"date": "2026-11-19", "spend_cents": 2000},
    ]
    assert body["dailySpendBreakdown"] == [
        {"date": "2026-11-18", "email": "ann@company.com", "name": "Ann", "spend_cents": 3000},
        {"date": "2026-11-19", "email": "ann@company.com", "name": "Ann", "spend_cents": 1250},
        {"date": "2026-11-19", "email": "bob@company.com", "name": "Bob", "spend_cents": 750},
    ]


def test_a_day_of_credits_counts_in_the_breakdown_as_in_the_teams_day(script):
    company.use(
        Member.objects.get(email="cat@company.com"), "opus", company.YESTERDAY, requests=1, cents=-500
    )
    body = script("viewer")("get", "/api/stats?days=1").json()
    assert body["teamDailySpend"] == [{"date": "2026-11-19", "spend_cents": 1500}]
    assert sum(row["spend_cents"] for row in body["dailySpendBreakdown"]) == 1500


def test_one_day_is_one_day(script):
    body = script("viewer")("get", "/api/stats?days=1").json()
    assert body["stats"]["totalSpendCents"] == 2000
    assert body["teamDailySpend"] == [{"date": "2026-11-19", "spend_cents": 2000}]


def test_team_spend_and_model_costs_stand_alone_too(script):
    call = script("viewer")
    assert call("get", "/api/team-spend?days=1").json() == [{"date": "2026-11-19", "spend_cents": 2000}]
    assert [row["model"] for row in call("get", "/api/model-costs").json()] == ["opus", "sonnet"]


@pytest.mark.parametrize("days", ["abc", "0", "-1", "401", "1e9", "", "7.5", "NaN"])
def test_days_that_make_no_sense_are_refused(script, days):
    answer = script("viewer")("get", f"/api/stats?days={days}")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["days"]


@pytest.mark.parametrize(
    ("url", "most"),
    [
        ("/api/stats", 24),
        ("/api/model-costs", 20),
        ("/api/users/ann@company.com", 18),
        ("/api/groups", 14),
        ("/api/anomalies", 16),
        ("/api/analytics", 20),
    ],
)
def test_the_queries_do_not_grow_with_the_company(script, django_assert_max_num_queries, url, most):
    for number in range(5):
        member = company.make_member(f"Member{number}")
        company.put(member, company.Group.objects.create(name=f"G{number}", created_at=company.NOW))
        company.use(member, f"model-{number}", company.YESTERDAY, requests=5, cents=100)
    call = script("viewer")
    call("get", url)  # gives the models their places
    with django_assert_max_num_queries(most):
        assert call("get", url).status_code == 200


def test_an_empty_installation_answers_zeros(script, people):
    for model in (company.MemberModelDay, company.DailyActivity, company.Assignment, company.BillingCycle):
        model.objects.all().delete()
    company.Member.objects.all().delete()
    stats = script("viewer")("get", "/api/stats").json()["stats"]
    assert (stats["totalMembers"], stats["totalSpendCents"], stats["cycleStart"]) == (0, 0, None)


class TestPrivacy:
    def test_a_viewers_token_gets_pseudonyms(self, script, people):
        AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
        body = script("viewer")("get", "/api/stats?days=7").content.decode()
        assert "ann@company.com" not in body
        assert "Ann" not in body
        assert Names(True).address(people["Ann"].pk, "") in body
        assert "ann@company.com" in script("responder")("get", "/api/stats?days=7").content.decode()

    def test_a_viewer_sees_only_the_own_group(self, sign_in):
        AccessSettings.objects.create(viewers_see="own", default_role="viewer")
        body = sign_in("viewer", "bob@company.com").get("/api/stats?days=7").json()
        assert [row["email"] for row in body["stats"]["rankedUsers"]] == ["bob@company.com"]
        assert body["stats"]["totalSpendCents"] == 750
        assert [row["emails"] for row in body["modelCosts"]] == [["bob@company.com"]]
        assert {row["email"] for row in body["dailySpendBreakdown"]} == {"bob@company.com"}

import pytest

from collector.base.names import Names
from collector.models import DailyActivity, Member
from groups.models import Group
from tests.tracker.api import company
from tracker.models import AccessSettings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("people")]


def test_the_figures_of_one_member(script):
    body = script("viewer")("get", "/api/users/ANN@company.com?days=7").json()
    assert (body["member"]["email"], body["member"]["group"]) == ("ann@company.com", "Eng > Core")
    assert (body["spendCents"], body["agentRequests"], body["linesAdded"]) == (4250, 30, 120)
    assert body["ranks"] == {"spendRank": 1, "activityRank": 1, "totalRanked": 2}
    assert body["spending"] == [{"cycle_start": "2026-11-17T00:00:00Z", "spend_cents": 4250}]
    assert body["dailySpend"][-2:] == [
        {"date": "2026-11-18", "spend_cents": 3000},
        {"date": "2026-11-19", "spend_cents": 1250},
    ]
    assert [(row["date"], row["lines_added"]) for row in body["dailyActivity"]] == [("2026-11-19", 120)]
    assert body["modelBreakdown"] == [
        {"model": "sonnet", "total_requests": 20, "spend_cents": 1250},
        {"model": "opus", "total_requests": 10, "spend_cents": 3000},
    ]
    assert set(body["badges"]) == {"usage", "spend", "context", "adoption"}


def test_a_count_that_could_not_be_read_is_null_and_no_zero(script):
    DailyActivity.objects.filter(day=company.YESTERDAY).update(unread=["lines_deleted"])
    body = script("viewer")("get", "/api/users/ann@company.com?days=7").json()
    assert [(row["lines_added"], row["lines_deleted"]) for row in body["dailyActivity"]] == [(120, None)]


def test_a_member_without_usage_has_zeros(script):
    body = script("viewer")("get", "/api/users/cat@company.com").json()
    assert (body["spendCents"], body["agentRequests"], body["ranks"]["spendRank"]) == (0, 0, None)


def test_whoever_left_without_spend_keeps_group_and_lines(script, people):
    dan = company.make_member("Dan", gone_at=company.NOW)
    company.put(dan, Group.objects.get(name="Eng > Web"))
    DailyActivity.objects.create(member=dan, day=company.YESTERDAY, lines_added=77, updated_at=company.NOW)
    body = script("viewer")("get", "/api/users/dan@company.com").json()
    assert (body["member"]["group"], body["linesAdded"]) == ("Eng > Web", 77)


@pytest.mark.parametrize("email", ["ghost@nowhere.test", "%", "%00", "%ff", "a" * 255, "ann@company.com%20x"])
def test_nobody_of_that_address_is_not_found(script, email):
    answer = script("viewer")("get", f"/api/users/{email}")
    assert answer.status_code in (400, 404)
    assert answer.json()["message"]


def test_a_viewer_asks_for_pseudonyms(script, people):
    AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
    Member.objects.update(role="owner")
    assert script("admin")("get", "/api/users/ann@company.com").json()["member"]["role"] == "owner"
    call = script("viewer")
    assert call("get", "/api/users/ann@company.com").status_code == 404
    hidden = Names(True)
    pseudonym = hidden.address(people["Ann"].pk, "")
    body = call("get", f"/api/users/{pseudonym}").json()
    assert (body["member"]["email"], body["member"]["name"]) == (
        pseudonym,
        hidden.name(people["Ann"].pk, ""),
    )
    hidden_ones = ("role", "firstSeenAt", "lastSeenAt")
    assert [body["member"][name] for name in hidden_ones] == ["", None, None]


def test_a_viewer_finds_nobody_beyond_the_own_group(sign_in):
    AccessSettings.objects.create(viewers_see="own", default_role="viewer")
    client = sign_in("viewer", "bob@company.com")
    assert client.get("/api/users/bob@company.com").status_code == 200
    assert client.get("/api/users/ann@company.com").status_code == 404

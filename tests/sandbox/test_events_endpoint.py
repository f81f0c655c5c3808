from collections import Counter

import pytest

from sandbox.company.instants import to_ms

from .conftest import NOW

EVENTS = "/teams/filtered-usage-events"
DAY_MS = 86_400_000
NOW_MS = to_ms(NOW)


def test_pages_add_up_to_the_count_newest_first(api, company):
    week = {"startDate": NOW_MS - 7 * DAY_MS, "endDate": NOW_MS}
    rows = api.events(**week)
    count = api.post(EVENTS, **week)["totalUsageEventsCount"]
    occurred = company.events.occurred_ms
    assert len(rows) == count == ((occurred >= NOW_MS - 7 * DAY_MS) & (occurred <= NOW_MS)).sum()
    stamps = [int(row["timestamp"]) for row in rows]
    assert stamps == sorted(stamps, reverse=True)


def test_a_page_says_where_it_stands(api):
    answer = api.post(EVENTS, startDate=NOW_MS - DAY_MS, endDate=NOW_MS, page=2, pageSize=25)
    total = answer["totalUsageEventsCount"]
    assert len(answer["usageEvents"]) == 25
    assert answer["pagination"] == {
        "numPages": -(-total // 25),
        "currentPage": 2,
        "pageSize": 25,
        "hasNextPage": True,
        "hasPreviousPage": True,
    }
    assert answer["period"] == {"startDate": NOW_MS - DAY_MS, "endDate": NOW_MS}


def test_a_page_past_the_end_is_empty(api):
    answer = api.post(EVENTS, startDate=NOW_MS - DAY_MS, endDate=NOW_MS, page=99)
    assert answer["usageEvents"] == []
    assert answer["pagination"]["hasNextPage"] is False


def test_both_bounds_are_included_to_the_millisecond(api):
    stamp = int(api.post(EVENTS, endDate=NOW_MS, pageSize=1)["usageEvents"][0]["timestamp"])
    assert api.post(EVENTS, startDate=stamp, endDate=stamp)["totalUsageEventsCount"] == 1
    assert api.post(EVENTS, startDate=stamp + 1, endDate=stamp + 1)["totalUsageEventsCount"] == 0


@pytest.mark.parametrize("page_size", [0, -1, 1001, "many"])
def test_an_unusable_page_size_is_refused(api, page_size):
    assert api.call("POST", EVENTS, json={"pageSize": page_size}).status_code == 400


def test_a_text_date_is_refused(api):
    answer = api.call("POST", EVENTS, json={"startDate": "2026-09-01"})
    assert (answer.status_code, answer.json()["error"]) == (400, "Bad Request")


def test_nothing_from_the_future_is_told_until_its_time_comes(api, sandbox):
    tomorrow = {"startDate": NOW_MS + 1, "endDate": NOW_MS + DAY_MS}
    assert api.post(EVENTS, **tomorrow)["totalUsageEventsCount"] == 0
    sandbox.clock.advance(hours=2)
    first = api.post(EVENTS, **tomorrow)["totalUsageEventsCount"]
    sandbox.clock.advance(hours=22)
    assert 0 < first < api.post(EVENTS, **tomorrow)["totalUsageEventsCount"]


def test_the_shapes_and_oddities_of_events(api):
    rows = api.events(startDate=NOW_MS - 30 * DAY_MS, endDate=NOW_MS)
    for row in rows:
        assert isinstance(row["timestamp"], str)
        assert {"model", "kind", "maxMode", "requestsCosts", "isChargeable", "chargedCents"} <= row.keys()
        assert row.get("userEmail") != ""
        if "tokenUsage" not in row:
            assert row["isTokenBasedCall"] is False
    assert any("userEmail" not in row for row in rows)
    assert any(row.get("serviceAccountId") == "null" == row.get("serviceAccountName") for row in rows)
    assert any(row.get("serviceAccountName") == "ci-agent" for row in rows)
    assert any("automationId" in row for row in rows)
    assert any("cloudAgentId" in row for row in rows)
    assert any("conversationId" not in row for row in rows)
    assert any("tokenUsage" not in row for row in rows)
    assert any(row["isTokenBasedCall"] is False and "tokenUsage" in row for row in rows)
    assert any(isinstance(row["requestsCosts"], float) for row in rows)
    assert any(isinstance(row["chargedCents"], float) for row in rows)
    assert any(isinstance(row["chargedCents"], int) for row in rows)
    assert any("cursorTokenFee" not in row for row in rows)
    assert any(row["maxMode"] for row in rows)
    assert any(row["kind"] == "Included in Business" and row["chargedCents"] > 0 for row in rows)
    kinds = Counter(row["kind"] for row in rows)
    assert kinds.keys() == {
        "Included in Business",
        "Usage-based",
        "Free",
        "Errored, Not Charged",
        "Aborted, Not Charged",
    }


def test_money_of_each_event_adds_up(api):
    for row in api.events(startDate=NOW_MS - 7 * DAY_MS, endDate=NOW_MS):
        usage = row.get("tokenUsage")
        if usage:
            discount = 1 - usage.get("discountPercentOff", 0) / 100
            expected = usage["totalCents"] * discount + row.get("cursorTokenFee", 0)
            assert row["chargedCents"] == pytest.approx(expected, abs=1.1e-6)


def test_filters_are_combined(api, company):
    month = {"startDate": NOW_MS - 30 * DAY_MS, "endDate": NOW_MS}
    total = api.post(EVENTS, **month)["totalUsageEventsCount"]
    busiest = Counter(row.get("userEmail") for row in api.events(**month)).most_common(1)[0]
    member = next(member for member in company.members if member.email == busiest[0])
    assert (
        api.post(EVENTS, email=member.email.upper(), **month)["totalUsageEventsCount"] == busiest[1] < total
    )
    assert api.post(EVENTS, userId=member.number, **month)["totalUsageEventsCount"] == busiest[1]
    other = company.members[0].email
    assert api.post(EVENTS, userId=member.number, email=other, **month)["totalUsageEventsCount"] == 0
    assert 0 < api.post(EVENTS, automationId="*", **month)["totalUsageEventsCount"] < total
    assert 0 < api.post(EVENTS, cloudAgentId="*", **month)["totalUsageEventsCount"] < total


def test_an_unknown_hosting_type_is_refused(api):
    assert api.call("POST", EVENTS, json={"hostingType": "MOON"}).status_code == 400

"""The shapes of 2025, which some tenants may still see."""

import pytest

from sandbox.company.instants import to_ms

from .conftest import NOW


@pytest.fixture
def old_api(api, sandbox):
    sandbox.behaviour.update(has_legacy_shapes=True)
    return api


def test_old_events_say_kind_label_and_no_charge(old_api):
    rows = old_api.events(startDate=to_ms(NOW) - 86_400_000, endDate=to_ms(NOW))
    assert {row["kindLabel"] for row in rows} >= {"Included in Business", "Usage-based"}
    for row in rows:
        assert not {"kind", "chargedCents", "isChargeable", "isHeadless", "conversationId"} & row.keys()
    assert any(row["tokenUsage"]["totalCents"] > 0 for row in rows if "tokenUsage" in row)


def test_old_spend_is_whole_cents_with_the_included_part_named(old_api):
    rows = old_api.post("/teams/spend", pageSize=100)["teamMemberSpend"]
    assert all("overallSpendCents" not in row and "effectivePerUserLimitDollars" not in row for row in rows)
    assert all(isinstance(row["spendCents"], int) and isinstance(row["userId"], int) for row in rows)
    assert all(row["includedSpendCents"] <= row["spendCents"] for row in rows)
    assert sum(row["spendCents"] for row in rows) > 10_000


def test_old_members_have_numbers_and_no_removed_flag(old_api):
    for row in old_api.get("/teams/members")["teamMembers"]:
        assert isinstance(row["id"], int) and "isRemoved" not in row

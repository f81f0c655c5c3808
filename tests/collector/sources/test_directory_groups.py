"""Cursor's own limits of directory groups, read with the billing groups."""

from decimal import Decimal

import pytest

from collector.models import CursorGroup, DirectoryGroup
from collector.sources.directory_groups import PATH

from .test_groups import MONDAY, TUESDAY, group, person, sync

pytestmark = pytest.mark.django_db


def directory(number: int, dollars: float | None) -> dict:
    name = f"Directory {number}"
    return {"id": f"team_group_{number}", "name": name, "monthlySpendingLimitDollars": dollars}


def limits() -> list[tuple]:
    return [
        (row.name, row.monthly_limit_dollars, sorted(row.members.values_list("email", flat=True)))
        for row in DirectoryGroup.objects.order_by("name")
    ]


def test_a_limit_holds_for_the_members_of_the_billing_group_that_follows_it(told, client):
    told.tell(PATH, {"groups": [directory(1, 50.5), directory(2, None)]})
    tied = group(1, person("ana@x.com")) | {"directoryGroupId": "team_group_1"}
    sync(told, client, MONDAY, tied)
    assert limits() == [("Directory 1", Decimal("50.50"), ["ana@x.com"]), ("Directory 2", None, [])]
    assert CursorGroup.objects.get().directory_group.monthly_limit_dollars == Decimal("50.50")


def test_the_members_of_a_limited_group_without_a_billing_group_are_read(told, client):
    told.tell(PATH, {"groups": [directory(1, 50)]})
    told.tell(f"{PATH}/team_group_1/members", {"members": [{"userId": "user_1", "email": "Ana@x.com"}]})
    sync(told, client, MONDAY, group(1, person("ana@x.com"), person("bo@x.com")))
    assert limits() == [("Directory 1", Decimal("50.00"), ["ana@x.com"])]


def test_a_group_that_is_gone_limits_nobody(told, client):
    told.tell(PATH, {"groups": [directory(1, 50)]}, {"groups": []})
    told.tell(f"{PATH}/team_group_1/members", {"members": []})
    sync(told, client, MONDAY, group(1, person("ana@x.com")))
    sync(told, client, TUESDAY, group(1, person("ana@x.com")))
    row = DirectoryGroup.objects.get()
    assert (row.monthly_limit_dollars, row.gone_at) == (None, TUESDAY)


@pytest.mark.parametrize("answer", [(404, "Not Found", {}), (403, {"error": "Forbidden"}, {}), {"rows": []}])
def test_a_plan_without_directory_groups_costs_the_billing_groups_nothing(told, client, answer):
    told.tell(PATH, answer)
    assert sync(told, client, MONDAY, group(1, person("ana@x.com"))).new == 2
    assert limits() == []

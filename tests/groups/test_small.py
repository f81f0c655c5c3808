"""Small groups under pseudonyms: folded upwards, and not to be had by subtraction."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest
import time_machine
from django.test import Client

from collector.base.names import Names, shown_as
from collector.models import BillingCycle, Member, MemberModelDay
from groups.budgets.models import CycleBudget
from groups.models import Assignment, Group
from groups.reporting.chargeback import chargeback
from groups.reporting.summary import summaries
from groups.small import fold, look_back_to, smallest_sizes
from groups.tree import options
from tests.tracker.conftest import ALLAUTH, auth_on, make_person  # noqa: F401
from tracker.models import AccessSettings

NOW = datetime(2026, 3, 20, 12, tzinfo=UTC)
TODAY = date(2026, 3, 20)
HIDDEN = Names(True, None, 5, TODAY)
PATHS = {1: "Eng", 2: "Eng > Core", 3: "Eng > Tiny", 4: "Sales", 5: "Ops > A", 6: "Ops > B"}


@pytest.mark.parametrize(
    ("sizes", "expected"),
    [
        ({1: 5, 2: 6, 3: 2, 4: 9, 5: 7, 6: 8}, {3: "Eng"}),
        # Eng less Core would be the two of Tiny: Core is folded too.
        ({1: 0, 2: 6, 3: 2, 4: 9, 5: 7, 6: 8}, {2: "Eng", 3: "Eng"}),
        # Two who are in Eng itself, beside Core.
        ({1: 2, 2: 6, 4: 9, 5: 7, 6: 8}, {2: "Eng", 3: "Eng"}),
        ({1: 5, 2: 6, 3: 5, 4: 9, 5: 2, 6: 2}, {4: "Small groups", 5: "Small groups", 6: "Small groups"}),
        ({1: 5, 2: 6, 3: 5, 4: 9, 5: 3, 6: 2}, {5: "Ops", 6: "Ops"}),
        ({4: 1}, dict.fromkeys(PATHS, "Small groups")),
        (dict.fromkeys(PATHS, 5), {}),
    ],
)
def test_a_small_group_is_part_of_the_one_above(sizes, expected):
    assert fold(PATHS, sizes, 5) == PATHS | expected


@pytest.fixture
def company(db):
    """Six in Eng, six in Eng > Core, two in Eng > Tiny, nobody elsewhere; each has spent a dollar."""
    cycle = BillingCycle.objects.create(
        start_at=datetime(2026, 3, 1, tzinfo=UTC), end_at=datetime(2026, 4, 1, tzinfo=UTC)
    )
    seen = {"first_seen_at": NOW, "last_seen_at": NOW}
    for name, size in (("Eng", 6), ("Eng > Core", 6), ("Eng > Tiny", 2)):
        group = Group.objects.create(name=name, created_at=NOW)
        CycleBudget.objects.create(group=group, amount_dollars=10)
        for number in range(size):
            member = Member.objects.create(email=f"{number}@{group.pk}.example", **seen)
            Assignment.objects.create(
                member=member, group=group, from_day=date(2026, 1, 1), source="manual", changed_by="test",
                changed_at=NOW,
            )  # fmt: skip
            MemberModelDay.objects.create(
                member=member, model="m", day=date(2026, 3, 19), requests=1, total_cents=100, billed_cents=0,
                updated_at=NOW,
            )  # fmt: skip
    return cycle


def test_every_list_of_groups_folds_alike(company):
    def charged():
        result = chargeback(company)
        assert result.figures.total_cents == 1_400
        return {group.name: (len(group.members), int(group.figures.total_cents)) for group in result.groups}

    assert charged() == {"Eng": (6, 600), "Eng > Core": (6, 600), "Eng > Tiny": (2, 200)}
    assert [row.name for row in summaries(NOW)] == ["Eng", "Eng > Core", "Eng > Tiny", "Unassigned"]
    with shown_as(HIDDEN):
        assert charged() == {"Eng": (8, 800), "Eng > Core": (6, 600)}
        assert [row.name for row in summaries(NOW)] == ["Eng", "Eng > Core"]
        assert [option.path for option in options()] == ["Eng", "Eng > Core", "Small groups"]


def fill(group: Group, size: int, from_day: date) -> None:
    for number in range(size):
        member = Member.objects.create(
            email=f"{from_day}.{number}@{group.pk}.example", first_seen_at=NOW, last_seen_at=NOW
        )
        Assignment.objects.create(
            member=member, group=group, from_day=from_day, source="manual", changed_by="test", changed_at=NOW
        )


@pytest.fixture
def grown(company):
    """One in Eng > New since January, six since 10 February."""
    group = Group.objects.create(name="Eng > New", created_at=NOW)
    fill(group, 1, date(2026, 1, 1))
    fill(group, 5, date(2026, 2, 10))
    return group


def test_a_group_that_was_small_on_a_day_shown_is_folded(grown):
    def shown(first: date) -> bool:
        with shown_as(replace(HIDDEN, memo={})):
            options()
            look_back_to(first)
            return "Eng > New" in [option.path for option in options()]

    assert [shown(date(2026, 2, day)) for day in (9, 10)] == [False, True]
    assert not shown(date(2025, 12, 31))


def test_a_group_that_shrank_is_folded_for_its_past_too_and_an_empty_day_does_not_count(company):
    shrunk, left = (Group.objects.create(name=f"Eng > {name}", created_at=NOW) for name in ("Less", "Gone"))
    fill(shrunk, 6, date(2026, 1, 1))
    fill(left, 5, date(2026, 2, 1))
    Member.objects.filter(assignments__group=shrunk).first().assignments.update(group=left)
    Member.objects.filter(email__endswith=f".1@{shrunk.pk}.example").update(gone_at=NOW)
    with shown_as(replace(HIDDEN, memo={})):
        look_back_to(date(2025, 1, 1))
        sizes = smallest_sizes()
    assert (sizes[shrunk.pk], sizes[left.pk]) == (4, 1)


@time_machine.travel(NOW, tick=False)
def test_no_page_of_days_on_which_a_group_was_small_shows_it(grown, auth_on):  # noqa: F811
    AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer")
    BillingCycle.objects.create(
        start_at=datetime(2026, 2, 1, tzinfo=UTC), end_at=datetime(2026, 3, 1, tzinfo=UTC)
    )
    member = grown.assignments.first().member
    for day in (date(2026, 2, 1), date(2026, 3, 19)):
        MemberModelDay.objects.create(
            member=member, model="m", day=day, requests=1, total_cents=100, billed_cents=0, updated_at=NOW
        )
    viewer = Client()
    viewer.force_login(make_person("viewer"), backend=ALLAUTH)

    def names_it(url: str) -> bool:
        answer = viewer.get(url)
        assert answer.status_code == 200
        return "New" in answer.text.replace("New models", "")

    past = ("from=2026-02-01&to=2026-02-02", "from=2026-03-18&to=2026-03-19")
    assert [names_it(f"/teams?{days}") for days in past] == [False, True]
    assert [names_it(f"/?{days}&csv=members") for days in past] == [False, True]
    assert [names_it(f"/chargeback?cycle={day}") for day in ("2026-02-02", "2026-03-02")] == [False, True]
    assert names_it("/chargeback?cycle=2026-03-02&compare=cycle") is False
    assert [names_it(f"/api/stats?days={days}") for days in (70, 20)] == [False, True]


@time_machine.travel(NOW, tick=False)
def test_no_address_shows_a_viewer_a_small_group_nor_anybody_a_rank(company, auth_on):  # noqa: F811
    AccessSettings.objects.create(viewers_see="pseudonyms", default_role="viewer", shows_ranks=False)
    viewer, admin = Client(), Client()
    for client, role in ((viewer, "viewer"), (admin, "admin")):
        client.force_login(make_person(role), backend=ALLAUTH)
    for url in ("/", "/teams", "/chargeback?compare=cycle", "/settings", "/incidents", "/?csv=members"):
        assert "Tiny" not in viewer.get(url).content.decode(), url
        assert "Tiny" in admin.get(url).content.decode(), url
    for url in ("/api/stats", "/api/groups", "/api/budgets"):
        assert "Tiny" not in viewer.get(url).content.decode(), url
        assert "Tiny" in admin.get(url).content.decode(), url
    assert "no group “Eng &gt; Tiny”" in viewer.get("/?group=Eng+%3E+Tiny").content.decode()
    ranked = admin.get("/api/stats?days=7").json()["stats"]["rankedUsers"]
    assert {(row["spend_rank"], row["activity_rank"]) for row in ranked} == {(None, None)}
    assert "Spend rank" not in admin.get("/").content.decode()

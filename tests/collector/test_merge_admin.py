"""Merging two members in the admin: suggested, previewed, confirmed, undone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client

from collector.facts import rollups
from collector.facts.likely_pairs import likely_pairs
from collector.models import Member, MemberMerge
from tests.detection.facts import make_event, make_member

pytestmark = pytest.mark.django_db
LIST = "/admin/collector/member/"
NOW = datetime(2026, 3, 17, 15, tzinfo=UTC)


@pytest.fixture
def pair() -> tuple[Member, Member]:
    """Ana until two weeks ago, and Ana under another address since."""
    pair = make_member("ana@old.example"), make_member("ana@new.example")
    for member, days, dollars in zip(pair, (15, 14), (12, 30), strict=True):
        at = NOW - timedelta(days=days)
        make_event(member, at, dollars)
        rollups.recompute({(member.pk, at.date())}, NOW)
    return pair


def form(*members: Member, **fields: str) -> dict[str, object]:
    return {"action": "merge", "_selected_action": [member.pk for member in members], **fields}


def test_a_pair_is_suggested_previewed_merged_and_separated(admin_client: Client, pair):
    page = admin_client.get(LIST).content.decode()
    assert "ana@old.example and ana@new.example: the same name, and one stopped" in page
    preview = admin_client.post(LIST, form(*pair)).content.decode()
    assert all(text in preview for text in ("$12.00", "$30.00", "$42.00", "Usage events"))
    assert Member.objects.count() == 2
    done = admin_client.post(LIST, form(*pair, confirmed="yes", keep=str(pair[1].pk)), follow=True)
    record = MemberMerge.objects.get()
    assert (record.kept_email, record.gone_email, record.merged_by) == (
        pair[1].email,
        pair[0].email,
        "admin@example.com",
    )
    assert "Undo this merge" in done.content.decode()
    assert Member.objects.get() == pair[1]
    undone = admin_client.post(f"/admin/collector/membermerge/{record.pk}/undo/", follow=True)
    assert "The two are separate members again." in undone.content.decode()
    assert "Undo this merge" not in undone.content.decode()
    assert set(Member.objects.all()) == set(pair)
    again = admin_client.post(f"/admin/collector/membermerge/{record.pk}/undo/", follow=True)
    assert "This merge has already been undone." in again.content.decode()


def test_one_or_three_members_are_not_merged(admin_client: Client, pair):
    for members in (pair[:1], (*pair, make_member("c@x.example", name="C"))):
        page = admin_client.post(LIST, form(*members, confirmed="yes"), follow=True).content.decode()
        assert "Choose exactly two members." in page
    assert not MemberMerge.objects.exists()


def test_who_may_only_look_neither_merges_nor_undoes(admin_client: Client, pair):
    client = Client()
    user = User.objects.create_user("vera", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__startswith="view_"))
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert "Preview merging" not in client.get(LIST).content.decode()
    client.post(LIST, form(*pair, confirmed="yes"))
    assert not MemberMerge.objects.exists()
    admin_client.post(LIST, form(*pair, confirmed="yes"))
    record = MemberMerge.objects.get()
    page = client.get(f"/admin/collector/membermerge/{record.pk}/change/")
    assert page.status_code == 200
    assert "Undo this merge" not in page.content.decode()
    assert client.post(f"/admin/collector/membermerge/{record.pk}/undo/").status_code == 403
    assert Member.objects.count() == 1


def test_namesakes_whom_cursor_lists_both_are_not_suggested(pair):
    Member.objects.update(role="member")
    assert likely_pairs() == []


def test_one_number_at_two_addresses_is_suggested(pair):
    Member.objects.update(role="member", numeric_id="7")
    assert [(each.keep, each.gone, each.reason) for each in likely_pairs()] == [
        (*pair, "Cursor’s number 7 belongs to both")
    ]


@pytest.mark.parametrize(("first", "second"), [((60, 20), (40, 1)), ((90, 60), (20, 1))])
def test_namesakes_at_work_at_the_same_time_or_long_apart_are_not_suggested(first, second):
    for email, days_ago in (("ana@old.example", first), ("ana@new.example", second)):
        member = make_member(email)
        for days in days_ago:
            at = NOW - timedelta(days=days)
            make_event(member, at, 1)
            rollups.recompute({(member.pk, at.date())}, NOW)
    assert likely_pairs() == []


def test_what_the_merged_member_owns_goes_over_and_comes_back(admin_client: Client, pair):
    robot = make_member("robot@example.com", kind="service_account", owner=pair[0])
    admin_client.post(LIST, form(*pair, confirmed="yes", keep=str(pair[1].pk)))
    robot.refresh_from_db()
    assert robot.owner == pair[1]
    admin_client.post(f"/admin/collector/membermerge/{MemberMerge.objects.get().pk}/undo/")
    robot.refresh_from_db()
    assert robot.owner == pair[0]

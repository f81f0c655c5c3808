"""Groups in the admin."""

import html
import re
from datetime import UTC, date, datetime

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from collector.models import BillingCycle, Member
from groups.assignments import changes
from groups.cursor import adopt
from groups.models import Assignment, CycleBudget, Group, GroupImport
from tests.groups.factories import (
    assign,
    make_cursor_group,
    make_day,
    make_group,
    make_member,
    make_stay,
    table,
)

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

NOW = datetime(2026, 3, 10, 9, tzinfo=UTC)
GROUPS = "/admin/groups/group/"
MEMBERS = "/admin/groups/memberplace/"
IMPORTS = "/admin/groups/groupimport/"


@pytest.fixture
def clock(time_machine):
    time_machine.move_to(NOW, tick=False)


@pytest.fixture
def alpha():
    """Cursor's Alpha with ann and bob; cy in no group. $1.50 of the cycle in Alpha, $20 of the last one."""
    theirs = make_cursor_group("Alpha")
    for email in ("ann@x.io", "bob@x.io"):
        make_stay(make_member(email), theirs, date(2026, 2, 1))
    make_member("cy@x.io")
    BillingCycle.objects.create(
        start_at=datetime(2026, 3, 1, tzinfo=UTC), end_at=datetime(2026, 4, 1, tzinfo=UTC)
    )
    ann = Member.objects.get(email="ann@x.io")
    make_day(ann, date(2026, 2, 28), 2_000)
    make_day(ann, date(2026, 3, 2), 150)
    adopt(NOW)
    return Group.objects.get()


def act(client, url, action, rows, **answers):
    data = {"action": action, "_selected_action": [row.pk for row in rows], **answers}
    return client.post(url, data, follow=True).content.decode()


def test_the_members_of_a_group_with_signs_in_its_name_are_a_click_away(admin_client):
    assign(make_member("ann@x.io"), make_group("R&D > #1"), date(2026, 3, 1))
    (link,) = re.findall(r'field-members_now"><a href="([^"]+)"', admin_client.get(GROUPS).content.decode())
    page = admin_client.get(html.unescape(link))
    assert page.status_code == 200
    assert "ann@x.io" in page.content.decode()


def test_the_list_shows_members_and_spend_of_the_cycle(admin_client, alpha, django_assert_max_num_queries):
    make_group("Old news", closed_day=date(2026, 3, 1))
    with django_assert_max_num_queries(24):
        page = admin_client.get(GROUPS).content.decode()
    assert ' class="field-members_now"><a href="/admin/groups/memberplace/?group=Alpha">2</a></td>' in page
    assert ' class="field-spend">$1.50</td>' in page
    assert "Unassigned: 1 members</a>, $0.00 this cycle" in page
    assert "Old news" not in page
    assert "Old news" in admin_client.get(GROUPS, {"state": "closed"}).content.decode()


def test_groups_are_made_and_renamed_and_bad_names_are_explained(admin_client, alpha):
    admin_client.post(f"{GROUPS}add/", {"name": "Beta  >One"})
    assert Group.objects.filter(name="Beta > One").exists()
    page = admin_client.post(f"{GROUPS}add/", {"name": "ALPHA"}).content.decode()
    assert "A group “Alpha” already exists." in page
    admin_client.post(f"{GROUPS}{alpha.pk}/change/", {"name": "Core"})
    alpha.refresh_from_db()
    assert (alpha.name, alpha.is_name_local) == ("Core", True)
    history = admin_client.get(f"{GROUPS}{alpha.pk}/history/").content.decode()
    assert "admin" in history


@pytest.mark.parametrize("path", ["add/", "{alpha.pk}/change/"])
def test_of_two_who_take_a_name_at_once_the_second_reads_why(admin_client, alpha, monkeypatch, path):
    """The name is free while it is checked, and taken when it is saved."""
    make_group("Core")
    monkeypatch.setattr(changes, "group_named", lambda path: None)
    monkeypatch.setattr(Group, "validate_constraints", lambda self, exclude=None: None)
    response = admin_client.post(GROUPS + path.format(alpha=alpha), {"name": "core"}, follow=True)
    assert response.status_code == 200
    assert "A group “core” has just been made by somebody else." in response.text
    assert "successfully" not in response.text
    assert Group.objects.filter(name__iexact="core").count() == 1


def test_a_deleted_name_opens_its_group_again(admin_client):
    closed = make_group("Beta", closed_day=date(2026, 3, 1))
    admin_client.post(f"{GROUPS}add/", {"name": "beta"})
    closed.refresh_from_db()
    assert closed.closed_day is None


def test_merging_asks_first(admin_client, alpha):
    heir = make_group("Heir")
    page = act(admin_client, GROUPS, "merge", [alpha])
    assert "Alpha (2 members)" in page
    assert Group.objects.open().count() == 2
    page = act(admin_client, GROUPS, "merge", [alpha], confirmed="yes", group=heir.pk)
    assert "Alpha: merged into Heir." in page
    assert [row[2] for row in table() if row[1] == "2026-03-10"] == ["Heir", "Heir"]


def test_one_of_the_groups_that_are_selected_may_take_the_others_in(admin_client, alpha):
    heir = make_group("Heir")
    assert "To separate a merged group" in act(admin_client, GROUPS, "merge", [alpha, heir])
    page = act(admin_client, GROUPS, "merge", [alpha, heir], confirmed="yes", group=heir.pk)
    assert "Alpha: merged into Heir." in page
    assert list(Group.objects.open()) == [heir]
    page = act(admin_client, GROUPS, "merge", [heir], confirmed="yes", group=heir.pk)
    assert "choose another open group. Nothing was changed." in page


def test_deleting_asks_first_and_leaves_the_members_unassigned(admin_client, alpha):
    assert "members become Unassigned" in act(admin_client, GROUPS, "close", [alpha])
    assert "Alpha: deleted." in act(admin_client, GROUPS, "close", [alpha], confirmed="yes")
    assert Group.objects.open().count() == 0
    assert [row[2] for row in table() if row[1] == "2026-03-10"] == [None, None]
    assert "been deleted" in act(admin_client, f"{GROUPS}?state=all", "close", [alpha], confirmed="yes")


def test_a_name_is_given_back(admin_client, alpha):
    Group.objects.update(name="Core", is_name_local=True)
    page = act(admin_client, GROUPS, "give_name_back", [alpha])
    assert "Core: called as in Cursor from now on." in page
    adopt(NOW)
    assert Group.objects.get().name == "Alpha"


def test_members_are_found_moved_and_given_back(admin_client, alpha):
    beta = make_group("Beta")
    page = admin_client.get(MEMBERS, {"q": "ann"}).content.decode()
    assert "ann@x.io" in page and "bob@x.io" not in page
    ann = Member.objects.get(email="ann@x.io")
    page = act(admin_client, MEMBERS, "move", [ann])
    assert 'value="2026-03-10"' in page
    page = act(admin_client, MEMBERS, "move", [ann], confirmed="yes", group=beta.pk, from_day="2026-03-05")
    assert "1 moved to Beta from 2026-03-05 on." in page
    assert "set here: admin" in page
    assert ("ann@x.io", "2026-03-05", "Beta", "manual") in table()
    act(admin_client, MEMBERS, "give_back", [ann])
    assert ("ann@x.io", "2026-03-10", "Alpha", "cursor") in table()


def test_a_whole_company_is_moved_at_once(admin_client, alpha):
    Member.objects.bulk_create(
        Member(email=f"p{n}@x.io", first_seen_at=NOW, last_seen_at=NOW) for n in range(1_100)
    )
    everybody = Member.objects.all()
    page = act(admin_client, MEMBERS, "move", everybody[:1], select_across="1")
    assert page.count('name="_selected_action"') == 1_103
    page = act(
        admin_client, MEMBERS, "move", everybody, confirmed="yes", group=alpha.pk, from_day="2026-03-10"
    )
    assert "1101 moved to Alpha" in page


def test_a_move_to_a_day_ahead_is_asked_again(admin_client, alpha):
    page = act(
        admin_client, MEMBERS, "move", Member.objects.all(), confirmed="yes", group="", from_day="2026-03-11"
    )
    assert "in the future" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"group": "Alpha"}, {"ann", "bob"}),
        ({"group": "Unassigned"}, {"cy"}),
        ({"group": "Nowhere"}, set()),
        ({"source": "cursor"}, {"ann", "bob"}),
        ({"source": "manual"}, set()),
    ],
)
def test_members_are_filtered_by_group_and_source(admin_client, alpha, query, found):
    page = admin_client.get(MEMBERS, query).content.decode()
    assert {name for name in ("ann", "bob", "cy") if f"{name}@x.io" in page} == found


def test_a_members_stays_and_every_change_are_shown(admin_client, alpha):
    ann = Member.objects.get(email="ann@x.io")
    assign(ann, None, date(2026, 3, 4))
    page = admin_client.get(f"{MEMBERS}{ann.pk}/change/").content.decode()
    assert "1 Feb 2026" in page and "4 Mar 2026" in page
    page = admin_client.get(reverse("admin:groups_historicalassignment_changelist")).content.decode()
    assert page.count("ann@x.io") >= 2


def test_the_mapping_is_downloaded(admin_client, alpha):
    response = admin_client.get(f"{GROUPS}export/")
    assert response["Content-Disposition"] == 'attachment; filename="groups-2026-03-10.csv"'
    assert response.content == b"email,name,group\r\nann@x.io,,Alpha\r\nbob@x.io,,Alpha\r\ncy@x.io,,\r\n"


def send(client, data: bytes, kind="hibob"):
    file = SimpleUploadedFile("people.csv", data)
    return client.post(f"{IMPORTS}add/", {"kind": kind, "file": file, "from_day": "2026-03-10"}, follow=True)


THREE = b"Email,Group,Team\nann@x.io,Eng,Web\nbob@x.io,Eng,Web\ncy@x.io,Eng,Web\nghost@x.io,Eng,Web\n"


def test_upload_preview_choose_and_undo(admin_client, alpha):
    before = table()
    page = send(admin_client, THREE).content.decode()
    assert "3 moves" in page and "ghost@x.io" in page
    kept = GroupImport.objects.get()
    url = f"{IMPORTS}{kept.pk}/change/"
    page = admin_client.post(url, {"apply": "but", "selected": ["bob@x.io"]}, follow=True).content.decode()
    assert "2 members moved, 1 group made." in page
    assert Assignment.objects.filter(source="hibob").count() == 2
    page = admin_client.post(url, {"undo": "yes"}, follow=True).content.decode()
    assert "2 members put back." in page
    assert "What it had changed is listed below." in page and "count from" not in page
    assert table() == before
    assert "people.csv" in admin_client.get(IMPORTS).content.decode()


def test_only_the_ticked(admin_client, alpha):
    send(admin_client, THREE)
    url = f"{IMPORTS}{GroupImport.objects.get().pk}/change/"
    admin_client.post(url, {"apply": "only", "selected": ["bob@x.io"]})
    assert list(Assignment.objects.filter(source="hibob").values_list("member__email", flat=True)) == [
        "bob@x.io"
    ]


def test_changed_facts_are_said_and_nothing_is_applied(admin_client, alpha):
    send(admin_client, THREE)
    assign(Member.objects.get(email="cy@x.io"), alpha, date(2026, 3, 9))
    before = table()
    url = f"{IMPORTS}{GroupImport.objects.get().pk}/change/"
    page = admin_client.post(url, {"apply": "all"}, follow=True).content.decode()
    assert "Nothing was applied: members or groups have changed" in page
    assert table() == before


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"PK\x03\x04", "Line 1: this is a ZIP archive"),
        (b"Name\nAnn\n", "Line 1: there is no column Email"),
        (b"Email,Group\nann@x.io,A\nann@x.io,B\n", "Line 3: ann@x.io is here in"),
    ],
)
def test_a_file_that_cannot_be_used_is_explained_in_the_form(admin_client, alpha, data, says):
    assert says in send(admin_client, data).content.decode()
    assert not GroupImport.objects.exists()


def test_of_two_lines_that_disagree_the_preview_says_that_neither_is_used(admin_client, alpha):
    page = send(admin_client, THREE + b"ann@x.io,Ops,Data\n").content.decode()
    assert "Line 6: ann@x.io is here in" in page
    assert "Where two lines disagree, neither is used." in page
    assert "Member, but without a usable line in the file</strong>: 1" in page


def test_the_upload_form_is_laid_out_like_every_form_of_the_admin(admin_client):
    page = admin_client.get(f"{IMPORTS}add/?kind=hibob").content.decode()
    assert page.count('class="form-row') == 4
    assert '<fieldset class="module aligned' in page


def test_a_stranger_sees_none_of_it(client, alpha):
    for url in (GROUPS, MEMBERS, IMPORTS, f"{GROUPS}export/", f"{IMPORTS}add/"):
        assert client.get(url).status_code == 302


def test_staff_without_the_right_may_not_import(client, django_user_model):
    client.force_login(django_user_model.objects.create_user("staff", is_staff=True))
    assert client.get(f"{IMPORTS}add/").status_code == 403
    assert client.get(f"{GROUPS}export/").status_code == 403


def test_undoing_takes_a_group_that_was_made_away_with_its_budget(admin_client, alpha):
    before = table()
    budgeted = b"email,name,group,budget,group_budget\nann@x.io,,New,,820\nbob@x.io,,New,,820\n"
    assert "New: none to $820" in send(admin_client, budgeted, kind="backup").content.decode()
    url = f"{IMPORTS}{GroupImport.objects.get().pk}/change/"
    admin_client.post(url, {"apply": "all"})
    assert str(CycleBudget.objects.get()) == "New: $820.00"
    assert "2 members put back." in admin_client.post(url, {"undo": "yes"}, follow=True).content.decode()
    assert table() == before and not CycleBudget.objects.exists()

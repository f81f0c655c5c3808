"""The chargeback page."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from collector.models import BillingCycle
from tests.groups.factories import assign, make_day, make_group, make_member
from tracker.access.request import Access
from tracker.access.roles import Role


@pytest.fixture
def charged(db, time_machine):
    """Two cycles; in this one Ann spent $3 in A, of it $1 billed, and Bob $1 in no group."""
    time_machine.move_to("2026-03-20T09:00Z", tick=False)
    turns = [datetime(2026, month, 13, 15, 30, tzinfo=UTC) for month in (2, 3, 4)]
    for start, end in zip(turns, turns[1:], strict=False):
        BillingCycle.objects.create(start_at=start, end_at=end)
    ann, bob = make_member("ann@x.io", name="Ann"), make_member("bob@x.io")
    assign(ann, make_group("A"), date(2026, 1, 1))
    make_day(ann, date(2026, 2, 20), Decimal(5_000))
    make_day(ann, date(2026, 3, 14), Decimal(300), billed_cents=100, requests=2)
    make_day(bob, date(2026, 3, 15), Decimal(100), billed_cents=100, requests=1)


def test_the_current_cycle_is_shown_by_group_and_member(charged, client, django_assert_max_num_queries):
    with django_assert_max_num_queries(18):
        text = client.get("/chargeback").text
    for said in ("$4.00", "$3.00", "$1.00", "$2.00", "Unassigned", 'href="/users/ann@x.io"', "75"):
        assert said in text
    assert "$50.00" not in text


def test_another_cycle_is_chosen_by_any_of_its_days(charged, client):
    text = client.get("/chargeback?cycle=2026-02-13").text
    assert "$50.00" in text
    assert '<option value="2026-02-13" selected>' in text


def test_after_a_cycle_s_end_the_last_known_one_is_shown_and_the_others_are_offered(
    charged, client, time_machine
):
    time_machine.move_to("2026-04-14T09:00Z", tick=False)
    text = client.get("/chargeback").text
    assert "$4.00" in text
    assert "The new billing cycle is not known yet: the last one ended on 13 Apr 2026" in text
    assert '<option value="2026-03-13" selected>13 Mar 2026 to 13 Apr 2026</option>' in text
    assert '<option value="2026-02-13">13 Feb 2026 to 13 Mar 2026</option>' in text
    assert "not known yet" not in client.get("/chargeback?cycle=2026-02-13").text


def test_the_overview_says_which_cycle_is_not_known(charged, client, time_machine):
    time_machine.move_to("2026-04-14T09:00Z", tick=False)
    text = client.get("/?period=cycle").text
    said = "The new billing cycle is not known yet: the last one ended on 13 Apr 2026"
    assert text.count(said) == 3  # the filters, the card and the chart
    assert "No billing cycle" not in text


def test_filters_of_other_pages_are_carried_on_and_said_not_to_apply(charged, client):
    text = client.get("/chargeback?group=A&period=7d").text
    assert "$4.00" in text
    assert "The filters of other pages do not apply here" in text
    assert '<input type="hidden" name="group" value="A">' in text
    assert "do not apply here" not in client.get("/chargeback").text


def test_members_are_counted_as_what_they_are(charged, client):
    assert "Members who spent" in client.get("/chargeback").text
    assert ">Seats<" in client.get("/settings").text.replace("\n", "")


def test_every_page_leads_to_it_and_admins_to_the_admin(charged, client, monkeypatch):
    assert '<a href="/chargeback">Chargeback</a>' in client.get("/").text
    assert '<a href="/admin/">Admin</a>' not in client.get("/").text
    monkeypatch.setattr("tracker.access.guard.find_access", lambda request: Access(Role.ADMIN))
    assert '<a href="/admin/">Admin</a>' in client.get("/").text


def test_the_tables_are_csv_too(charged, client):
    answer = client.get("/chargeback?csv=members")
    assert answer["Content-Disposition"] == 'attachment; filename="chargeback-2026-03-13-members.csv"'
    assert answer.text.lstrip("\ufeff").splitlines()[1:] == [
        "A,Ann,ann@x.io,3.0,1.0,2.0,2,0.75",
        "Unassigned,bob@x.io,bob@x.io,1.0,1.0,0.0,1,0.25",
    ]


@pytest.mark.parametrize("query", ["cycle=x", "cycle=2020-01-01", "cycle=9999-12-31", "csv=x"])
def test_an_address_that_makes_no_sense_is_refused(charged, client, query):
    assert client.get(f"/chargeback?{query}").status_code == 400


def test_without_a_cycle_the_page_says_so(db, client):
    assert "No billing cycle yet" in client.get("/chargeback").text


@pytest.fixture
def tree(charged) -> None:
    """$2 of Cat in A > Core, and in the cycle before $8 in A > Old, which has closed since."""
    cat, old = make_member("cat@x.io", name="Cat"), make_group("A > Old", closed_day=date(2026, 3, 13))
    assign(cat, old, date(2026, 1, 1))
    assign(cat, make_group("A > Core"), date(2026, 3, 13))
    make_day(cat, date(2026, 2, 15), Decimal(800))
    make_day(cat, date(2026, 3, 14), Decimal(200), requests=1)


def lines(client, address: str) -> list:
    """(path, whether it folds, markup) of each group."""
    found = client.get(address).text.split('<tr data-path="')[1:]
    return [(row.partition('"')[0].replace("&gt;", ">"), "data-fold" in row, row) for row in found]


def test_parents_are_the_sums_of_what_is_below_them_and_fold(tree, client):
    (a, folds, a_row), (core, core_folds, core_row), (rest, _, rest_row) = lines(client, "/chargeback")
    assert [(a, folds), (core, core_folds), rest] == [("A", True), ("A > Core", False), "Unassigned"]
    assert "$5.00" in a_row and '<td class="number">2</td>' in a_row and "83 %" in a_row
    assert "$2.00" in core_row and "$1.00" in rest_row
    assert client.get("/chargeback?csv=groups").text.splitlines()[1:] == [
        "A,1,3.0,1.0,2.0,2,0.5",
        "A > Core,1,2.0,0.0,2.0,1,0.333333",
        "Unassigned,1,1.0,1.0,0.0,1,0.166667",
    ]


def test_a_parent_is_compared_with_all_that_was_below_it_before(tree, client):
    (_, _, a_row), *_ = lines(client, "/chargeback?compare=cycle")
    assert "-$3.00" in a_row


def test_the_link_of_a_group_that_has_closed_shows_what_it_spent_in_the_cycle(tree, client):
    *_, (path, _, row) = lines(client, "/chargeback?cycle=2026-02-13")
    assert path == "A > Old"
    url = row.partition('<a href="')[2].partition('"')[0].replace("&amp;", "&")
    assert url == "/?from=2026-02-13&to=2026-03-13&group=A+%3E+Old"
    text = client.get(url).text
    assert "The group “A &gt; Old” is closed" in text
    assert "$8.00" in text
    assert client.get("/?group=A+%3E+Old").status_code == 200
    assert "$5.00" in client.get("/?period=cycle&group=A").text


def test_a_parent_has_the_past_of_the_groups_below_it_that_have_closed(tree, client):
    assert "$58.00" in client.get("/?from=2026-02-13&to=2026-03-12&group=A").text

"""Who is meant where an id stands in place of an address, or an address comes and goes beside an id."""

from datetime import UTC, datetime, timedelta

import pytest

from collector.collecting.windows import Window
from collector.cursor import events as reading
from collector.models import Doubt, Member, UsageEvent
from collector.sources import events, members
from tests.collector.fake_api import event, events_page, member

pytestmark = pytest.mark.django_db
END = datetime(2026, 9, 16, tzinfo=UTC)
WINDOW = Window(END - timedelta(days=1), END, END)
NOON = END - timedelta(hours=12)


def read(told, client, *rows: dict) -> None:
    told.tell(reading.PATH, events_page(list(rows)))
    events.sync(client, WINDOW)


def spenders() -> list[str]:
    return list(UsageEvent.objects.order_by("occurred_at").values_list("member__email", flat=True))


def robot(at: datetime, email: str | None, number: str = "sa_1") -> dict:
    return event(at, email, serviceAccountId=number, serviceAccountName="CI")


@pytest.mark.parametrize("place", ["user_AbC", " USER_abc "])
def test_cursors_own_id_in_place_of_the_address_is_that_member(told, client, place):
    told.tell(members.PATH, {"teamMembers": [member("ana@x.com", id="user_AbC")]})
    members.sync(client, WINDOW)
    read(told, client, event(NOON, place))
    assert (spenders(), Doubt.objects.count()) == (["ana@x.com"], 0)


@pytest.mark.parametrize("place", [191328143, "191328143"])
def test_a_number_in_place_of_the_address_is_the_member_of_that_number(told, client, place):
    Member.objects.create(email="ana@x.com", numeric_id="191328143", first_seen_at=END, last_seen_at=END)
    read(told, client, event(NOON, place))
    assert (spenders(), Doubt.objects.count()) == (["ana@x.com"], 0)


def test_a_number_that_nobody_has_is_kept_as_in_an_export(told, client):
    read(told, client, event(NOON, "191328143"))
    assert spenders() == ["user:191328143"]


@pytest.mark.parametrize("first", ["bot@accounts.example", None])
def test_a_service_account_whose_address_comes_and_goes_is_one(told, client, first):
    second = None if first else "bot@accounts.example"
    read(told, client, robot(NOON, first))
    read(told, client, robot(NOON, first), robot(NOON + timedelta(hours=1), second))
    assert len(set(spenders())) == 1
    assert Member.objects.by_address(first or "service-account:sa_1")


@pytest.mark.parametrize("first", ["bot@accounts.example", None])
@pytest.mark.parametrize("second", ["bot@accounts.example", "new@accounts.example", None])
@pytest.mark.parametrize("is_one_answer", [True, False])
def test_an_id_of_a_service_account_in_another_case_is_the_same(told, client, first, second, is_one_answer):
    if not is_one_answer:
        read(told, client, robot(NOON, first, "SA_1"))
        Member.objects.update(cursor_id="SA_1")  # as it was stored before
    read(told, client, robot(NOON, first, "SA_1"), robot(NOON + timedelta(hours=1), second, "sa_1"))
    assert Member.objects.count() == 1


def test_a_service_account_known_by_its_address_alone_gets_its_id(told, client):
    Member.objects.create(
        email="bot@accounts.example", kind="service_account", first_seen_at=END, last_seen_at=END
    )
    read(told, client, robot(NOON, "bot@accounts.example"))
    read(told, client, robot(NOON, None))
    assert spenders() == ["bot@accounts.example"]


def test_a_word_in_place_of_the_address_is_no_address_of_whoever_has_the_number(told, client):
    read(told, client, event(NOON, "ana@x.com", userId=7), event(NOON, "(deleted)", userId=7, model="b"))
    read(told, client, event(NOON + timedelta(hours=1), "(deleted)", userId=8))
    assert spenders()[-1] == "user:8"


@pytest.mark.parametrize("is_removed", [False, True])
def test_of_two_seats_with_one_address_both_ids_are_the_members(told, client, is_removed):
    seats = [member("ana@x.com", id="user_one"), member("ANA@x.com", id="user_two", isRemoved=is_removed)]
    told.tell(members.PATH, {"teamMembers": seats})
    members.sync(client, WINDOW)
    read(told, client, event(NOON, "user_one"), event(NOON + timedelta(hours=1), "user_two"))
    assert spenders() == ["ana@x.com", "ana@x.com"]


def test_whoever_came_back_under_another_id_is_found_by_both(told, client):
    for cursor_id in ("user_one", "user_two", "user_two"):
        told.tell(members.PATH, {"teamMembers": [member("ana@x.com", id=cursor_id)]})
        members.sync(client, WINDOW)
    read(told, client, event(NOON, "user_one"), event(NOON + timedelta(hours=1), "user_two"))
    assert spenders() == ["ana@x.com", "ana@x.com"]
    assert Member.objects.get().addresses.values_list("email", flat=True).get() == "user:user_one"


@pytest.mark.parametrize("name", ["(none)", "N/A", "not assigned", "–", "#N/A"])
def test_a_word_for_nothing_in_place_of_an_address_is_nobody(told, client, name):
    read(told, client, event(NOON, name))
    assert (spenders(), Doubt.objects.count()) == (["unattributed"], 0)


@pytest.mark.parametrize("address", ["'ana@x.com'", "<Ana@x.com>", "ana@x.com."])
def test_an_address_with_quotes_or_brackets_around_it_is_the_members(told, client, address):
    read(told, client, event(NOON, address))
    assert spenders() == ["ana@x.com"]


def test_two_addresses_in_place_of_one_count_under_them_with_a_doubt(told, client):
    read(told, client, event(NOON, "ana@x.com,bob@x.com"))
    assert spenders() == ["ana@x.com,bob@x.com"]
    assert "“ana@x.com,bob@x.com” is not an e-mail address" in Doubt.objects.get().reason

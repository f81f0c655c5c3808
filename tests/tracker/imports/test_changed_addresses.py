"""Members whose address changed, in the tracker's database or since it was last used."""

import pytest

from collector.base.csv_files import FileError
from collector.facts.merging import merge_members
from collector.models import DailyActivity, Member, UsageEvent
from tests.tracker.imports.old_tracker import EVENT, ROWS, make_file
from tests.tracker.imports.test_tracker_db import AT
from tracker.imports import people
from tracker.imports.tracker_db import import_tracker_db

pytestmark = pytest.mark.django_db

ANN = {"email": "ann@x.io", "user_id": "user_ann", "name": "Ann", "last_seen": "2026-01-10T00:00:00Z"}


def take(tmp_path, *people: dict, **rows: list[dict]) -> dict[str, int]:
    """The import's counts of members and events, the same as a dry run's."""
    path = make_file(tmp_path / "tracker.db", {"members": list(people), "usage_events": [EVENT], **rows})
    dry, real = (import_tracker_db(path, AT, is_dry_run=is_dry_run) for is_dry_run in (True, False))
    assert dry == real
    return {part.name: part.taken for part in real}


def make_member(**fields: str) -> Member:
    return Member.objects.create(first_seen_at=AT, last_seen_at=AT, **fields)


def test_a_member_whom_cursor_lists_by_a_new_address_is_the_one_with_the_same_id(tmp_path):
    ann = make_member(email="ann@new.io", cursor_id="user_ann", role="member")
    activity = [row | {"email": "Ann@x.io"} for row in ROWS["daily_usage"] if row["email"] == "ann@x.io"]
    assert take(tmp_path, ANN, daily_usage=activity)["members"] == 0
    assert Member.objects.get() == ann
    assert {UsageEvent.objects.get().member, *(day.member for day in DailyActivity.objects.all())} == {ann}
    assert Member.objects.by_address("ann@x.io") == ann


def test_a_former_address_that_is_known_here_makes_no_second_member(tmp_path):
    ann = make_member(email="ann@new.io")
    ann.addresses.create(email="ann@x.io", noted_at=AT)
    take(tmp_path, ANN)
    assert (Member.objects.get(), UsageEvent.objects.get().member) == (ann, ann)


def test_of_two_addresses_with_one_id_the_one_seen_last_is_the_members(tmp_path):
    later = ANN | {"email": "ann@a.io", "last_seen": "2026-02-10T00:00:00Z"}
    assert take(tmp_path, ANN, later)["members"] == 1
    assert UsageEvent.objects.get().member == Member.objects.get(email="ann@a.io")


@pytest.mark.parametrize("placeholder", ["0", "null", "", None])
def test_what_stands_in_place_of_an_id_makes_nobody_the_same(tmp_path, placeholder):
    people = [ANN | {"email": f"{name}@x.io", "user_id": placeholder} for name in ("ann", "bob", "cyd")]
    assert take(tmp_path, *people)["members"] == 3


@pytest.mark.django_db(transaction=True)
def test_members_who_are_merged_while_a_file_is_imported_ask_for_it_again(tmp_path, monkeypatch):
    day = ROWS["daily_usage"][0]
    rows = [day | {"email": "ann@x.io"}, day | {"email": "bob@x.io", "date": "2026-01-05"}]
    path = make_file(tmp_path / "tracker.db", {"members": [ANN], "daily_usage": rows})
    admit = people._admit_others

    def merge_afterwards(db, taking) -> None:
        admit(db, taking)
        ann, bob = Member.objects.order_by("email")
        merge_members(ann, bob, by="admin", now=AT)

    with monkeypatch.context() as patch:
        patch.setattr(people, "_admit_others", merge_afterwards)
        with pytest.raises(FileError, match="Import the file again"):
            import_tracker_db(path, AT)
    import_tracker_db(path, AT)
    assert list(DailyActivity.objects.values_list("member__email", flat=True)) == ["ann@x.io"] * 2

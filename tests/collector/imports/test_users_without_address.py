"""A row of a file that names somebody otherwise than the API or an earlier file did: one event, not two."""

from datetime import UTC, datetime

import pytest

from collector.imports.usage import import_usage
from collector.models import Member, UsageEvent
from tests.collector.imports.rows import ONE, TEAM

pytestmark = pytest.mark.django_db

AT = datetime(2026, 8, 1, 9, tzinfo=UTC)
BY_NUMBER = ONE.replace("Ann@X.io", "191328143")
BY_NOBODY = ONE.replace("Ann@X.io", "-")
LATER = ONE.replace("10:00", "11:00")


def make_event(address: str, **fields: object) -> None:
    member, _ = Member.objects.get_or_create(
        email=address, defaults={"first_seen_at": AT, "last_seen_at": AT}
    )
    stored = {"model": "claude-4.5-sonnet", "kind": "Usage-based", "charged_cents": 42}
    UsageEvent.objects.create(
        member=member,
        occurred_at=datetime(2026, 7, 30, 10, 0, 0, 123_000, tzinfo=UTC),
        cost_basis="charged",
        first_seen_at=AT,
        changed_at=AT,
        **stored | fields,
    )


@pytest.mark.parametrize("row", [BY_NUMBER, BY_NOBODY])
@pytest.mark.parametrize("is_dry_run", [False, True])
def test_a_row_that_shows_a_number_or_nobody_is_the_event_that_the_api_gave_a_name(write, row, is_dry_run):
    make_event("robot@accounts.example")
    result = import_usage(write(TEAM + row + LATER), AT, is_dry_run=is_dry_run)
    assert (result.new, result.known_better) == (1, 1)


def test_a_row_with_an_address_is_the_event_of_which_the_api_told_no_name(write):
    make_event("unattributed")
    result = import_usage(write(TEAM + ONE), AT)
    assert (result.new, result.known_better, UsageEvent.objects.count()) == (0, 1, 1)


@pytest.mark.parametrize("rows", [(ONE, BY_NUMBER), (BY_NUMBER, ONE), (ONE, BY_NOBODY)])
def test_a_later_file_that_names_somebody_otherwise_repeats_the_event(write, rows):
    for row in rows:
        import_usage(write(TEAM + row + LATER), AT)
    assert UsageEvent.objects.count() == 2


def test_events_of_two_people_at_one_instant_are_two(write):
    make_event("bob@x.io")
    result = import_usage(write(TEAM + ONE + BY_NUMBER.replace("10:00:00.123", "10:00:00.124")), AT)
    assert (result.new, result.known_better) == (2, 0)


def test_rows_of_one_file_at_one_instant_stay_apart_however_often_it_is_imported(write):
    path = write(TEAM + ONE + BY_NUMBER)
    assert import_usage(path, AT).new == 2
    again = import_usage(path, AT)
    assert (again.new, again.unchanged) == (0, 2)


def test_a_file_that_names_nobody_of_the_team_may_be_another_teams(write):
    def lines(is_dry_run: bool) -> set[str]:
        return set(import_usage(write(TEAM + ONE), AT, is_dry_run=is_dry_run).lines)

    question = "new members: 1. Nobody in the file was a member before: is it another team's?"
    assert question not in lines(is_dry_run=True)  # nobody is known as yet
    Member.objects.create(email="bob@y.io", first_seen_at=AT, last_seen_at=AT)
    assert question in lines(is_dry_run=True)
    assert question in lines(is_dry_run=False)
    assert question not in lines(is_dry_run=False)  # now they are

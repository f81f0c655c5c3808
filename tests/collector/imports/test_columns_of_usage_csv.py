"""Exports whose columns are others than usual: lacking, under two names, or in another order further down."""

from datetime import UTC, datetime

import pytest

from collector.imports.usage import import_usage
from collector.models import Member, MemberModelDay, UsageEvent
from tests.collector.imports.rows import IN, ONE, TEAM

pytestmark = pytest.mark.django_db

AT = datetime(2026, 8, 1, 9, tzinfo=UTC)


def only_event():
    return UsageEvent.objects.get()


@pytest.mark.parametrize("name", ["input_tokens", "output_tokens", "cache_write_tokens", "cache_read_tokens"])
def test_a_column_of_tokens_that_a_file_lacks_is_the_rest_of_the_total(write, name):
    counts = {"cache_write_tokens": 100, "input_tokens": 20, "cache_read_tokens": 3000, "output_tokens": 4}
    header = TEAM.replace(IN.split(",")[list(counts).index(name)], "New Name")
    import_usage(write(header + ONE), AT)
    assert UsageEvent.objects.values(*counts).get() == counts
    assert only_event().charged_cents == 42


def test_exports_of_two_forms_one_below_the_other_are_each_read_by_their_own_columns(write):
    units = TEAM.replace("Cost", "Requests") + ONE.replace(":00:00", ":01:00").replace("0.42", "2")
    result = import_usage(write(TEAM + ONE + units), AT)
    assert MemberModelDay.objects.get().billed_cents == 42 + 2 * 4
    assert result.survey.problems.count == 0


def test_costs_in_two_columns_of_which_one_is_empty_are_all_read(write):
    rows = ONE.strip() + ",\n" + ONE.replace('"0.42"', ',"0.43"').replace(":00:00", ":01:00")
    import_usage(write(TEAM.strip() + ",Cost ($)\n" + rows), AT)
    assert MemberModelDay.objects.get().billed_cents == 85


def test_a_user_by_cursors_own_id_is_that_member(write):
    member = Member.objects.create(
        email="ann@x.io", cursor_id="user_01AbC", first_seen_at=AT, last_seen_at=AT
    )
    ids = ONE.replace("Ann@X.io", "user_01AbC") + ONE.replace("Ann@X.io", "user_02AbC").replace(
        ":00:", ":01:"
    )
    import_usage(write(TEAM + ids), AT)
    assert UsageEvent.objects.earliest("occurred_at").member == member
    assert UsageEvent.objects.latest("occurred_at").member.email == "user:user_02abc"


@pytest.mark.parametrize("cost", ["Included in Pro", "Included in Business", "-", "errored"])
def test_a_word_in_place_of_what_included_usage_is_worth_loses_no_row(write, cost):
    result = import_usage(write(TEAM + ONE.replace("On-Demand", "Included").replace("0.42", cost)), AT)
    assert (result.survey.problems.count, only_event().charged_cents) == (0, 0)

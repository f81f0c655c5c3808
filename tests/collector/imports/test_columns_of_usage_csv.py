"""Exports whose columns are others than usual: lacking, under two names, or in another order further down."""

import re
from datetime import UTC, datetime

import pytest

from collector.base.csv_files import FileError
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


def test_costs_without_a_column_for_the_kind_are_what_the_usage_was_worth(write):
    result = import_usage(write((TEAM + ONE).replace("Kind,", "").replace('"On-Demand",', "")), AT)
    assert (only_event().charged_cents, only_event().model_cents) == (0, 42)
    assert any("its $0.42 count as value, not as charged" in line for line in result.lines)


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


@pytest.mark.parametrize(
    "names",
    ["Cost (EUR)", "Charged Cents", "Spend", "Requests,Amount", "On-Demand Cost", "chargedMicroCents"],
)
def test_amounts_of_which_nobody_knows_the_unit_are_refused_by_their_column(write, names):
    cells = '"3","0.42"' if "," in names else '"0.42"'
    with pytest.raises(FileError, match=f"Line 1: the column “{re.escape(names.split(',')[-1])}”"):
        import_usage(write(TEAM.replace("Cost", names) + ONE.replace('"0.42"', cells)), AT)
    assert not UsageEvent.objects.exists()


@pytest.mark.parametrize("name", ["E-Mail", "user_email", "userEmail", "Member e-mail", "EMAIL ADDRESS"])
def test_a_column_of_addresses_is_one_however_its_words_are_joined(write, name):
    import_usage(write(TEAM.replace("User", name) + ONE), AT)
    assert only_event().member.email == "ann@x.io"


def test_a_team_file_with_names_and_no_addresses_is_not_one_members_own(write):
    rows = ONE.replace("Ann@X.io", "Ann Lee") + ONE.replace("Ann@X.io", "Bob Ray")
    with pytest.raises(FileError, match="User holds 2 names"):
        import_usage(write(TEAM.replace("User", "User Name") + rows), AT, member="k@x.io")


def test_headers_as_programs_write_them_are_read(write):
    header = "timestamp_utc,user_email,kind,model,max_mode,cache_write_tokens,input_tokens,cache_read_tokens,"
    import_usage(write(header + "output_tokens,total_tokens,cost_usd\n" + ONE.replace("Z", "")), AT)
    assert (only_event().charged_cents, only_event().input_tokens) == (42, 20)


@pytest.mark.parametrize("user", ["'ann@x.io'", "<ann@x.io>", "ann@x.io.", "mailto:ann@x.io;"])
def test_an_address_counts_without_quotes_and_marks_around_it(write, user):
    import_usage(write(TEAM + ONE.replace("Ann@X.io", user)), AT)
    assert only_event().member.email == "ann@x.io"


LATER = ONE.replace("10:00:00", "11:00:00")
LAST = ONE.replace("10:00:00", "12:00:00")


@pytest.mark.parametrize("second", [TEAM + LATER + LAST, TEAM + LATER + LATER + LAST])
def test_exports_that_overlap_in_one_file_count_what_they_share_once(write, second):
    twins = second.count("11:00:00")
    result = import_usage(write(TEAM + ONE + LATER + second), AT)
    assert MemberModelDay.objects.get().requests == 2 + twins
    assert (result.new, result.repeated) == (2 + twins, 1)
    assert "1 skipped: they are in another of the exports in this file" in list(result.lines)


def test_rows_that_are_alike_are_counted_and_reported(write):
    result = import_usage(write(TEAM + ONE + ONE), AT)
    assert result.new == 2
    assert "1 have the member and instant of another row: each counts as one more request" in list(
        result.lines
    )


def test_names_of_columns_below_a_long_title_are_found(write):
    title = "".join(f"Line {number} of the title\n" for number in range(12))
    import_usage(write(title + TEAM + ONE), AT)
    assert only_event().charged_cents == 42


@pytest.mark.parametrize("names", ["Requests,Cost Center", "requestsCosts,Team", "Requests,Is Chargeable"])
def test_a_column_that_only_sounds_like_amounts_keeps_no_file_out(write, names):
    import_usage(write(TEAM.replace("Cost", names) + ONE.replace('"0.42"', '"3","R&D"')), AT)
    assert only_event().charged_cents == 12


@pytest.mark.parametrize("exports", [(ONE, ONE.replace("0.42", "")), (ONE.replace("0.42", ""), ONE)])
def test_of_a_row_that_two_exports_in_one_file_share_the_one_with_a_cost_counts(write, exports):
    import_usage(write(TEAM + exports[0] + LATER + TEAM + exports[1] + LAST), AT)
    assert MemberModelDay.objects.get().billed_cents == 3 * 42


def test_unknown_amounts_in_an_export_further_down_are_refused_as_well(write):
    with pytest.raises(FileError, match="the column “Cost .EUR.”"):
        import_usage(write(TEAM + ONE + TEAM.replace("Cost", "Cost (EUR)") + LATER), AT)
    assert not UsageEvent.objects.exists()


API_ROWS = (
    "timestamp,userEmail,model,kind,maxMode,isChargeable,tokenUsage{0}inputTokens,tokenUsage{0}outputTokens,"
    "tokenUsage{0}cacheWriteTokens,tokenUsage{0}cacheReadTokens,tokenUsage{0}totalCents,chargedCents\n"
    "1785405907123,ana@x.io,gpt-5,Usage-based,false,true,20,4,100,3000,20.5,21.36232\n"
    "1785405967123,ana@x.io,gpt-5,Included in Business,false,false,20,4,100,3000,20.5,0\n"
)


@pytest.mark.parametrize("joint", [".", "_", " "])
def test_the_apis_own_rows_made_a_table_of_are_read_in_cents(write, joint):
    result = import_usage(write(API_ROWS.format(joint)), AT)
    billed, included = UsageEvent.objects.order_by("occurred_at")
    assert (float(billed.charged_cents), float(billed.model_cents)) == (21.36232, 20.5)
    assert billed.is_chargeable
    assert (billed.cache_read_tokens, billed.output_tokens) == (3000, 4)
    assert (included.charged_cents, float(included.model_cents), included.is_chargeable) == (0, 20.5, False)
    assert result.survey.problems.count == 0


@pytest.mark.parametrize(
    "line",
    [
        *("Grand Total (1 row)" + 10 * ",", "Total général" + 10 * ","),
        *("Insgesamt,,,,,,,,,3124,0.42", "合計,,,,,,,,,3124,0.42"),
    ],
)
def test_lines_that_add_the_others_up_are_known_in_other_words(write, line):
    result = import_usage(write(TEAM + ONE + line + "\n"), AT)
    assert (result.new, result.survey.summaries, result.survey.problems.count) == (1, 1, 0)


@pytest.mark.parametrize("cost", ["Included (Pro)", "Included*", "included in Team plan (2026)"])
def test_included_with_more_words_loses_no_row(write, cost):
    result = import_usage(write(TEAM + ONE.replace("On-Demand", "Included").replace("0.42", cost)), AT)
    assert (result.survey.problems.count, only_event().charged_cents) == (0, 0)

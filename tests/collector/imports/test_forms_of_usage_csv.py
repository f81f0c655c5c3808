"""Exports as dashboards and spreadsheets leave them: columns, numbers, encodings, and names of nobody."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.base.csv_files import FileError
from collector.imports.usage import import_usage
from collector.models import Member, MemberModelDay, UsageEvent
from tests.collector.imports.rows import IN, ONE, TEAM

pytestmark = pytest.mark.django_db

AT = datetime(2026, 8, 1, 9, tzinfo=UTC)
DETAILS = "Date,User,Kind,Max Mode,Model,Tokens,Cost ($)\n"
DETAIL = "2026-07-30T10:00:00.123Z,ann@x.io,Included in Pro,No,claude-4.5-sonnet,3124,Included\n"


def only_event():
    return UsageEvent.objects.select_related("member").get()


@pytest.mark.parametrize(
    "header", ["Cost", "Cost ($)", "cost($)", "COST (USD)", ' "Cost ($)" ', "Cost\u00a0($)"]
)
def test_every_spelling_of_the_cost_is_the_cost(write, header):
    row = "2026-07-10T12:00:00.000Z,ana@x.io,Usage-based,gpt-5,No,10,20,30,40,100,0.25,3\n"
    import_usage(write(TEAM.strip().removesuffix("Cost") + f"{header},Requests\n" + row), AT)
    assert (only_event().charged_cents, only_event().is_chargeable, only_event().request_units) == (
        25,
        True,
        3,
    )


def test_the_sum_of_all_tokens_is_taken_where_a_file_has_no_more(write):
    import_usage(write(DETAILS + DETAIL), AT)
    event = only_event()
    assert (event.input_tokens, event.output_tokens, event.charged_cents) == (3124, None, 0)
    assert MemberModelDay.objects.get().input_tokens == 3124


def test_a_fuller_form_replaces_the_sum_and_the_sum_never_the_fuller(write):
    fuller = TEAM + ONE.replace("On-Demand", "Included in Pro").replace("0.42", "Included")
    import_usage(write(DETAILS + DETAIL), AT)
    import_usage(write(fuller), AT)
    again = import_usage(write(DETAILS + DETAIL), AT)
    event = only_event()
    assert (event.input_tokens, event.cache_read_tokens, again.unchanged) == (20, 3000, 1)


@pytest.mark.parametrize(
    "cost", ["Free", "free", "$0.00", "0", "errored", "Aborted, Not Charged", "No Charge"]
)
def test_free_is_known_to_cost_nothing(write, cost):
    result = import_usage(write(TEAM + ONE.replace("0.42", cost)), AT)
    assert (result.survey.without_cost, only_event().charged_cents, only_event().cost_basis) == (0, 0, "file")


@pytest.mark.parametrize(
    ("separator", "cost", "cents"),
    [
        (",", "$1,234.50", 123450),
        (",", "US $1'234.50", 123450),
        (",", "1\u00a0234.50", 123450),
        (",", "0.125", Decimal("12.5")),
        (",", "12.500", 1250),
        (",", "US$0.42", 42),
        (",", "0.42 USD", 42),
        (",", "1e-05", Decimal("0.001")),
        (",", ".5", 50),
        (";", "0,125", Decimal("12.5")),
        (";", "12,500", 1250),
        (";", "0,05", 5),
        (";", "1.234,56", 123456),
        (";", "1 234,56", 123456),
        (";", "0.42", 42),
        ("\t", "0,125", Decimal("12.5")),
        ("\t", "0,5", 50),
        ("\t", "12,500", None),
        (",", "12,500", None),
        (",", "0,125", None),
        (",", "1,2345", None),
    ],
)
def test_a_decimal_comma_is_understood_or_refused_and_never_read_a_thousandfold(
    write, separator, cost, cents
):
    text = (TEAM + ONE.replace("0.42", "COST")).replace(",", separator).replace("COST", cost)
    if cents is None:
        with pytest.raises(FileError, match=f"Line 2: “{cost}”"):
            import_usage(write(text), AT)
    else:
        import_usage(write(text), AT)
        assert only_event().charged_cents == cents


@pytest.mark.parametrize("tokens", ["3,000", "3000.0", "3000", "3'000", "3\u202f000", "3 000"])
def test_counts_with_marks_of_thousands_are_whole_numbers(write, tokens):
    import_usage(write(TEAM + ONE.replace('"3000"', f'"{tokens}"')), AT)
    assert only_event().cache_read_tokens == 3000


@pytest.mark.parametrize(
    "user", ["You", "you", "me", "N/A", "n/a", "-", "–", "none", "", "Ann Lee", "Ann <ann@x.io>"]
)
def test_a_user_that_names_nobody_is_whom_member_says(write, user):
    path = write(TEAM + ONE.replace("Ann@X.io", user))
    with pytest.raises(FileError, match="--member EMAIL"):
        import_usage(path, AT)
    assert not Member.objects.exists()
    assert import_usage(path, AT, member="k@x.io").by_member == 1
    assert set(Member.objects.values_list("email", flat=True)) == {"k@x.io"}


def test_the_same_days_in_the_later_form_without_users_are_not_counted_twice(write):
    import_usage(write(TEAM + ONE.replace("Ann@X.io", "You")), AT, member="k@x.io")
    own = TEAM.replace("User,", "") + ONE.replace('"Ann@X.io",', "")
    assert import_usage(write(own), AT, member="k@x.io").unchanged == 1
    assert UsageEvent.objects.count() == 1


def test_two_display_names_cannot_both_be_one_member(write):
    path = write(TEAM + ONE.replace("Ann@X.io", "Ann Lee") + ONE.replace("Ann@X.io", "Bob Ray"))
    with pytest.raises(FileError, match="User holds 2 names"):
        import_usage(path, AT, member="k@x.io")
    assert not Member.objects.exists()


def test_a_team_file_keeps_the_money_of_rows_that_name_nobody(write):
    import_usage(write(TEAM + ONE + ONE.replace("Ann@X.io", "-")), AT)
    assert set(MemberModelDay.objects.values_list("member__email", "total_cents")) == {
        ("ann@x.io", 42),
        ("unattributed", 42),
    }


@pytest.mark.parametrize(
    ("encoding", "before", "guess"),
    [
        ("utf-8", "", ""),
        ("utf-8", "\ufeff", ""),
        ("utf-16", "", ""),
        ("utf-16-le", "", "UTF-16"),
        ("utf-16-be", "", "UTF-16"),
        ("utf-32", "", ""),
        ("cp1252", "", "Windows-1252"),
        ("utf-8", "sep=;\r\n", ""),
        ("utf-8", "\ufeffsep=;\n", ""),
        ("utf-8", '"sep=;"\n', ""),
        ("utf-8", "\n;;;\n", ""),
        ("utf-8", "Usage events of Acme\n\n", ""),
    ],
)
def test_a_file_is_read_in_any_encoding_and_below_what_spreadsheets_put_above(write, encoding, before, guess):
    text = before + (TEAM + ONE.replace("Ann@X.io", "zoë@x.io")).replace(",", ";")
    result = import_usage(write(text.encode(encoding)), AT)
    assert only_event().member.email == "zoë@x.io"
    assert result.survey.guessed_encoding == guess
    assert any(line.startswith(f"the encoding was guessed: {guess}") for line in result.lines) is bool(guess)


def test_both_spellings_of_an_accent_are_one_member(write):
    rows = ONE.replace("Ann@X.io", "zo\u00eb@x.io") + ONE.replace("Ann@X.io", "zoe\u0308@x.io").replace(
        ":00:00", ":01:00"
    )
    import_usage(write(TEAM + rows), AT)
    assert Member.objects.get().email == "zo\u00eb@x.io"


def test_line_breaks_in_quoted_headers_and_columns_that_stand_twice_are_read(write):
    header = TEAM.strip().replace("Total Tokens", '"Total\r\nTokens"') + ",Cost,Note\r\n"
    same, other = ONE.strip() + ',"0.42",x\r\n', ONE.replace(":00:00", ":01:00").strip() + ',"0.43",x\r\n'
    result = import_usage(write(header + same + other), AT)
    assert only_event().charged_cents == 42
    assert result.survey.problems.report == [
        "Line 4: two columns with the same name have different values, “0.42” and “0.43”."
    ]


@pytest.mark.parametrize("place", ["Total,,,,", ",Total,,,", ",,,Total,", "TOTAL:,,,,"])
def test_a_summary_below_the_rows_is_skipped_and_counted(write, place):
    result = import_usage(write(TEAM + ONE + f"{place},100,20,3000,4,3124,0.42\n" + ",,,,,,,,,,\n"), AT)
    assert (result.survey.summaries, result.survey.problems.count, UsageEvent.objects.count()) == (1, 0, 1)


@pytest.mark.parametrize(
    "at",
    [
        "2026-07-30T10:00:00.123Z",
        "2026-07-30 10:00:00.123+00:00",
        "1785405600123",
        "2026-07-30 10:00:00.123 UTC",
        "2026-07-30t10:00:00.123z",
        "2026-07-30T10:00:00.123999Z",  # the API has milliseconds: the same event
        "2026-07-30 10:00:00.123 +0000 UTC",
        "2026-07-30T10:00:00.123Z[UTC]",
        "'2026-07-30T10:00:00.123Z",
        "1785405600.123",
        "1785405600123456",
        "30/07/2026 10:00:00.123 UTC",
    ],
)
def test_an_instant_is_the_same_in_every_spelling(write, at):
    import_usage(write(TEAM + ONE.replace("2026-07-30T10:00:00.123Z", at)), AT)
    assert only_event().occurred_at == datetime(2026, 7, 30, 10, 0, 0, 123_000, tzinfo=UTC)


@pytest.mark.parametrize(("header", "reported"), [("Date (UTC)", 0), ("Timestamp (UTC)", 0), ("Date", 1)])
def test_an_instant_without_a_zone_is_utc_and_reported_where_its_column_names_no_zone(
    write, header, reported
):
    rows = ONE + ONE.replace("10:00:00.123Z", "11:00:00")
    result = import_usage(write(TEAM.replace("Date", header) + rows), AT)
    assert (result.new, result.survey.without_zone) == (2, reported)
    assert sum("1 times name no time zone: taken as UTC" in line for line in result.lines) == reported


def test_kinds_are_billed_however_their_words_are_joined(write):
    rows = "".join(
        ONE.replace("On-Demand", kind).replace(":00:00", f":{n:02d}:00")
        for n, kind in enumerate(
            ["On-Demand", "on demand", "ON_DEMAND", "Usage-based", "Usage Based", "Usage-based ", "On‑Demand"]
        )
    )
    import_usage(write(TEAM + rows), AT)
    assert MemberModelDay.objects.get().billed_cents == 42 * 7


def test_a_text_is_stored_without_what_steers_a_terminal(write):
    import_usage(write(TEAM + ONE.replace("On-Demand", "\x1b[2JOn-Demand")), AT)
    assert only_event().kind == "[2JOn-Demand"


def test_blanks_after_the_separator_are_no_part_of_a_quoted_cell(write):
    row = ONE.replace("On-Demand", "Errored, No Charge")
    assert import_usage(write((TEAM + row).replace(",", ", ").replace("d,  N", "d, N")), AT).new == 1
    assert only_event().kind == "Errored, No Charge"


def test_line_breaks_within_a_text_become_blanks(write):
    import_usage(write(TEAM + ONE.replace("claude-4.5-sonnet", "claude\n4.5\r\nsonnet")), AT)
    assert only_event().model == "claude 4.5 sonnet"
    assert IN in TEAM


def test_a_personal_file_with_a_bad_line_still_asks_for_whose_it_is(write):
    rows = ONE.replace("Ann@X.io", "-") + ONE.replace("Ann@X.io", "-").replace("0.42", "much")
    with pytest.raises(FileError, match="--member EMAIL"):
        import_usage(write(TEAM + rows), AT)


def test_money_of_a_kind_that_nobody_knows_is_reported(write):
    result = import_usage(write(TEAM + ONE.replace("On-Demand", "Moon-Based")), AT)
    assert any("“Moon-Based” is not known" in line and "not as charged" in line for line in result.lines)
    assert only_event().charged_cents == 0


@pytest.mark.parametrize("kind", ["", "-", "On-Demand (Overage)"])
def test_money_of_a_row_that_does_not_say_clearly_whether_it_is_billed_is_reported(write, kind):
    result = import_usage(write(TEAM + ONE.replace("On-Demand", kind)), AT)
    assert any("its $0.42 count as value, not as charged" in line for line in result.lines)


@pytest.mark.parametrize("nothing", ["-", "N/A", "null", "—"])
def test_a_word_for_no_agent_makes_no_agent(write, nothing):
    header = TEAM.strip() + ",Cloud Agent ID,Automation ID\n"
    import_usage(write(header + ONE.strip() + f",{nothing},{nothing}\n"), AT)
    event = only_event()
    assert (event.is_headless, event.cloud_agent_id, event.automation_id) == (False, "", "")


@pytest.mark.parametrize("header", ["User,Email", "User,User Email", "Email,User"])
def test_a_column_of_addresses_names_the_user_beside_one_of_names(write, header):
    cells = '"Ann Lee","ann@x.io"' if header.startswith("User") else '"ann@x.io","Ann Lee"'
    import_usage(write(TEAM.replace("User", header) + ONE.replace('"Ann@X.io"', cells)), AT)
    assert only_event().member.email == "ann@x.io"

"""Files that are not a usage-events CSV are refused; of others, each line that cannot be used is listed."""

from datetime import UTC, datetime

import pytest

from collector.base.csv_files import FileError
from collector.imports.usage import import_usage
from collector.models import Member, MemberModelDay, UsageEvent
from tests.collector.imports.rows import IN, ONE, TEAM

pytestmark = pytest.mark.django_db

AT = datetime(2026, 8, 1, 9, tzinfo=UTC)


def nothing_is_there():
    return not any(model.objects.exists() for model in (Member, UsageEvent, MemberModelDay))


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (TEAM, "no rows below them"),
        ("", "Line 1: the file is empty"),
        (b"PK\x03\x04zip", "Line 1: this is a ZIP archive"),
        ("Name,Email,Role\nAnn,ann@x.io,owner\n", "there is no column Date"),
        (TEAM + ONE[:40], "Line 2: a quoted cell never ends"),
        (TEAM + "2026-07-30T10:00:00.123Z,ann@x.io,On-De", "Line 2: only 3 of 11 cells"),
        (
            TEAM + ONE.replace("2026-07-30T10:00:00.123Z", "7/6/2026 10:00"),
            "Line 2: “7/6/2026 10:00” may begin with the day or the month",
        ),
        (TEAM + ONE.replace("T10:00:00.123Z", ""), "Line 2: “2026-07-30” is not a date and time"),
        (TEAM + ONE.replace("3124", "3125"), "Line 2: the tokens add up to 3,124, but the total is 3,125"),
        (TEAM + ONE.replace("0.42", "much"), "Line 2: “much” is not a cost"),
        (TEAM + ONE.replace('"0.42"', '"0,42"'), "Line 2: “0,42” is not a cost"),
        (TEAM + ONE.replace('"20"', '"x"'), "Line 2: “x” is not a number of tokens"),
        (TEAM + ONE.replace("0.42", "-") * 3, "None of the 3 billed rows has a cost"),
        (
            TEAM + ONE.replace("claude-4.5-sonnet", "m" * 121),
            "Line 2: the model has more than 120 characters",
        ),
        (f"Date,Kind,Model,Max Mode,{IN},Cost\n", "Use --member EMAIL to name the member"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_says_which_line(write, text, says):
    with pytest.raises(FileError) as caught:
        import_usage(write(text), AT)
    assert says in str(caught.value)
    assert nothing_is_there()


BAD = {
    "a quote that never ends": (ONE[:40] + "\n", "not valid CSV"),
    "a quote in the middle": (
        ONE.replace('"gpt', '"g"pt').replace('"On-Demand"', '"On"Demand"'),
        "not valid CSV",
    ),
    "a short line": (ONE.rpartition(",")[0] + "\n", "only 10 of 11 cells"),
    "a cell too many": (ONE.strip() + ',"9"\n', "12 cells, but the first line has 11"),
    "no instant": (ONE.replace("2026-07-30T10:00:00.123Z", "x"), "“x” is not a date and time"),
    "a rounded number": (
        ONE.replace("2026-07-30T10:00:00.123Z", "1.78541E+12"),
        "is not a date and time",
    ),
    "minutes without an hour": (ONE.replace("2026-07-30T10:00:00.123Z", "00:00.1"), "is not a date and time"),
    "a thirteenth month": (
        ONE.replace("2026-07-30T10:00:00.123Z", "30.13.2026 10:00"),
        "is not a date and time",
    ),
    "a year ahead": (ONE.replace("2026-07-30T", "2027-07-30T"), "in the future"),
    "long ago": (ONE.replace("2026-07-30T", "2019-07-30T"), "before 2023"),
    "the last instant": (
        ONE.replace("2026-07-30T10:00:00.123Z", "9999-12-31T23:59:59.999Z"),
        "in the future",
    ),
    "an early zone": (
        ONE.replace("2026-07-30T10:00:00.123Z", "0001-01-01T00:00:00+14:00"),
        "before 2023",
    ),
    "a cost of an exponent": (ONE.replace("0.42", "1e400"), "“1e400” is not a cost"),
    "a cost too large": (ONE.replace("0.42", "221116210"), "too large for a cost"),
    "a cost that is the tokens": (ONE.replace("0.42", "3124"), "the columns have shifted"),
    "a cost in euros": (ONE.replace("0.42", "0.42 €"), "is not a cost"),
    "a decimal comma": (ONE.replace("0.42", "12,500"), "decimal comma or a thousands separator"),
    "tokens beyond a column": (
        ONE.replace('"20"', '"9223372036854775808"'),
        "too large for a number of tokens",
    ),
    "negative tokens": (ONE.replace('"20"', '"-20"'), "“-20” is not a number of tokens"),
    "a fraction of a token": (ONE.replace('"20"', '"20.5"'), "“20.5” is not a number of tokens"),
    "a display name": (ONE.replace("Ann@X.io", "Ann Lee"), "The User column holds “Ann Lee”"),
    "a name before the address": (ONE.replace("Ann@X.io", "Ann <ann@x.io>"), "does not identify a member"),
    "a line break in an address": (ONE.replace("Ann@X.io", "ann\nlee@x.io"), "does not identify a member"),
    "an address too long": (ONE.replace("Ann@X.io", "a" * 300 + "@x.io"), "does not identify a member"),
    "a long kind": (ONE.replace("On-Demand", "k" * 81), "more than 80 characters"),
}


@pytest.mark.parametrize(("line", "says"), BAD.values(), ids=BAD)
def test_a_bad_line_is_listed_and_the_readable_rest_is_taken(write, line, says):
    after = ONE.replace("10:00:00", "11:00:00")
    result = import_usage(write(TEAM + ONE + line + after), AT)
    assert result.survey.problems.report[0].startswith("Line 3: ")
    assert says in result.survey.problems.report[0]
    assert [event.occurred_at.hour for event in UsageEvent.objects.order_by("occurred_at")] == [10, 11]
    assert MemberModelDay.objects.get().total_cents == 84
    assert any(text.endswith("lines not imported:") for text in result.lines)


def test_lines_that_were_sorted_above_the_names_of_the_columns_are_listed(write):
    later = ONE.replace("10:00:00", "11:00:00")
    result = import_usage(write("Usage of July\n" + ONE + TEAM + later), AT)
    assert result.new == 1
    (line,) = result.survey.problems.report
    assert line.startswith("Line 2: it stands above the names of the columns")


def test_hundreds_of_bad_lines_are_counted_and_the_first_are_listed(write):
    bad = "".join(ONE.replace("2026-07-30T10:00:00.123Z", f"x{n}") for n in range(500))
    report = import_usage(write(TEAM + bad + ONE), AT).survey.problems.report
    assert (len(report), report[0][:12], report[-1]) == (21, "Line 2: “x0”", "… and 480 more lines.")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"PK\x05\x06" + bytes(20), "Excel workbook"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(20), "old Excel workbook"),
        (b"\x1f\x8b\x08" + bytes(20), "compressed"),
        (b"%PDF-1.7\n", "a PDF"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook>", "a web page"),
        (b'{"usageEvents": []}', "JSON"),
        (b"Date,User\0\n", "not a text file"),
        (b"\n\n\n", "the file is empty"),
        ("Date,Model,Tokens\nx".encode("utf-16")[:-1], "not text"),
        (b"Date,Model,Kind,Cost\n2026-07-30T10:00:00.123Z,m,On-Demand,1\n", "there is no column Input"),
    ],
)
def test_a_file_of_another_kind_is_refused_by_its_name(write, content, says):
    with pytest.raises(FileError, match=says):
        import_usage(write(content), AT, member="me@x.io")
    assert nothing_is_there()

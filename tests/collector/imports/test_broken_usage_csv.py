"""Files that are no usage-events CSV, or only half of one: refused whole, with the line."""

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
        (TEAM, "nothing below them"),
        ("", "Line 1: the file is empty"),
        (b"PK\x03\x04zip", "Line 1: this is a ZIP archive"),
        ("Name,Email,Role\nAnn,ann@x.io,owner\n", "there is no column Date"),
        (TEAM + ONE + ONE[:40], "Line 3: a quoted cell never ends"),
        (TEAM + ONE + "2026-07-30T10:00:00.123Z,ann@x.io,On-De", "Line 3: only 3 of 11 cells"),
        (
            TEAM + ONE.replace("2026-07-30T10:00:00.123Z", "7/30/2026 10:00"),
            "Line 2: “7/30/2026 10:00” is not an instant",
        ),
        (TEAM + ONE.replace("00.123Z", "00.123"), "Line 2: “2026-07-30T10:00:00.123” is not an instant"),
        (TEAM + ONE.replace("3124", "3125"), "Line 2: the tokens add up to 3,124, and the total says 3,125"),
        (TEAM + ONE.replace("0.42", "much"), "Line 2: “much” is no cost"),
        (TEAM + ONE.replace('"0.42"', '"0,42"'), "Line 2: “0,42” is no cost"),
        (TEAM + ONE.replace('"20"', '"x"'), "Line 2: “x” is no number of tokens"),
        (TEAM + ONE.replace("0.42", "-") * 3, "All 3 rows that cost something lack their cost"),
        (
            TEAM + ONE.replace("claude-4.5-sonnet", "m" * 121),
            "Line 2: the model has more than 120 characters",
        ),
        (f"Date,Kind,Model,Max Mode,{IN},Cost\n", "Say whose with --member EMAIL"),
    ],
)
def test_a_file_that_cannot_be_used_changes_nothing_and_says_which_line(write, text, says):
    with pytest.raises(FileError) as caught:
        import_usage(write(text), AT)
    assert says in str(caught.value)
    assert nothing_is_there()


def test_a_bad_line_far_down_keeps_the_good_ones_out_too(write):
    good = "".join(ONE.replace(".123", f".{n:03d}") for n in range(500))
    with pytest.raises(FileError, match="Line 502: “x” is not an instant"):
        import_usage(write(TEAM + good + ONE.replace("2026-07-30T10:00:00.123Z", "x")), AT)
    assert nothing_is_there()

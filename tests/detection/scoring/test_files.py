"""A team's own export as a history: what the file does not say is not known."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from collector.base.csv_files import FileError
from detection.scoring.files import history_of_file, read_labels

HEADER = "Date,User,Cloud Agent ID,Kind,Model,Input (w/o Cache Write),Output Tokens,Total Tokens,Cost\n"


def history(tmp_path, agents):
    path = tmp_path / "usage.csv"
    rows = [
        f"2026-05-18T09:{minute:02d}:00.000Z,ann@example.com,{agent},On-Demand,auto,9000,100,9100,0.05\n"
        for minute, agent in enumerate(agents)
    ]
    path.write_text(HEADER + "".join(rows))
    return history_of_file(path)


def test_requests_of_no_named_conversation_are_not_one_conversation(tmp_path):
    (row,) = history(tmp_path, [""] * 30).rows.itertuples()
    assert (row.requests, row.thread, row.thread_requests) == (30, -1, 0)


def test_a_cloud_agent_that_makes_most_requests_of_an_hour_is_named(tmp_path):
    rows = history(tmp_path, [""] * 20 + ["bc-1"] * 8).rows
    (run,) = rows[rows["by_agent"]].itertuples()
    assert (run.thread_requests, run.thread >= 0) == (8, True)
    (by_hand,) = rows[~rows["by_agent"]].itertuples()
    assert by_hand.thread == -1


def test_lines_that_cannot_be_read_are_reported(tmp_path, caplog):
    path = tmp_path / "usage.csv"
    row = "2026-05-18T09:00:00.000Z,ann@example.com,,On-Demand,auto,9000,100,9100,0.05\n"
    path.write_text(HEADER + row + row.replace("0.05", "five"))
    assert history_of_file(path).rows["requests"].sum() == 1
    assert "Line 3: “five” is not a cost" in caplog.text


LABELS = "email,kind,onset_at,ended_at,extra_dollars\n"
LABEL = "Ann@example.com,runaway,2026-05-25T12:50:00Z,2026-05-25T17:00:00Z,71.89\n"


def labels(tmp_path, text):
    path = tmp_path / "labels.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return read_labels(path, {"ann@example.com"})


@pytest.mark.parametrize(
    "text",
    [
        LABELS + LABEL,
        (LABELS + LABEL).encode("utf-16"),
        (LABELS + LABEL).replace(",", ";").replace("71.89", "71,89"),
        LABELS.upper().replace(",", ", ") + LABEL.replace("71.89", "$71.89") + "\n",
        LABELS + LABEL.replace("2026-05-25T12:50:00Z", "25.05.2026 12:50"),
        LABELS + LABEL.replace("Z", ""),  # UTC, wherever it is read
    ],
)
def test_labels_are_read_as_any_program_saves_them(tmp_path, text):
    (label,) = labels(tmp_path, text)
    assert (label.email, label.kind, label.extra_cents) == ("ann@example.com", "runaway", Decimal(7189))
    assert label.onset_at == datetime(2026, 5, 25, 12, 50, tzinfo=UTC)
    assert label.ended_at == datetime(2026, 5, 25, 17, tzinfo=UTC)


@pytest.mark.parametrize(
    ("line", "says"),
    [
        (LABEL.replace("Ann@", "Anne@"), "the export has no usage of anne@example.com"),
        (LABEL.replace("71.89", "NaN"), "extra dollars are a number from 0"),
        (LABEL.replace("71.89", "-5"), "extra dollars are a number from 0"),
        (LABEL.replace("71.89", "Infinity"), "“Infinity” is not a cost"),
        (LABEL.replace("T17", "T07"), "ends after its onset"),
        (LABEL.replace("2026-05-25T12:50:00Z", "9999-12-31T23:59:59-05:00"), "in the future"),
        (LABEL.replace("2026-05-25T12:50:00Z", ""), "not a date and time"),
        ("ann@example.com,runaway\n", "only 2 of 5 cells"),
        (LABEL.replace("runaway", "x" * 200_000), "a cell has more than"),
        ('"ann@example.com,run', "never ends"),
    ],
)
def test_a_label_that_cannot_be_is_refused_with_its_line(tmp_path, line, says):
    with pytest.raises(FileError, match=f"^Line 3: .*{says}"):
        labels(tmp_path, LABELS + LABEL + line)

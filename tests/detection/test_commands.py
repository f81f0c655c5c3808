"""The commands print what they did."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from collector.models import SourceRun
from detection.models import Anomaly

from .facts import NOW, make_member, runaway, ten_dollar_days


def run(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out, stderr=StringIO())
    return out.getvalue()


@pytest.mark.django_db
def test_detect_prints_each_new_anomaly_and_a_summary():
    SourceRun.objects.create(source="events", status="ok", started_at=NOW, finished_at=NOW)
    SourceRun.objects.create(source="spend", status="ok", started_at=NOW, finished_at=NOW)
    ana = make_member()
    ten_dollar_days(ana)
    runaway(ana)

    first = run("detect", "--as-of", NOW.isoformat())
    again = json.loads(run("detect", "--as-of", NOW.isoformat(), "--json"))

    assert "warning: Ana Ruiz spent $80 in 24 h, 8.0x their usual $10" in first
    assert first.endswith("3 new, 0 still there, 0 cleared\n")
    assert (len(again["opened"]), len(again["still"])) == (0, 3)
    assert {row["email"] for row in again["still"]} == {"ana@example.com"}


@pytest.mark.django_db
def test_detect_says_which_checks_had_no_data():
    said = run("detect", "--as-of", NOW.isoformat())
    assert said.endswith("no data, events never collected (14 rules), spend never collected (1 rule)\n")
    assert Anomaly.objects.count() == 0


def test_score_prints_both_detectors_on_the_same_companies():
    (row,) = json.loads(run("score", "--seeds", "1", "--members", "30", "--days", "30", "--json"))
    assert row["seed"] == 1
    assert set(row["ours"]) == set(row["rival"]) >= {"recall", "precision", "f1", "median_hours"}
    assert "recall" in run("score", "--seeds", "1", "--members", "20", "--days", "16")


def test_score_prints_a_dash_for_what_was_not_there_to_be_found():
    assert "seed 1  │ - (-)  │ - (-)     │ - (-)" in run(
        "score", "--seeds", "1", "--members", "3", "--days", "3"
    )


@pytest.mark.parametrize("seeds", ["many", "5-3", ""])
def test_seeds_that_are_none_are_refused(seeds):
    with pytest.raises(CommandError, match="is not a list of seeds"):
        run("score", "--seeds", seeds)


@pytest.mark.parametrize("option", ["--members", "--days"])
@pytest.mark.parametrize("number", ["0", "-5", "100000000"])
def test_a_company_has_members_and_days(option, number):
    with pytest.raises(CommandError, match="is not a whole number from 1 to"):
        run("score", option, number)


def test_a_members_own_export_is_scored_against_its_labels(tmp_path):
    usage, labels = tmp_path / "usage.csv", tmp_path / "labels.csv"
    columns = "Input (w/ Cache Write),Input (w/o Cache Write),Cache Read,Output Tokens,Total Tokens,Cost"
    instants = [datetime(2026, 5, day, 9, tzinfo=UTC) for day in (18, 19, 20)]
    instants += [datetime(2026, 5, 21, 9, tzinfo=UTC) + timedelta(seconds=14 * n) for n in range(1269)]
    rows = [f"{at:%Y-%m-%dT%H:%M:%S}.000Z,On-Demand,auto,No,0,9000,0,100,9100,0.05" for at in instants]
    usage.write_text("\n".join([f"Date,Kind,Model,Max Mode,{columns}", *rows]))
    labels.write_text(
        "email,kind,onset_at,ended_at,extra_dollars\n"
        "eva@example.com,runaway,2026-05-21T09:00:00Z,2026-05-21T14:00:00Z,63.45\n"
    )
    files = ("score", "--file", str(usage), "--labels", str(labels))
    with pytest.raises(CommandError, match="Use --member EMAIL"):
        run(*files)
    (row,) = json.loads(run(*files, "--member", "eva@example.com", "--json"))
    assert (row["ours"]["recall"], row["ours"]["precision"]) == (1.0, 1.0)

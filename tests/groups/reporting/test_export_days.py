"""Daily totals as CSV and Parquet."""

import csv
import io
import sys
from datetime import date
from decimal import Decimal

import pyarrow.parquet
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from collector.models import Member, MemberModelDay
from groups.reporting import export_days, focus
from tests.groups.factories import assign, make_day, make_group, make_member

pytestmark = pytest.mark.django_db
RANGE = ("--from", "2026-03-01", "--to", "2026-03-31")


@pytest.fixture(autouse=True)
def spent():
    ann, bob = make_member("ann@x.io", name="=Ann"), make_member("bob@x.io")
    assign(ann, make_group("Eng > Web"), date(2026, 3, 14))
    make_day(ann, date(2026, 3, 13), Decimal("10.5"), billed_cents=10, requests=1, surface="ide")
    make_day(ann, date(2026, 3, 14), Decimal("123.456789"), requests=3, surface="cloud_agent", runs=2)
    make_day(bob, date(2026, 3, 20), Decimal("99"), requests=7)
    make_day(bob, date(2026, 4, 1), Decimal("1"))


def test_each_row_is_a_day_of_a_member_in_the_group_of_that_day():
    out = io.StringIO()
    call_command("export_days", *RANGE, stdout=out)
    rows = list(csv.DictReader(io.StringIO(out.getvalue())))
    shown = ("day", "group", "email", "name", "surface", "spend_usd", "on_demand_usd", "requests", "runs")
    assert [tuple(row[name] for name in shown) for row in rows] == [
        ("2026-03-13", "Unassigned", "ann@x.io", "'=Ann", "ide", "0.105000", "0.100000", "1", "0"),
        ("2026-03-14", "Eng > Web", "ann@x.io", "'=Ann", "cloud_agent", "1.23456789", "0.000000", "3", "2"),
        ("2026-03-20", "Unassigned", "bob@x.io", rows[2]["name"], "", "0.990000", "0.000000", "7", "0"),
    ]  # fmt: skip
    assert tuple(rows[0]) == export_days.COLUMNS


def test_a_day_on_which_a_cycle_turns_has_one_row_with_both_of_its_parts():
    ann = Member.objects.get(email="ann@x.io")
    rest = {"surface": "ide", "requests": 2, "billed_cents": 3}
    make_day(ann, date(2026, 3, 13), Decimal("4.25"), is_after_turn=True, **rest)
    (row,) = export_days.rows(date(2026, 3, 13), date(2026, 3, 13))
    assert (row["spend_usd"], row["on_demand_usd"], row["included_usd"], row["requests"]) == (
        Decimal("0.1475"), Decimal("0.13"), Decimal("0.0175"), 3,
    )  # fmt: skip


@pytest.mark.parametrize("command", ["export_days", "export_focus"])
def test_parquet_has_the_rows_and_columns_of_the_csv(command, tmp_path):
    path, out = tmp_path / "days.parquet", io.StringIO()
    call_command(command, *RANGE, str(path), stdout=out)
    table = pyarrow.parquet.read_table(path)
    text = io.StringIO()
    call_command(command, *RANGE, stdout=text)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert out.getvalue() == f"3 rows written to {path}\n"
    assert table.column_names == list(rows[0])
    money = "EffectiveCost" if command == "export_focus" else "spend_usd"
    assert sum(table[money].to_pylist()) == sum(Decimal(row[money]) for row in rows) == Decimal("2.32956789")


def test_a_range_without_rows_is_a_parquet_file_without_rows(tmp_path):
    path = tmp_path / "none.parquet"
    MemberModelDay.objects.all().delete()
    call_command("export_days", *RANGE, str(path), stdout=io.StringIO())
    assert pyarrow.parquet.read_table(path).num_rows == 0


def test_without_pyarrow_the_error_says_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(CommandError, match="pip install pyarrow"):
        call_command("export_days", *RANGE, str(tmp_path / "x.parquet"))
    assert not (tmp_path / "x.parquet").exists()


@pytest.mark.parametrize(
    ("arguments", "why"),
    [(("--from", "2026-03-02", "--to", "2026-03-01"), "--to is before --from"),
     ((*RANGE, "--format", "parquet"), "name a file"), ((*RANGE, "/no/such/place.csv"), "No such file")],
)  # fmt: skip
def test_what_cannot_be_written_is_refused_with_the_reason(arguments, why):
    with pytest.raises(CommandError, match=why):
        call_command("export_days", *arguments)


def test_focus_names_the_surface_and_the_runs():
    rows = list(focus.rows(date(2026, 3, 14), date(2026, 3, 14)))
    assert [(row["x_Surface"], row["x_Runs"]) for row in rows] == [("cloud_agent", 2)]


@pytest.mark.postgres
@pytest.mark.parametrize("export", [export_days, focus])
def test_no_cursor_stays_open_that_a_pooler_would_lose(export):
    rows = export.rows(date(2026, 3, 1), date(2026, 3, 31))
    assert next(rows)
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_cursors WHERE name <> ''")
        assert cursor.fetchone() == (0,)
    assert len(list(rows)) == 2

from dataclasses import replace
from datetime import date

from django.template.loader import render_to_string

from tracker.widgets.charts import Chart, Series

CHART = Chart(
    key="spend",
    title="Daily spend",
    labels=["1", "2"],
    titles=["Sun 1 Nov", "Mon 2 Nov"],
    series=[Series("Spend", [12.5, None], "3")],
    unit="usd",
    average=12.5,
    provisional_from=1,
    links=["/?day=1", ""],
)


def test_table_and_csv_say_what_is_drawn():
    assert CHART.table_rows == [("Sun 1 Nov", "/?day=1", ["$12.50"]), ("Mon 2 Nov", "", ["–"])]
    assert CHART.csv_rows == [["Day", "Spend (USD)"], ["Sun 1 Nov", 12.5], ["Mon 2 Nov", None]]


def test_a_csv_has_days_as_a_spreadsheet_reads_them():
    chart = replace(CHART, days=[date(2026, 11, 1), date(2026, 11, 2)])
    assert [str(row[0]) for row in chart.csv_rows[1:]] == ["2026-11-01", "2026-11-02"]


def test_the_script_is_given_values_and_words():
    data = CHART.data
    assert data["series"][0]["values"] == [12.5, None]
    assert (CHART.average_said, data["provisional_from"]) == ("average $12.50", 1)


def test_data_cannot_break_out_of_its_attribute():
    evil = Chart("x", "T", ['"><b>'], [Series("S", [1])], "count")
    assert "<b>" not in render_to_string("components/chart.jinja", {"chart": evil}, using="jinja2")

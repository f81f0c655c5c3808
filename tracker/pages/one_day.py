"""The page of one day: its hours, and tables of who, which models and which surfaces."""

from operator import attrgetter

from django.http import QueryDict

from tracker.pages.columns import person_columns
from tracker.pages.days import dollars
from tracker.reports.one_day import DayLine, DayReport
from tracker.reports.people import Person
from tracker.widgets import formats
from tracker.widgets.charts import Chart, Series
from tracker.widgets.tables import LONG_ROWS, Column, PageParts, Table


def page(report: DayReport, query: QueryDict) -> PageParts:
    subject = attrgetter("subject")

    def table(key: str, caption: str, *columns: Column[DayLine], rows: list[DayLine]) -> Table[DayLine]:
        return Table(
            key, caption, [*columns, *figures(report)], rows, sort="-spend",
            ordered="-spend", row_choices=LONG_ROWS, empty="Nothing was spent on this day.",
        )  # fmt: skip

    change = formats.change(report.total.extra_cents, report.total.usual_cents)
    amount, _, share = change.partition(", ")
    return PageParts(
        query,
        report.filters.now,
        report=report,
        compared=amount,
        compared_share=share,
        drivers=drivers(report.total, report.members),
        hours=hours_chart(report),
        members=table(
            "members",
            "Members",
            *person_columns(subject),
            rows=report.members,
        ),
        models=table("models", "Models", Column("model", "Model", subject, "model"), rows=report.models),
        surfaces=table("surfaces", "Surfaces", Column("surface", "Surface", subject), rows=report.surfaces),
    )


def drivers(total: DayLine[None], members: list[DayLine[Person]]) -> list[DayLine[Person]]:
    """Up to three members who each spent a fifth or more of what is above a usual day, the largest first."""
    above = total.extra_cents or 0
    if above < formats.LEAST_BASE_CENTS:
        return []
    spent = [line for line in members if (line.extra_cents or 0) * 5 >= above]
    return sorted(spent, key=lambda line: -(line.extra_cents or 0))[:3]


def figures(report: DayReport) -> list[Column[DayLine]]:
    """The columns that every table of the day has."""
    usual = f"The mean of {report.usual_of}." if report.usual_of else "No earlier day is known."
    runs = "Runs of cloud agents and automations that began."
    return [
        Column("spend", "Spend", lambda row: row.totals.total_cents, "money"),
        Column("usual", "Usual", lambda row: row.usual_cents, "money", help=usual),
        Column("extra", "Above usual", lambda row: row.extra_cents, "money", help="Spend less the usual."),
        Column("requests", "Requests", lambda row: row.totals.requests, "count"),
        Column("runs", "Runs", lambda row: row.totals.runs, "count", help=runs),
    ]


def hours_chart(report: DayReport) -> Chart:
    labels = [f"{hour:02}:00" for hour in range(24)]
    spent = [None if value is None else dollars(value) for value in report.hours]
    series = [Series("This day", spent, "tone-1")]
    if report.usual_hours:
        series.append(
            Series("A usual day", [dollars(value) for value in report.usual_hours], "other", kind="line")
        )
    return Chart(
        key="hours",
        title="Spend by hour",
        labels=labels,
        titles=[f"{label} to {hour + 1:02}:00 UTC" for hour, label in enumerate(labels)],
        unit="usd",
        series=series,
        label_head="Hour",
        caption=f"A usual day is the mean of {report.usual_of}." if report.usual_of else "",
    )
